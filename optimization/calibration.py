"""The windows from which static quantisation reads the ranges of activations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.errors import CalibrationError
from optimization.recording_set import RecordingSet, SetRecording, simulated_for

#: Windows that ranges are read from unless somebody wants more; more rarely change a verdict.
WINDOWS = 64
SIMULATED_RECORDINGS = 64  #: different machines at most; who wants more windows gets more of each
SIMULATED_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Prepared windows and where they come from.

    Attributes
    ----------
    windows : ndarray of float32, shape (W, C, L)
        As the network sees them.
    provenance : mapping
        As ``variant.json`` keeps it, plain JSON: ``source`` (``simulated`` or ``recordings``), ``windows`` (count),
        ``recordings`` (name, digest, label, specimen of each that gave one), ``seed`` where simulated.
    """

    windows: NDArray[np.float32]
    provenance: Mapping[str, Any]


def calibrate_on(recordings: RecordingSet, card: ModelCard, *, windows: int = WINDOWS) -> Calibration:
    """Choose windows evenly over the labels, the recordings and their time.

    Recordings are loaded one by one, and only their chosen windows are held. One that is shorter than a window, or
    in which nothing moves, gives none, and others give more; fewer windows than asked for are chosen where there
    are no more.

    Parameters
    ----------
    recordings : RecordingSet
        What to choose from.
    card : ModelCard
        How windows are cut and prepared.
    windows : int
        How many, at least 1.

    Raises
    ------
    CalibrationError
        If no recording gives a window, or none is asked for.
    SignalError
        If a recording can't be read.
    """
    if windows < 1:
        raise CalibrationError(f"Ranges can't be read from {windows} windows", f"ask for 1 or more, such as {WINDOWS}")
    members = recordings.recordings
    held = [windows] * len(members)  # before a recording is loaded: as many as could be asked of it
    chosen: list[NDArray[np.float32]] = [np.empty((0, card.channels, card.window), np.float32)] * len(members)
    shares = shares_of(members, held, windows)
    # Another round only where a recording held fewer windows than its share.
    while changed := [index for index, share in enumerate(shares) if share != len(chosen[index])]:
        for index in changed:
            found = members[index].windows(card)
            held[index] = min(windows, len(found))
            chosen[index] = found[evenly_spaced(len(found), min(shares[index], len(found)))]
        shares = shares_of(members, held, windows)
    count = sum(map(len, chosen))
    if not count:
        raise CalibrationError(
            f"None of {len(members)} recordings holds a window of {card.title}, {card.window_s:.3g} s",
            "choose longer recordings, of a machine that runs",
        )
    used = [member.described() for member, taken in zip(members, chosen, strict=True) if len(taken)]
    provenance = {**recordings.described(), "windows": count, "recordings": used}
    return Calibration(np.concatenate(chosen), provenance)


def simulated_calibration(card: ModelCard, *, windows: int = WINDOWS) -> Calibration:
    """Windows of seeded simulated recordings; the same for the same card, wherever they are made."""
    each = -(-windows // SIMULATED_RECORDINGS)
    count = max(1, min(windows, SIMULATED_RECORDINGS))
    return calibrate_on(simulated_for(card, count, seed=SIMULATED_SEED, windows_each=each), card, windows=windows)


def shares_of(members: Sequence[SetRecording], held: Sequence[int], windows: int) -> list[int]:
    """Say how many windows each recording gives: evenly over the labels, then over the recordings of a label."""
    labels: dict[str | None, list[int]] = {}
    for index, member in enumerate(members):
        labels.setdefault(member.label, []).append(index)
    shares = [0] * len(members)
    of_labels = distribute(windows, [sum(held[index] for index in indices) for indices in labels.values()])
    for indices, of_label in zip(labels.values(), of_labels, strict=True):
        for index, share in zip(indices, distribute(of_label, [held[index] for index in indices]), strict=True):
            shares[index] = share
    return shares


def distribute(total: int, held: Sequence[int]) -> list[int]:
    """Share out a number as evenly as can be, to none more than it holds; what is over goes to all of them alike."""
    shares = [0] * len(held)
    while total and (hungry := [index for index, most in enumerate(held) if shares[index] < most]):
        each = total // len(hungry)
        # Fewer left than there are to share: those in between go without, from the first to the last.
        for index in hungry if each else [hungry[place] for place in evenly_spaced(len(hungry), total)]:
            given = min(max(each, 1), held[index] - shares[index])
            shares[index] += given
            total -= given
    return shares


def evenly_spaced(count: int, wanted: int) -> NDArray[np.int64]:
    """Return ``wanted`` places of ``count``, each in the middle of its stretch; ``wanted`` is at most ``count``."""
    return (2 * np.arange(wanted, dtype=np.int64) + 1) * count // (2 * max(1, wanted))
