"""How the page tells proofs, calibrations and sizes in words."""

from collections.abc import Mapping
from typing import Any

from dashboard.components.words import counted, plain_number
from optimization.verification import Verification

#: How a verdict stands to the variant that was proven against.
AGAINST: Mapping[str, str] = {
    "equivalent": "equivalent to",
    "degraded": "degraded from",
    "undecided": "undecided against",
}
#: What recordings are called by where they come from.
SOURCES: Mapping[str, str] = {
    "simulated": "simulated recordings",
    "recordings": "recordings",
    "both": "recordings, simulated ones among them",
}


def proof_sentence(proof: Verification, parent: str) -> str:
    """Say what came of a proof: ``equivalent to onnx: 0 of 40 verdicts flipped``."""
    flipped = proof.recordings
    return f"{AGAINST[proof.verdict]} {parent}: {flipped.flips} of {counted(flipped.count, 'verdict')} flipped"


def calibration_sentence(calibration: Mapping[str, Any]) -> str:
    """Say what ranges were read from: ``calibrated on 64 windows of simulated recordings``."""
    windows = counted(int(calibration.get("windows", 0)), "window")
    source = str(calibration.get("source", "recordings"))
    if source == "simulated":
        return f"calibrated on {windows} of simulated recordings"
    return f"calibrated on {windows} of {counted(len(calibration.get('recordings', ())), 'recording')}"


def proven_on(recording_set: Mapping[str, Any]) -> str:
    """Say what a proof rests on: ``40 simulated recordings``."""
    members = recording_set.get("recordings", ())
    source = str(recording_set.get("source", "recordings"))
    if source == "both":
        simulated = sum(str(one.get("name", "")).startswith("simulated ") for one in members)
        return f"{counted(len(members) - simulated, 'recording')} and {counted(simulated, 'simulated one')}"
    word = "simulated recording" if source == "simulated" else "recording"
    return counted(len(members), word)


def percent(share: float) -> str:
    """Write a share so that only all of it is 100 %: ``99.95 %``, ``7.2 %``, ``100 %``."""
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    digits = 1 if share < 0.999 else 2
    shown = min(share * 100, 99.99)
    return f"{shown:.{digits}f} %"


def decibels(sqnr_db: float | None) -> str:
    """Write a ratio of powers; ``None`` is said of logits that do not differ at all."""
    return "no difference" if sqnr_db is None else f"{sqnr_db:.1f} dB"


def size_beside(size_bytes: int, other_bytes: int, other: str) -> str:
    """Compare two sizes: ``26 % of onnx``, ``as large as onnx``."""
    ratio = size_bytes / other_bytes
    if abs(ratio - 1) < 0.02:
        return f"as large as {other}"
    return f"{ratio:.0%} of {other}".replace("%", " %") if ratio < 1 else f"{ratio:.2g} times as large as {other}"


def values_text(parameters: Mapping[str, Any]) -> str:
    """Write the parameters of a step: ``method minmax, per channel yes``; empty lists are left out."""
    told = [(name, value) for name, value in parameters.items() if value != []]
    return ", ".join(f"{name.replace('_', ' ')} {value_text(value)}" for name, value in told)


def value_text(value: Any) -> str:
    """Write one value of a parameter, which is plain JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return plain_number(value) if isinstance(value, int | float) else str(value)
