"""Whether a proof is apart from what ranges were read from and what was learned from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.errors import CalibrationError
from engine.variant import Variant
from optimization.recording_set.members import RecordingSet, SetRecording

NAMED = 3  #: recordings that a sentence names; the others are counted


@dataclass(frozen=True, slots=True)
class Used:
    """A recording that a variant, or one that it was made from, knows already.

    Attributes
    ----------
    name, digest : str
        As `SetRecording` has them.
    label, specimen : str or None
        As `SetRecording` has them.
    simulated : bool
        Whether nobody measured it: a machine of its own, though older descriptions name no specimen.
    how : {"calibrated on", "learned from"}
        What for.
    """

    name: str
    digest: str
    label: str | None
    specimen: str | None
    simulated: bool
    how: Literal["calibrated on", "learned from"]


@dataclass(frozen=True, slots=True)
class Apartness:
    """How far the recordings of a proof are from those that a variant knows.

    Attributes
    ----------
    by : {"specimen", "recording"}
        What keeps them apart; always by recording, or the proof is refused.
    told : str
        A sentence that says which, and why not by specimen.
    shared_specimens : tuple of str
        Those on both sides.
    trained_on : tuple of str
        Recordings of the proof that are called as those which the network's card lists as learned from: its answers
        to them say little of its accuracy.
    """

    by: Literal["specimen", "recording"]
    told: str
    shared_specimens: tuple[str, ...] = ()
    trained_on: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a verification keeps it beside its recordings."""
        return asdict(self) | {"shared_specimens": list(self.shared_specimens), "trained_on": list(self.trained_on)}


def require_apart(recordings: RecordingSet, *variants: Variant) -> None:
    """Raise `CalibrationError` naming the recordings that one of the variants, or of their ancestors, knows already."""
    ways: dict[str, set[str]] = {}
    for used in used_by(*variants):
        ways.setdefault(used.digest, set()).add(used.how)
    known = [recording for recording in recordings.recordings if recording.digest in ways]
    if not known:
        return
    how = " or ".join(sorted({way for recording in known for way in ways[recording.digest]}))
    was, it_proves = ("was", "it proves") if len(known) == 1 else ("were", "they prove")
    raise CalibrationError(
        f"{named([recording.name for recording in known])} {was} {how}, so {it_proves} nothing",
        "choose recordings that were not",
    )


def apartness(recordings: Sequence[SetRecording], *variants: Variant) -> Apartness:
    """Say what keeps the recordings of a proof apart from those that the variants know; `require_apart` holds."""
    used = list(used_by(*variants))
    trained_on = trained_names(recordings, variants)
    if not used:
        return Apartness("specimen", "Nothing is known to have been calibrated on, or learned from.", (), trained_on)
    here, there = specimens_of(recordings), specimens_of(used)
    shared = tuple(sorted(here & there))
    if shared:
        reason = why_shared(shared, [*recordings, *used])
    elif unknown := not_known(recordings, used):
        reason = f"nobody says of which specimen {named(unknown)} {'is' if len(unknown) == 1 else 'are'}"
    else:
        told = "Apart by specimen from what was calibrated on or learned from."
        return Apartness("specimen", told, (), trained_on)
    told = f"Apart by recording only from what was calibrated on or learned from: {reason}."
    return Apartness("recording", told, shared, trained_on)


def used_by(*variants: Variant) -> Iterator[Used]:
    """Yield what variants and their ancestors were calibrated on, and what their passes learned from."""
    for variant in variants:
        steps = [(step.get("calibration"), step.get("learned_from")) for step in variant.steps]
        for calibration, learned_from in [(variant.calibration, variant.card.training), *steps]:
            yield from known_from(calibration, "calibrated on")
            yield from known_from(learned_from, "learned from")


def known_from(source: object, how: Literal["calibrated on", "learned from"]) -> Iterator[Used]:
    """Yield the recordings of a source as `RecordingSet.described` tells it; what names no digest is passed over."""
    if not isinstance(source, Mapping) or not isinstance(source.get("recordings"), Sequence):
        return
    simulated = source.get("source") == "simulated"
    for one in source["recordings"]:
        if isinstance(one, Mapping) and "digest" in one:
            label, specimen = (None if one.get(key) is None else str(one[key]) for key in ("label", "specimen"))
            made_up = simulated or (specimen or "").startswith("simulated ")
            yield Used(str(one.get("name", one["digest"])), str(one["digest"]), label, specimen, made_up, how)


def trained_names(recordings: Sequence[SetRecording], variants: Sequence[Variant]) -> tuple[str, ...]:
    """Return the recordings that are called as ones that a card lists as learned from, where it names files only."""
    listed = [variant.card.training.get("recordings", ()) for variant in variants]
    paths = {name for names in listed if isinstance(names, Sequence) for name in names if isinstance(name, str)}
    ends = {name.rpartition("/")[2] for name in paths}
    return tuple(one.name for one in recordings if not one.simulated and (one.name in paths or one.name in ends))


def specimens_of(recordings: Sequence[SetRecording | Used]) -> set[str]:
    """Return the specimens that are known of recordings."""
    return {recording.specimen for recording in recordings if recording.specimen is not None}


def why_shared(shared: Sequence[str], recordings: Sequence[SetRecording | Used]) -> str:
    """Say why a specimen is on both sides: a class may have no other."""
    of_label: dict[str, set[str | None]] = {}
    for recording in recordings:
        if recording.label is not None and not recording.simulated:
            of_label.setdefault(recording.label, set()).add(recording.specimen)
    lonely = [label for label, specimens in sorted(of_label.items()) if len(specimens) == 1 and specimens & set(shared)]
    told = [f"all recordings of the class {label} are of one specimen" for label in lonely]
    explained = {specimen for label in lonely for specimen in of_label[label]}
    if others := [specimen for specimen in shared if specimen not in explained]:
        told.append(f"{named(others)} {'is' if len(others) == 1 else 'are'} on both sides")
    return ", ".join(told)


def not_known(recordings: Sequence[SetRecording], used: Sequence[Used]) -> list[str]:
    """Return the recordings whose specimen may be one of the other side, because nobody says which it is."""
    measured = [[recording for recording in side if not recording.simulated] for side in (list(recordings), list(used))]
    if not all(measured):  # a simulated machine is no machine of anybody's
        return []
    return [recording.name for side in measured for recording in side if recording.specimen is None]


def named(names: Sequence[str]) -> str:
    """List names, the first of them alone where they are many: ``a, b, c and 4 more``."""
    names = list(dict.fromkeys(names))
    shown, more = ", ".join(names[:NAMED]), len(names) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
