"""Heats: candidates run by turns beside the network in float32, and the clearly slower ones are sent off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimization.measuring.candidate import Candidate
from optimization.measuring.intervals import RESOLUTION, Interval, compare, median_interval
from optimization.measuring.process import measure_rounds
from optimization.measuring.turns import Timed

#: Rounds of the first heat that a candidate runs in; more only where it stays in the race.
FIRST_ROUNDS = 30
#: One process may run a candidate this much slower than another would, wherever its memory happens to lie.
PROCESS_SPREAD = 0.10
#: A heat is made once more if something disturbed it, and then taken as it is.
ATTEMPTS = 2

Measure = Callable[..., Sequence[Timed]]


@dataclass(frozen=True, slots=True)
class Heat:
    """What a heat found.

    Attributes
    ----------
    ratios : tuple of Interval
        Latency of each candidate over the baseline's.
    behind : tuple of Interval
        Latency of each over that of the fastest so far, in the same rounds.
    resolution : float
        Share by which two equal candidates seemed to differ.
    noisy : bool
        Whether the control was no tie.
    attempts : int
        How often it was run.
    """

    ratios: tuple[Interval, ...]
    behind: tuple[Interval, ...]
    resolution: float
    noisy: bool
    attempts: int = 1

    def clearly_slower(self, number: int) -> bool:
        """Whether a candidate is behind by more than chance and another process would explain."""
        return compare(self.behind[number], max(self.resolution, PROCESS_SPREAD)) == "slower"


def run_heat(
    candidates: Sequence[Candidate],
    baseline: Candidate,
    leader: Candidate,
    windows: NDArray[np.float32],
    *,
    batch: int,
    threads: int,
    rounds: int = FIRST_ROUNDS,
    measure: Measure = measure_rounds,
    told: Callable[[int], None] = lambda _: None,
) -> Heat:
    """Run candidates by turns with the baseline, the fastest so far, and the baseline once more as the control.

    Parameters
    ----------
    candidates : sequence of Candidate
        At least one.
    baseline, leader : Candidate
        What ratios are to, and the fastest so far; they may be one.
    windows : ndarray of float32, shape (W, C, L)
        At least one batch.
    batch, threads, rounds : int
        As `optimization.measuring.process.measure_rounds`.
    measure : callable
        That function, or one that does the same.
    told : callable
        Told how many rounds are done.

    Raises
    ------
    BenchmarkError, ModelError
        If the process dies, or a candidate can't be loaded.
    """
    entrants = [baseline, *([] if leader.key == baseline.key else [leader]), *candidates, baseline]
    for attempt in range(1, ATTEMPTS + 1):
        timed = measure(entrants, windows, batch=batch, threads=threads, rounds=rounds, told=told)
        heat = replace(heat_of(timed, len(candidates)), attempts=attempt)
        if not heat.noisy:
            break
    return heat


def heat_of(timed: Sequence[Timed], count: int) -> Heat:
    """Return what a heat found: baseline, leader unless that is the baseline, ``count`` candidates, control."""
    rounds = [np.array(each.rounds_ms) for each in timed]
    baseline, leader, again = rounds[0], rounds[-count - 2], rounds[-1]
    mine = rounds[-count - 1 : -1]
    control = median_interval(again / baseline)
    return Heat(
        ratios=tuple(median_interval(each / baseline) for each in mine),
        behind=tuple(median_interval(each / leader) for each in mine),
        resolution=max(RESOLUTION, control.deviation),
        noisy=compare(control) != "tie",
    )


def narrowed(before: Interval | None, after: Interval) -> Interval:
    """Return what to believe of a candidate that ran in two heats: the one whose interval is narrower."""
    if before is None or after.high - after.low <= before.high - before.low:
        return after
    return before
