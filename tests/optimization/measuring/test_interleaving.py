"""What may be said of rounds whose latencies are known."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.measuring import interleaving
from optimization.measuring.candidate import Candidate
from optimization.measuring.interleaving import Rounds, divided, measure_shape
from optimization.measuring.intervals import RESOLUTION, compare
from optimization.measuring.measurement import BenchmarkSettings
from optimization.measuring.turns import Timed

WINDOWS = np.zeros((4, 1, 2048), np.float32)


def process(*milliseconds):
    return Timed(tuple(milliseconds) * 20, 1.0, 1.0, None, 1.0)


@pytest.fixture
def rounds(untrained_variants):
    """Put together what processes measured of the baseline, of others, and of the baseline again."""

    def make(baseline, *others, again=None, backends=()):
        onnx = untrained_variants[1]
        variants = [replace(onnx, backend=backend, name=backend) for backend in backends] or [onnx] * len(others)
        candidates = [Candidate(each, "onnxruntime") for each in (onnx, *variants)]
        return Rounds(1, 1, tuple(candidates), 0, (baseline, *others), again or baseline)

    return make


def test_a_ratio_is_of_latencies_of_the_same_round(rounds):
    made = rounds([process(1, 10, 3)], [process(0.5, 5, 1.5)])
    control = made.control()

    assert (control.ratio, control.ratio_low, control.ratio_high, control.verdict) == (1, 1, 1, "tie")
    assert made.ratio(1, 0).median == 0.5
    assert made.ratio(0, 1).median == 2
    assert made.ratio(1, 1) == made.ratio(0, 0)


def test_a_control_that_differs_from_itself_is_no_tie_and_hides_smaller_differences(rounds):
    made = rounds([process(1.0)], [process(0.95)], again=[process(1.1)])
    control = made.control()

    assert control.verdict == "slower"
    assert control.resolution == pytest.approx(0.1)
    assert compare(made.ratio(1, 0), control.resolution) == "tie"
    assert compare(made.ratio(1, 0), RESOLUTION) == "faster"


def test_a_process_that_finds_otherwise_than_the_rest_widens_the_interval(rounds):
    agreeing = rounds([process(1.0)] * 5, [process(0.9)] * 5).ratio(1, 0)
    disagreeing = rounds([process(1.0)] * 5, [process(factor) for factor in (0.9, 0.9, 0.9, 1.2, 1.3)]).ratio(1, 0)

    assert (agreeing.low, agreeing.high) == (0.9, 0.9)
    assert compare(agreeing) == "faster"
    assert disagreeing.median == 0.9
    assert disagreeing.high >= 1.2
    assert compare(disagreeing) == "tie"


def test_the_fastest_in_float32_is_no_int8_and_no_fp16(rounds):
    times = [[process(each)] for each in (0.2, 0.3, 0.8, 5.0)]

    assert rounds([process(1.0)], *times, backends=("int8", "fp16", "onnx", "pytorch")).best_fp32() == 3
    assert rounds([process(1.0)], *times[:2], backends=("int8", "fp16")).best_fp32() == 0


@pytest.mark.parametrize(("count", "processes"), [(200, 5), (10, 10), (11, 3), (10, 1)])
def test_rounds_are_divided_evenly(count, processes):
    shares = divided(count, processes)

    assert sum(shares) == count
    assert len(shares) == processes
    assert max(shares) - min(shares) <= 1


def test_each_process_loads_the_candidates_in_another_order(untrained_variants, monkeypatch):
    """The real process is asked in `test_benchmark`; here it is known what each candidate takes."""
    names = "abcd"
    candidates = [Candidate(replace(untrained_variants[1], name=name), "onnxruntime") for name in names]
    orders, seeds, told = [], [], []

    def measure(entrants, windows, *, batch, threads, rounds, told, seed):
        orders.append("".join(each.variant.name for each in entrants))
        seeds.append(seed)
        told(rounds)
        return [Timed((float(names.index(each.variant.name) + 1),) * rounds, 1, 1, None, 1) for each in entrants]

    monkeypatch.setattr(interleaving, "measure_rounds", measure)
    made = measure_shape(candidates, 1, WINDOWS, (2, 1), BenchmarkSettings(rounds=20, processes=4), told.append)

    assert len(set(orders)) > 1
    assert all(sorted(order) == sorted("abcdb") for order in orders)
    assert seeds == [0, 1, 2, 3]
    assert told == [5, 10, 15, 20]
    assert [[each.rounds_ms for each in mine] for mine in made.timed] == [[(float(n),) * 5] * 4 for n in (1, 2, 3, 4)]
    assert [each.rounds_ms for each in made.again] == [(2.0,) * 5] * 4
