"""What a recipe did and what a proof says, in sentences for people."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from optimization.passes import PASSES
from optimization.recipe import Recipe, StepReport
from optimization.verification import Verification

#: Operators whose number changed, named at most.
NAMED_OPERATORS = 4
#: What a set of recordings is called before that word.
SOURCES: Mapping[str, str] = {"simulated": " simulated", "recordings": "", "both": " own and simulated"}


def step_told(report: StepReport) -> str:
    """Return what a pass did: ``Static INT8: 221 to 76 kB, QuantizeLinear 0 to 19, in 1.4 s``."""
    before, after = report.changed.size_bytes
    most = sorted(report.changed.nodes.items(), key=lambda item: -abs(item[1][1] - item[1][0]))
    operators = [f"{name} {was} to {now}" for name, (was, now) in most[:NAMED_OPERATORS]]
    if others := len(most[NAMED_OPERATORS:]):
        operators.append(f"{others} more operator{'s' if others > 1 else ''}")
    said = [f"{before / 1000:.0f} to {after / 1000:.0f} kB", *operators, f"in {report.seconds:.1f} s"]
    return f"{PASSES[report.step['pass']].title}: {', '.join(said)}"


def notes_told(step: Mapping[str, Any]) -> list[str]:
    """Return what a step of a variant says of itself, as labelled sentences: ``Pruning: half of the weights ...``."""
    name = str(step.get("pass", "?"))
    title = PASSES[name].title if name in PASSES else name
    return [f"{title}: {note}" for note in step.get("notes", ())]


def repeated_told(recipe: Recipe) -> str:
    """Say whether a recipe gives the same file when it is run again with the same recordings."""
    if not recipe.deterministic:
        passes = ", ".join(made_by.name for made_by in recipe.passes if not made_by.deterministic)
        return f"Made again, it may be another file: {passes} need not give the same bytes twice."
    elsewhere = "; on another processor, training may come to other weights" if recipe.learns else ""
    return f"Made again on this machine, it is the same file, byte for byte{elsewhere}."


def proof_told(proof: Verification) -> str:
    """Return a proof in one line, its verdict first."""
    windows, recordings = proof.windows, proof.recordings
    noise = "no difference" if windows.sqnr_db is None else f"SQNR {windows.sqnr_db:.1f} dB"
    source = SOURCES.get(str(proof.recording_set.get("source")), "")
    return (
        f"{proof.verdict}: {100 * windows.top1_agreement:.2f} % of {windows.count} windows agree, {noise}, largest "
        f"error {windows.max_abs_error:.2g}; {recordings.flips} of {recordings.count}{source} recordings change their "
        f"verdict, at most {100 * recordings.flips_upper_bound:.1f} % in truth"
    )


def calibration_told(calibration: Mapping[str, Any]) -> str:
    """Return what ranges were read from, as `Variant.calibration` says it."""
    windows, recordings = calibration["windows"], calibration.get("recordings", [])
    labels = Counter(recording.get("label") or "unlabelled" for recording in recordings)
    kinds = ", ".join(f"{count} {label}" for label, count in labels.items())
    if calibration["source"] == "simulated":
        return f"{windows} simulated windows"
    near = calibration.get("near_boundary")
    boundary = f"; {near} of the windows are the nearest to the decision boundary" if near else ""
    noise = ", random noise among them" if calibration.get("noise") else ""
    return f"{windows} windows of {len(recordings)} recordings ({kinds}){noise}{boundary}"
