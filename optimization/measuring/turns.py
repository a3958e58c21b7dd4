"""Sessions that run by turns in one process, each for a slot in every round."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.runtimes.base import Session

#: A slot is a variant's turn in a round: as many calls as take so long, at least one. Long enough for a median,
#: short enough that a disturbance meets all variants of a round.
SLOT_NS = 10_000_000
WARM_UP_NS, WARM_UP_CALLS = 300_000_000, 5
TOLD_EVERY_NS = 200_000_000
#: Fewest calls from which a 99 % quantile is told: with fewer, even the second slowest call may lie below it with
#: a probability above 1 %, as ``0.99**n + n * 0.01 * 0.99**(n - 1) <= 0.01`` asks for n >= 662. MLPerf Inference
#: holds its single streams to the same number (V. J. Reddi et al., 2020, arXiv:1911.02549).
CALLS_FOR_P99 = 662


@dataclass(frozen=True, slots=True)
class Timed:
    """One variant's part in the rounds.

    Attributes
    ----------
    rounds_ms : tuple of float
        Median call of each round.
    p50_ms, p90_ms : float
        Of all calls.
    p99_ms : float or None
        ``None`` with fewer than `CALLS_FOR_P99` calls.
    calls_per_s : float
        Calls over the time that they took.
    calls_ns : ndarray of int64, shape (calls,)
        What each took.
    """

    rounds_ms: tuple[float, ...]
    p50_ms: float
    p90_ms: float
    p99_ms: float | None
    calls_per_s: float
    calls_ns: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64), repr=False, compare=False)


def pooled(parts: Sequence[Timed]) -> Timed:
    """Return what several processes measured of one candidate as if it were one."""
    calls = np.concatenate([part.calls_ns for part in parts])
    rounds_ms = tuple(round_ms for part in parts for round_ms in part.rounds_ms)
    return Timed(rounds_ms, **quantiles(calls), calls_ns=calls)


def batches_of(windows: NDArray[np.float32], batch: int) -> list[NDArray[np.float32]]:
    """Cut windows into whole batches."""
    return [windows[start : start + batch] for start in range(0, len(windows) - batch + 1, batch)]


def take_turns(
    sessions: Sequence[Session],
    batches: Sequence[NDArray[np.float32]],
    rounds: int,
    told: Callable[[int], None],
    seed: int = 0,
) -> list[NDArray[np.int64]]:
    """Run sessions by turns; return for each what its calls took in ns, of shape (rounds, calls)."""
    calls = [calls_a_slot(session, batches) for session in sessions]
    taken = [np.empty((rounds, count), dtype=np.int64) for count in calls]
    order = np.random.default_rng(seed)
    gc.collect()
    gc.disable()  # a collection would fall into whichever slot happens to be running
    try:
        last_told = time.perf_counter_ns()
        for number in range(rounds):
            for turn in order.permutation(len(sessions)):
                fill_slot(sessions[turn], batches, number, taken[turn][number])
            if (now := time.perf_counter_ns()) - last_told > TOLD_EVERY_NS or number + 1 == rounds:
                told(number + 1)
                last_told = now
    finally:
        gc.enable()
    return taken


def calls_a_slot(session: Session, batches: Sequence[NDArray[np.float32]]) -> int:
    """Warm a session up and return how many calls fill a slot."""
    run_for(WARM_UP_NS, WARM_UP_CALLS, session, batches)
    # Timed anew, because a first call may take a thousand times as long, if it compiles something.
    took = run_for(SLOT_NS, WARM_UP_CALLS, session, batches)
    return max(1, round(SLOT_NS / float(np.median(took))))


def run_for(nanoseconds: int, calls: int, session: Session, batches: Sequence[NDArray[np.float32]]) -> list[int]:
    """Call a session for so long, and so often at least; return what each call took, in ns."""
    took: list[int] = []
    until = time.perf_counter_ns() + nanoseconds
    while (began := time.perf_counter_ns()) < until or len(took) < calls:
        session.predict(batches[len(took) % len(batches)])
        took.append(time.perf_counter_ns() - began)
    return took


def fill_slot(session: Session, batches: Sequence[NDArray[np.float32]], first: int, taken: NDArray[np.int64]) -> None:
    """Call a session as often as ``taken``, of shape (calls,), has room, and write there how long each took, in ns.

    Calls go through the batches from number ``first`` on, and through them again.
    """
    predict, now = session.predict, time.perf_counter_ns
    for call in range(taken.size):
        batch = batches[(first + call) % len(batches)]
        began = now()
        predict(batch)
        taken[call] = now() - began


def timed(taken: NDArray[np.int64]) -> Timed:
    """Return what calls tell that took so many nanoseconds, of shape (rounds, calls)."""
    rounds_ms = tuple((np.median(taken, axis=1) / 1e6).tolist())
    return Timed(rounds_ms, **quantiles(taken.ravel()), calls_ns=taken.ravel())


def quantiles(calls_ns: NDArray[np.int64]) -> dict[str, Any]:
    """Return the fields of `Timed` that are of all calls."""
    p50, p90, p99 = np.quantile(calls_ns, (0.5, 0.9, 0.99)) / 1e6
    return {
        "p50_ms": float(p50),
        "p90_ms": float(p90),
        "p99_ms": float(p99) if calls_ns.size >= CALLS_FOR_P99 else None,
        "calls_per_s": calls_ns.size / (float(calls_ns.sum()) / 1e9),
    }
