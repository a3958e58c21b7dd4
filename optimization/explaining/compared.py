"""Two or three variants measured by turns, quickly, and what that allows to say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.variant import Variant
from optimization.measuring.candidate import Candidate
from optimization.measuring.interleaving import Rounds, measure_shape
from optimization.measuring.intervals import compare
from optimization.measuring.measurement import BenchmarkSettings, Speed
from optimization.progress import Progress

#: Of rounds and processes: enough to tell 0.9 from 1.1, in a few seconds.
ROUNDS, PROCESSES = 40, 2


@dataclass(frozen=True, slots=True)
class Compared:
    """A latency over another one, measured by turns, with a 95 % interval and what that allows to say."""

    against: str
    ratio: float
    low: float
    high: float
    verdict: Speed


def measured_by_turns(
    variants: Sequence[Variant], windows: NDArray[np.float32], batch: int, progress: Progress
) -> Rounds:
    """Measure variants by turns on their usual runtimes, ratios being to the first."""
    candidates = [Candidate.of(each) for each in variants]
    settings = BenchmarkSettings(batches=(batch,), rounds=ROUNDS, processes=PROCESSES)
    return measure_shape(candidates, 0, windows, (batch, 1), settings, lambda done: progress("Measuring", done, ROUNDS))


def compared(measured: Rounds, number: int, reference: int) -> Compared:
    """Return how one candidate compares with another."""
    interval = measured.ratio(number, reference)
    verdict = compare(interval, measured.control().resolution)
    name = measured.candidates[reference].full_name
    return Compared(name, interval.median, interval.low, interval.high, verdict)


def compared_told(found: Compared) -> str:
    """Return how two compare: ``2.1 times slower than wdcnn/onnx [2.0, 2.2]``."""
    if found.verdict == "tie":
        return f"as fast as {found.against} ({found.ratio:.2f} of its time [{found.low:.2f}, {found.high:.2f}])"
    if found.verdict == "slower":
        return f"{found.ratio:.2f} times slower than {found.against} [{found.low:.2f}, {found.high:.2f}]"
    return f"{1 / found.ratio:.2f} times faster than {found.against} [{1 / found.high:.2f}, {1 / found.low:.2f}]"
