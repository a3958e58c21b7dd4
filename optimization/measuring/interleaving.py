"""Candidates measured by turns in several fresh processes, and what their rounds allow to say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.measuring.candidate import Candidate
from optimization.measuring.intervals import RESOLUTION, Interval, compare, hierarchical_interval
from optimization.measuring.measurement import BenchmarkSettings, Control
from optimization.measuring.process import measure_rounds
from optimization.measuring.turns import Timed, pooled

#: Backends whose weights and arithmetic are float32.
FLOAT32 = ("pytorch", "onnx")


@dataclass(frozen=True, slots=True)
class Rounds:
    """What was measured at one batch size and number of threads.

    Attributes
    ----------
    batch, threads : int
        Windows a call, and threads that each candidate computed with.
    candidates : tuple of Candidate
        What took turns.
    baseline : int
        Number of the one that ratios are to.
    timed : tuple of tuple of Timed
        For each candidate, what each process measured.
    again : tuple of Timed
        The baseline a second time, in each process.
    """

    batch: int
    threads: int
    candidates: tuple[Candidate, ...]
    baseline: int
    timed: tuple[tuple[Timed, ...], ...]
    again: tuple[Timed, ...]

    def pooled(self, number: int) -> Timed:
        """Return what all processes measured of a candidate."""
        return pooled(self.timed[number])

    def ratio(self, number: int, reference: int) -> Interval:
        """Return the latency of one candidate over that of another in the same rounds."""
        return Interval(1, 1, 1) if number == reference else ratio_of(self.timed[number], self.timed[reference])

    def best_fp32(self) -> int | None:
        """Return the number of the fastest candidate in float32; ``None`` where none is."""
        exact = [number for number, each in enumerate(self.candidates) if each.variant.backend in FLOAT32]
        return min(exact, key=lambda number: self.ratio(number, self.baseline).median, default=None)

    def control(self) -> Control:
        """Compare the baseline with itself; how far the two seem apart is what no difference may fall below."""
        interval = ratio_of(self.again, self.timed[self.baseline])
        return Control(
            variant=self.candidates[self.baseline].full_name,
            batch=self.batch,
            threads=self.threads,
            ratio=interval.median,
            ratio_low=interval.low,
            ratio_high=interval.high,
            resolution=max(RESOLUTION, interval.deviation),
            verdict=compare(interval),
        )


def ratio_of(mine: Sequence[Timed], reference: Sequence[Timed]) -> Interval:
    """Return the ratio of two latencies, each round's to the same round's, of processes that measured both."""
    return hierarchical_interval(
        [np.array(one.rounds_ms) / np.array(other.rounds_ms) for one, other in zip(mine, reference, strict=True)]
    )


def measure_shape(
    candidates: Sequence[Candidate],
    baseline: int,
    windows: NDArray[np.float32],
    shape: tuple[int, int],
    settings: BenchmarkSettings,
    told: Callable[[int], None],
) -> Rounds:
    """Measure candidates, and the baseline twice, in each of several processes.

    Parameters
    ----------
    candidates : sequence of Candidate
        At least one.
    baseline : int
        Number of the one that ratios are to.
    windows : ndarray of float32, shape (W, C, L)
        At least one batch.
    shape : (int, int)
        Batch size and number of threads.
    settings : BenchmarkSettings
        How many rounds and processes.
    told : callable
        Told how many rounds are done.

    Raises
    ------
    BenchmarkError, ModelError
        If a process dies, or a candidate can't be loaded.
    """
    batch, threads = shape
    entrants = [*candidates, candidates[baseline]]
    order = np.random.default_rng(0)
    timed: list[list[Timed]] = [[] for _ in entrants]
    done = 0
    for process, rounds in enumerate(divided(settings.rounds, settings.processes)):
        loaded = order.permutation(len(entrants))  # whoever is loaded first lies elsewhere in memory

        def tell(more: int, before: int = done) -> None:
            told(before + more)

        mine = [entrants[number] for number in loaded]
        found = measure_rounds(mine, windows, batch=batch, threads=threads, rounds=rounds, told=tell, seed=process)
        for number, each in zip(loaded, found, strict=True):
            timed[number].append(each)
        done += rounds
    *measured, again = (tuple(each) for each in timed)
    return Rounds(batch, threads, tuple(candidates), baseline, tuple(measured), again)


def divided(rounds: int, processes: int) -> list[int]:
    """Divide rounds over processes as evenly as can be."""
    return [rounds // processes + (number < rounds % processes) for number in range(processes)]
