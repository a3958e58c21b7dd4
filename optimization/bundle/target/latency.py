"""How long the candidates take here, measured by turns, and whether that lasts."""

from dataclasses import dataclass, field
from random import Random
from time import monotonic, perf_counter_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .machine import clock
from .model import Model
from .resampling import design
from .stream import Stream
from .terms import Terms

#: A turn is as many calls as take so long, at least one.
SLOT_NS = 10_000_000
WARM_UP_CALLS = 20
#: Fewest calls from which a 99 % quantile is told: with fewer, even the second slowest may lie below it with a
#: probability above 1 % (the early stopping of MLPerf Inference; V. J. Reddi et al., 2020, arXiv:1911.02549).
CALLS_FOR_P99 = 662
#: Below that difference two latencies are a tie.
RESOLUTION = 0.02
#: By how much the last tenth may be slower than the first before heat or a governor is to blame.
THROTTLED = 0.10


@dataclass
class Times:
    """What one candidate took: each call in milliseconds, and the median call of each round."""

    network_ms: list[float] = field(default_factory=list)
    hop_ms: list[float] = field(default_factory=list)
    rounds_ms: list[float] = field(default_factory=list)


class Sensor:
    """Noise in blocks of a hop, at the sensor's rate, without end."""

    def __init__(self, rate_hz: float, terms: Terms) -> None:
        self.block = max(1, round(terms.hop * rate_hz / terms.sampling_rate_hz))
        self._noise = np.random.default_rng(0).standard_normal(16 * self.block).astype(np.float32)
        self._at = 0

    def next(self) -> NDArray[np.float32]:
        """Return the next block."""
        self._at = (self._at + self.block) % len(self._noise)
        return self._noise[self._at : self._at + self.block]


class Runner:
    """A candidate under measurement: the network alone, and a hop of the sensor's samples up to its verdict."""

    def __init__(self, model: Model, rate_hz: float, terms: Terms) -> None:
        self.model, self.times = model, Times()
        self._windows = np.random.default_rng(1).standard_normal((16, terms.window)).astype(np.float32)
        self._stream, self._sensor = Stream(model, rate_hz, terms), Sensor(rate_hz, terms)
        self._calls = 0
        for _ in range(WARM_UP_CALLS):
            self._network()
            self._stream.push(self._sensor.next())

    def turn(self) -> None:
        """Run for the length of a slot each way."""
        calls: list[float] = []
        begun = perf_counter_ns()
        while not calls or perf_counter_ns() - begun < SLOT_NS:
            calls.append(self._network())
        self.times.network_ms += calls
        self.times.rounds_ms.append(float(np.median(calls)))
        begun, pushed = perf_counter_ns(), 0
        while not pushed or perf_counter_ns() - begun < SLOT_NS:
            block, before = self._sensor.next(), perf_counter_ns()
            found = self._stream.push(block)
            took = perf_counter_ns() - before
            pushed += 1
            if len(found) == 1:  # a hop at the sensor's rate is no whole number of samples: now and then it gives none
                self.times.hop_ms.append(took / 1e6)

    def _network(self) -> float:
        window = self._windows[self._calls % 16 : self._calls % 16 + 1]
        self._calls += 1
        before = perf_counter_ns()
        self.model.logits(window)
        return (perf_counter_ns() - before) / 1e6


def measure(models: list[Model], terms: Terms, *, rate_hz: float, seconds: float) -> tuple[dict[str, Any], list[Times]]:
    """Run candidates by turns, in an order that changes, for so many seconds without a pause.

    Returns
    -------
    tuple of dict and list of Times
        What the clock and the sensors of heat said before and after, as plain JSON; what each candidate took.
    """
    design(float(rate_hz), terms.sampling_rate_hz, terms.band_upper_hz)
    runners = [Runner(model, rate_hz, terms) for model in models]
    shuffled, begun, before = Random(0), monotonic(), clock()
    while monotonic() - begun < seconds or not runners[0].times.rounds_ms:
        for runner in shuffled.sample(runners, len(runners)):
            runner.turn()
    told = {"seconds": round(monotonic() - begun, 1), "before": before, "after": clock()}
    return told, [runner.times for runner in runners]


def latency_of(times: Times, terms: Terms) -> dict[str, Any]:
    """Return what a candidate took against the hop, as plain JSON.

    ``realtime_factor`` is the seconds of signal that are diagnosed in a second of computing, ``hop_share`` the median
    over the hop's own length.
    """
    hop_ms = 1e3 * terms.hop_s
    hop = quantiles(times.hop_ms)
    worst = hop["p99_ms"] or hop["p90_ms"]
    return {
        "network": quantiles(times.network_ms),
        "hop": hop,
        "hop_length_ms": round(hop_ms, 3),
        "realtime_factor": round(hop_ms / float(np.mean(times.hop_ms)), 3),
        "hop_share": round(hop["p50_ms"] / hop_ms, 6),
        "fits": bool(worst < hop_ms),
    }


def quantiles(calls_ms: list[float]) -> dict[str, Any]:
    """Return median, 90 % and 99 % quantile of calls; the last is ``None`` with fewer than `CALLS_FOR_P99`."""
    p50, p90, p99 = (round(float(value), 4) for value in np.percentile(calls_ms, (50, 90, 99)))
    return {
        "calls": len(calls_ms),
        "p50_ms": p50,
        "p90_ms": p90,
        "p99_ms": p99 if len(calls_ms) >= CALLS_FOR_P99 else None,
    }


def sustained(times: Times) -> dict[str, Any]:
    """Compare the last tenth of the rounds with the first: what heat or a governor takes away."""
    tenth = max(1, len(times.rounds_ms) // 10)
    first, last = float(np.median(times.rounds_ms[:tenth])), float(np.median(times.rounds_ms[-tenth:]))
    return {
        "rounds": len(times.rounds_ms),
        "first_tenth_ms": round(first, 4),
        "last_tenth_ms": round(last, 4),
        "ratio": round(last / first, 4),
        "throttled": last / first > 1 + THROTTLED,
    }


def ratio(times: Times, reference: Times) -> dict[str, float]:
    """Return the median over rounds of two candidates' latencies, with a 95 % interval from order statistics."""
    ratios = np.sort(np.array(times.rounds_ms) / np.array(reference.rounds_ms))
    reach = 0.98 * np.sqrt(len(ratios))  # half of 1.96 standard deviations of the rank of the median
    low = max(0, int(np.floor(len(ratios) / 2 - reach)))
    high = min(len(ratios) - 1, int(np.ceil(len(ratios) / 2 + reach)))
    return {
        "median": round(float(np.median(ratios)), 4),
        "low": round(float(ratios[low]), 4),
        "high": round(float(ratios[high]), 4),
    }
