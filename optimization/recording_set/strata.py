"""How a number of windows is shared out: evenly over classes, within each over speeds, loads, rigs and recordings."""

import math
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from optimization.recording_set.members import SetRecording

#: Speeds of one band differ by less than this factor: one machine under another load is not another speed.
BAND = math.sqrt(2)


def speed_band(member: SetRecording) -> int | None:
    """Return the number of the band that a recording's speed lies in; ``None`` where it is unknown or stands still."""
    if not member.shaft_speed_hz:
        return None
    return round(math.log(member.shaft_speed_hz, BAND))


#: What windows are shared out by, one after the other.
LEVELS: tuple[Callable[[SetRecording], Hashable], ...] = (
    lambda member: member.label,
    speed_band,
    lambda member: member.machine_load,
    lambda member: member.rig,
)


def shares_of(members: Sequence[SetRecording], held: Sequence[int], windows: int) -> list[int]:
    """Say how many windows each recording gives: evenly over the classes, then speeds, loads, rigs and recordings.

    Parameters
    ----------
    members : sequence of SetRecording
        What may give them.
    held : sequence of int
        How many windows each of them has at most.
    windows : int
        How many are wanted; fewer come out where there are no more.
    """
    shares = [0] * len(members)
    share_out(list(range(len(members))), windows, members, held, LEVELS, shares)
    return shares


def share_out(
    places: Sequence[int],
    windows: int,
    members: Sequence[SetRecording],
    held: Sequence[int],
    levels: Sequence[Callable[[SetRecording], Hashable]],
    shares: list[int],
) -> None:
    """Share windows out over the members at some places, level by level, and write how many each gives."""
    if not levels:
        for place, share in zip(places, distribute(windows, [held[place] for place in places]), strict=True):
            shares[place] = share
        return
    strata: dict[Hashable, list[int]] = {}
    for place in places:
        strata.setdefault(levels[0](members[place]), []).append(place)
    of_strata = distribute(windows, [sum(held[place] for place in stratum) for stratum in strata.values()])
    for stratum, share in zip(strata.values(), of_strata, strict=True):
        share_out(stratum, share, members, held, levels[1:], shares)


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
