"""The proof that a variant gives its parent's verdicts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any, Self, get_args

from engine.errors import CalibrationError, DamagedModelError, ModelRefusedError
from engine.machine import Machine, this_machine
from engine.runtimes import RUNTIMES
from engine.variant import Variant
from optimization.progress import Progress, silent
from optimization.proving.budget import BUDGET, LIMITS, Budget, Verdict, decide
from optimization.proving.comparison import (
    Pair,
    RecordingComparison,
    WindowComparison,
    compare_recordings,
    compare_windows,
    label_of,
    pair_of,
)
from optimization.proving.labelled import LabelComparison, compare_labels, known_recordings
from optimization.proving.specimens import Specimens, by_specimen
from optimization.proving.witness import Witness
from optimization.recording_set import RecordingSet, SetRecording, apartness, require_apart

__all__ = [
    "BUDGET",
    "LIMITS",
    "Budget",
    "RecordingComparison",
    "Verdict",
    "Verification",
    "WindowComparison",
    "decide",
    "is_stale",
    "label_of",
    "runtime_key",
    "verify",
]

SCHEMA = "vibench.verification/1"
ONNX_RUNTIME = "onnxruntime"
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
        What the verdict was held against (`Budget.limits`).
    recording_set : mapping
        What was compared on (`RecordingSet.described`), none of it calibrated on or learned from; ``apart`` says how
        far it is from that (`Apartness.to_json`).
    runtime : mapping of str to str
        `runtime_key` of where the variant answered; elsewhere the proof is stale.
    labels : LabelComparison or None
        How right both are; ``None`` where no recording is of known condition, or whoever made the proof did not tell.
    specimens : Specimens or None
        Of how many bearings the recordings are, and intervals that respect it; ``None`` where nobody told.
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
    labels: LabelComparison | None = None
    specimens: Specimens | None = None

    def to_json(self) -> dict[str, Any]:
        """As ``vibench verify --json`` prints it and ``variant.json`` keeps it."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "variant": self.variant,
            "parent": self.parent,
            "windows": asdict(self.windows),
            "recordings": asdict(self.recordings),
            "labels": None if self.labels is None else self.labels.to_json(),
            "specimens": None if self.specimens is None else self.specimens.to_json(),
            "limits": dict(self.limits),
            "recording_set": dict(self.recording_set),
            "runtime": dict(self.runtime),
        }

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
            labels, specimens = data.get("labels"), data.get("specimens")
            return cls(
                verdict=data["verdict"],
                reasons=tuple(str(reason) for reason in data["reasons"]),
                variant=str(data["variant"]),
                parent=str(data["parent"]),
                windows=WindowComparison.from_json(data["windows"]),
                recordings=RecordingComparison.from_json(data["recordings"]),
                limits={str(name): float(limit) for name, limit in data["limits"].items()},
                recording_set=dict(data["recording_set"]),
                runtime=runtime_told(data["runtime"]),
                labels=None if labels is None else LabelComparison.from_json(labels),
                specimens=None if specimens is None else Specimens.from_json(specimens),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedModelError("The verification", f"it can't be understood ({error})") from error


def verify(
    variant: Variant,
    parent: Variant,
    recordings: RecordingSet,
    *,
    runtime: str | None = None,
    budget: Budget = BUDGET,
    progress: Progress = silent,
) -> Verification:
    """Compare a variant with its parent on recordings that neither was calibrated on, or learned from.

    Recordings are loaded one by one; one that is shorter than a window, or in which nothing moves, is left out.

    Parameters
    ----------
    variant, parent : Variant
        Of one card.
    recordings : RecordingSet
        To ask both about.
    runtime : str or None
        Name of the runtime that executes the variant; the usual one of its format if ``None``. The parent is always
        asked on its usual one.
    budget : Budget
        What the verdict is held against.
    progress : callable
        Told how many recordings are done.

    Raises
    ------
    CalibrationError
        If a recording was calibrated on or learned from, or none gives a window.
    ModelError
        If one of the two can't be loaded, takes other windows than the other, or answers with what is no number.
    SignalError
        If a recording can't be read.
    """
    if variant.card.digest_text() != parent.card.digest_text():
        raise ModelRefusedError(variant.full_name, f"its card is not that of {parent.full_name}, so nothing compares")
    require_apart(recordings, variant, parent)
    with Witness(parent) as expected, Witness(variant, runtime) as answered:
        asked = ask(recordings, expected, answered, progress)
    if not asked:
        raise CalibrationError(
            f"None of {len(recordings.recordings)} recordings holds a window of {variant.card.title}, "
            f"{variant.card.window_s:.3g} s",
            "prove with longer recordings, of a machine that runs",
        )
    judged, pairs = [recording for recording, _ in asked], [pair for _, pair in asked]
    windows, verdicts = compare_windows(pairs), compare_recordings(pairs)
    specimens = by_specimen(judged, pairs, known_recordings(judged, variant.card.classes))
    verdict, reasons = decide(windows, verdicts, budget, specimens)
    described = RecordingSet(recordings.source, tuple(judged), recordings.seed).described()
    return Verification(
        verdict=verdict,
        reasons=(*reasons, *name_flips(judged, pairs)),
        variant=variant.digest,
        parent=parent.digest,
        windows=windows,
        recordings=verdicts,
        limits=budget.limits(),
        recording_set=described | {"apart": apartness(judged, variant, parent).to_json()},
        runtime=runtime_key(this_machine(), answered.runtime.name),
        labels=compare_labels(judged, pairs, variant.card.classes),
        specimens=specimens,
    )


def ask(
    recordings: RecordingSet, expected: Witness, answered: Witness, progress: Progress
) -> list[tuple[SetRecording, Pair]]:
    """Ask both variants about every recording, one at a time; those without a window are left out."""
    asked, members = [], recordings.recordings
    for done, recording in enumerate(members):
        progress("Proving on recordings", done, len(members))
        windows = cache(partial(recording.windows, expected.card))
        logits = expected.answer(recording, windows), answered.answer(recording, windows)
        if len(logits[0]):
            asked.append((recording, pair_of(*logits, expected.card)))
    progress("Proving on recordings", len(members), len(members))
    return asked


def name_flips(recordings: list[SetRecording], pairs: list[Pair]) -> tuple[str, ...]:
    """Say which recordings flipped, the first of them by name."""
    flips = [
        f"{recording.name} ({pair.was} became {pair.became})"
        for recording, pair in zip(recordings, pairs, strict=True)
        if pair.was != pair.became
    ]
    if not flips:
        return ()
    more = f"; and {len(flips) - NAMED_FLIPS} more" if len(flips) > NAMED_FLIPS else ""
    return (f"Flipped: {'; '.join(flips[:NAMED_FLIPS])}{more}.",)


def runtime_key(machine: Machine, runtime: str = ONNX_RUNTIME) -> dict[str, str]:
    """Return what the answers of a variant depend on beside itself.

    Parameters
    ----------
    machine : Machine
        Where it answers.
    runtime : str
        Name of the runtime that executes it.

    Returns
    -------
    dict of str to str
        ``instruction_sets`` of the processor, ``name`` and ``version`` of the runtime; ``none`` where that is not
        installed.
    """
    package = RUNTIMES[runtime].package if runtime in RUNTIMES else runtime
    return {
        "instruction_sets": " ".join(machine.flags),
        "name": runtime,
        "version": machine.versions.get(package, "none"),
    }


def runtime_told(said: Mapping[str, Any]) -> dict[str, str]:
    """Return a runtime as `runtime_key` does, of what a proof says of it; one that names ONNX Runtime alone, too."""
    if ONNX_RUNTIME in said:
        said = {"instruction_sets": said["instruction_sets"], "name": ONNX_RUNTIME, "version": said[ONNX_RUNTIME]}
    return {key: str(said[key]) for key in ("instruction_sets", "name", "version")}


def is_stale(verification: Mapping[str, Any], machine: Machine) -> bool:
    """Whether a proof, as `Verification.to_json` wrote it, was made on other instruction sets or runtime."""
    try:
        said = runtime_told(verification["runtime"])
    except (KeyError, TypeError):
        return True
    return said != runtime_key(machine, said["name"])
