"""How a set is parted into what is calibrated or learned on and what is proven with."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from engine.card import ModelCard
from engine.errors import CalibrationError
from optimization.recording_set.members import RecordingSet, SetRecording
from optimization.recording_set.simulated import simulated_proof, with_simulated

Group = list[SetRecording]


def calibration_and_proof(recordings: RecordingSet | None, card: ModelCard) -> tuple[RecordingSet | None, RecordingSet]:
    """Say what to calibrate on and what to prove with.

    A proof always rests on `PROVEN_WITH` simulated recordings, quiet and noisy, the same ones for every variant of a
    card. Of recordings that a user brings, a quarter joins them (`split`) and the rest is calibrated on; what can't
    be parted is calibrated on whole.

    Parameters
    ----------
    recordings : RecordingSet or None
        A user's.
    card : ModelCard
        Of the network; simulated recordings hold two of its windows at least.

    Returns
    -------
    calibrate_on : RecordingSet or None
        ``None`` without recordings: then simulated windows serve (`calibration.simulated_calibration`).
    prove_with : RecordingSet
        Apart from those by recording and, where the set allows it, by specimen.

    Raises
    ------
    CalibrationError
        If the set is empty.
    """
    if recordings is None or len(parts_of(recordings)) == 1:
        return recordings, simulated_proof(card)
    calibrate_on, held_out = split(recordings)
    return calibrate_on, with_simulated(held_out, card)


def split(recordings: RecordingSet) -> tuple[RecordingSet, RecordingSet]:
    """Part a set into one to calibrate on and one to prove with, apart by recording and, where it can be, by specimen.

    About a quarter is to prove with, of every label as far as its parts (`parts_of`) allow; equal sets are parted
    equally, in whatever order they come.

    Raises
    ------
    CalibrationError
        If there are too few recordings or specimens to part.
    """
    parts = parts_of(recordings)
    if len(parts) < 2:
        raise CalibrationError(
            "All recordings are of one specimen" if len(recordings.recordings) > 1 else "There is one recording only",
            "add recordings of another bearing, so that a proof need not rest on what was calibrated on",
        )
    strata: dict[tuple[str, ...], list[Group]] = {}
    for part in parts:
        strata.setdefault(labels_of(part), []).append(part)
    held_out = {recording.digest for part in quarter_of(list(strata.values())) for recording in part}
    kept, proven = (
        tuple(recording for recording in recordings.recordings if (recording.digest in held_out) is side)
        for side in (False, True)
    )
    return replace(recordings, recordings=kept), replace(recordings, recordings=proven)


def parts_of(recordings: RecordingSet) -> list[Group]:
    """Return what must stay together, in an order that depends on digests alone.

    That is all of one specimen (`groups_of`). Only where a label has no other specimen is it a file: both sides would
    rather have the label than be apart by specimen, and a proof says so.

    Raises
    ------
    CalibrationError
        If the set is empty.
    """
    groups = groups_of(recordings)
    specimens = Counter(label for group in groups for label in labels_of(group))
    parts = []
    for group in groups:
        labels = labels_of(group)
        only_one = len(labels) == 1 and specimens[labels[0]] == 1
        parts += files_of(group) if only_one else [group]
    return parts


def groups_of(recordings: RecordingSet) -> list[Group]:
    """Return what is of one specimen or from one file, in an order that depends on digests alone.

    Raises
    ------
    CalibrationError
        If the set is empty.
    """
    groups: list[Group] = []
    for recording in sorted(recordings.recordings, key=lambda recording: recording.digest):
        related = [group for group in groups if any(belong_together(recording, member) for member in group)]
        groups = [group for group in groups if group not in related]
        groups.append([recording, *(member for group in related for member in group)])
    if not groups:
        raise CalibrationError("There are no recordings", "add some, or calibrate on simulated ones")
    return groups


def files_of(group: Group) -> list[Group]:
    """Part a group into its files, of which one may give several channels."""
    files: dict[str, Group] = {}
    for recording in sorted(group, key=lambda recording: recording.digest):
        files.setdefault(recording.digest, []).append(recording)
    return list(files.values())


def labels_of(group: Group) -> tuple[str, ...]:
    """Return the labels in a group, each once, nothing being one too."""
    return tuple(sorted({recording.label or "" for recording in group}))


def belong_together(one: SetRecording, other: SetRecording) -> bool:
    """Whether two recordings are of one specimen or, as two channels are, from one file."""
    return one.digest == other.digest or (one.specimen is not None and one.specimen == other.specimen)


def quarter_of(strata: Sequence[list[Group]]) -> list[Group]:
    """Take a quarter of the groups of each stratum, and more while a quarter of all recordings is not reached.

    Smaller groups are taken first. Every stratum keeps one at least, unless there would be nothing to prove with.
    """
    left = [sorted(stratum, key=len, reverse=True) for stratum in strata]
    taken = [stratum.pop() for stratum in left for _ in range((len(stratum) + 1) // 4)]
    wanted = max(1, round(sum(len(group) for stratum in strata for group in stratum) / 4))
    while sum(map(len, taken)) < wanted:
        richest = max(filter(None, left), key=lambda stratum: (len(stratum), -len(stratum[-1])))
        if taken and len(richest) < 2:
            break
        taken.append(richest.pop())
    return taken
