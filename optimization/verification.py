"""The proof that a variant gives its parent's verdicts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.diagnosis import calibrated_probabilities, judge
from engine.errors import CalibrationError, DamagedModelError, ModelRefusedError
from engine.machine import Machine, this_machine
from engine.variant import Variant
from optimization.comparison import (
    RecordingComparison,
    WindowComparison,
    WindowTally,
    compare_verdicts,
    lower_bound,
)
from optimization.progress import Progress, silent
from optimization.recording_set import RecordingSet, SetRecording
from optimization.witness import Witness

__all__ = ["LIMITS", "RecordingComparison", "Verification", "WindowComparison", "is_stale", "verify"]

SCHEMA = "vibench.verification/1"
Verdict = Literal["equivalent", "degraded", "undecided"]

#: What a verdict is held against. Both bundled networks keep 27 dB and 99 % under every sound quantisation, on
#: recordings as hard as those of a proof; ranges read from two windows leave 15 to 22 dB, from noise 7 to 16 dB.
LIMITS: Mapping[str, float] = {
    "top1_agreement": 0.98,  # degraded below
    "sqnr_db": 20.0,  # degraded below: the error has more than a hundredth of the logits' power
    "flips_share": 0.10,  # equivalent if the upper bound of flips is not above, degraded if the lower bound is
}
NAMED_FLIPS = 3  #: flipped recordings that a reason names; the matrix counts all


@dataclass(frozen=True, slots=True)
class Verification:
    """A proof, and what it rests on.

    Attributes
    ----------
    verdict : {"equivalent", "degraded", "undecided"}
        Whether the variant gives its parent's verdicts.
    reasons : tuple of str
        Sentences that say why.
    variant, parent : str
        Digests of the two.
    windows, recordings
        The comparisons.
    limits : mapping of str to float
        What the verdict was held against.
    recording_set : mapping
        What was compared on (`RecordingSet.described`), none of it calibrated on.
    runtime : mapping of str to str
        ``instruction_sets`` of the processor and ``onnxruntime`` version; elsewhere the proof is stale.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    variant: str
    parent: str
    windows: WindowComparison
    recordings: RecordingComparison
    limits: Mapping[str, float]
    recording_set: Mapping[str, Any]
    runtime: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """As ``vibench verify --json`` prints it and ``variant.json`` keeps it."""
        return {"schema": SCHEMA, **asdict(self), "reasons": list(self.reasons), "labels": None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the verification that `to_json` wrote.

        Raises
        ------
        DamagedModelError
            If it is something else.
        """
        try:
            if data["schema"] != SCHEMA or data["verdict"] not in get_args(Verdict):
                raise ValueError("its schema or verdict is of no kind known here")
            return cls(
                verdict=data["verdict"],
                reasons=tuple(str(reason) for reason in data["reasons"]),
                variant=str(data["variant"]),
                parent=str(data["parent"]),
                windows=WindowComparison.from_json(data["windows"]),
                recordings=RecordingComparison.from_json(data["recordings"]),
                limits={str(name): float(limit) for name, limit in data["limits"].items()},
                recording_set=dict(data["recording_set"]),
                runtime={str(name): str(value) for name, value in data["runtime"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedModelError("The verification", f"it can't be understood ({error})") from error


def verify(variant: Variant, parent: Variant, recordings: RecordingSet, *, progress: Progress = silent) -> Verification:
    """Compare a variant with its parent on recordings that neither was calibrated on.

    Recordings are loaded one by one; one that is shorter than a window, or in which nothing moves, is left out.

    Raises
    ------
    CalibrationError
        If a recording was calibrated on, or none gives a window.
    ModelError
        If one of the two can't be loaded, takes other windows than the other, or answers with what is no number.
    SignalError
        If a recording can't be read.
    """
    if variant.card.digest_text() != parent.card.digest_text():
        raise ModelRefusedError(variant.full_name, f"its card is not that of {parent.full_name}, so nothing compares")
    require_apart(recordings, variant, parent)
    tally = WindowTally()
    judged: list[SetRecording] = []
    labels: list[tuple[str, str]] = []
    members = recordings.recordings
    with Witness(parent) as expected, Witness(variant) as answered:
        for done, recording in enumerate(members):
            progress("Proving on recordings", done, len(members))
            windows = cache(partial(recording.windows, variant.card))
            logits = expected.answer(recording, windows), answered.answer(recording, windows)
            if len(logits[0]):
                tally.add(*logits)
                labels.append((label_of(logits[0], variant.card), label_of(logits[1], variant.card)))
                judged.append(recording)
    progress("Proving on recordings", len(members), len(members))
    if not judged:
        raise CalibrationError(
            f"None of {len(members)} recordings holds a window of {variant.card.title}, {variant.card.window_s:.3g} s",
            "prove with longer recordings, of a machine that runs",
        )
    compared, flipped = tally.result(), compare_verdicts(labels)
    verdict, reasons = decide(compared, flipped)
    return Verification(
        verdict=verdict,
        reasons=(*reasons, *name_flips(judged, labels)),
        variant=variant.digest,
        parent=parent.digest,
        windows=compared,
        recordings=flipped,
        limits=dict(LIMITS),
        recording_set=RecordingSet(recordings.source, tuple(judged), recordings.seed).described(),
        runtime=runtime_key(this_machine()),
    )


def require_apart(recordings: RecordingSet, *variants: Variant) -> None:
    """Raise `CalibrationError` naming the first recording that one of the variants was calibrated on."""
    seen = {used["digest"] for variant in variants for used in variant.calibration.get("recordings", ())}
    for recording in recordings.recordings:
        if recording.digest in seen:
            raise CalibrationError(
                f"{recording.name} was calibrated on, so it proves nothing", "choose recordings that were not"
            )


def label_of(logits: NDArray[np.float32], card: ModelCard) -> str:
    """Return the label that a diagnosis would give for the logits of a recording, at least one window's."""
    verdict = judge(calibrated_probabilities(logits, card.temperature), card)
    assert verdict is not None  # there is a window
    return verdict.label


def decide(windows: WindowComparison, recordings: RecordingComparison) -> tuple[Verdict, tuple[str, ...]]:
    """Hold the two comparisons against `LIMITS`; the reasons say what decided."""
    allowed = LIMITS["flips_share"]
    at_least, at_most = lower_bound(recordings.flips, recordings.count), recordings.flips_upper_bound
    flipped = f"{recordings.flips} of {recordings.count} verdicts flipped"
    kept = f"{round(windows.top1_agreement * windows.count)} of {windows.count} windows keep their class"
    worse = []
    if windows.top1_agreement < LIMITS["top1_agreement"]:
        worse.append(f"Only {kept}; {100 * LIMITS['top1_agreement']:.0f} % must.")
    if windows.sqnr_db is not None and windows.sqnr_db < LIMITS["sqnr_db"]:
        worse.append(
            f"The error of its logits lies only {windows.sqnr_db:.1f} dB below the logits; "
            f"{LIMITS['sqnr_db']:g} dB are needed."
        )
    if at_least > allowed:
        worse.append(f"{flipped}, which means at least {100 * at_least:.1f} % in truth; {100 * allowed:.0f} % may.")
    if worse:
        return "degraded", tuple(worse)
    if at_most > allowed:
        reason = f"{flipped}, which means up to {100 * at_most:.1f} % in truth; {100 * allowed:.0f} % may."
        return "undecided", (reason, f"{kept}.", "More recordings of your own would tell.")
    error = "the same" if windows.sqnr_db is None else f"{windows.sqnr_db:.1f} dB above their error"
    return "equivalent", (
        f"{flipped}, which means at most {100 * at_most:.1f} % in truth; {100 * allowed:.0f} % may.",
        f"{kept}; the logits are {error}.",
    )


def name_flips(recordings: list[SetRecording], labels: list[tuple[str, str]]) -> tuple[str, ...]:
    """Say which recordings flipped, the first of them by name."""
    flips = [
        f"{recording.name} ({was} became {became})"
        for recording, (was, became) in zip(recordings, labels, strict=True)
        if was != became
    ]
    if not flips:
        return ()
    more = f"; and {len(flips) - NAMED_FLIPS} more" if len(flips) > NAMED_FLIPS else ""
    return (f"Flipped: {'; '.join(flips[:NAMED_FLIPS])}{more}.",)


def runtime_key(machine: Machine) -> dict[str, str]:
    """Return what the answers of a variant depend on beside itself."""
    return {
        "instruction_sets": " ".join(machine.flags),
        "onnxruntime": machine.versions.get("onnxruntime", "none"),
    }


def is_stale(verification: Mapping[str, Any], machine: Machine) -> bool:
    """Whether a proof, as `Verification.to_json` wrote it, was made on other instruction sets or runtime."""
    return verification.get("runtime") != runtime_key(machine)
