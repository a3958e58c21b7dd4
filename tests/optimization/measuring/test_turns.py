import time

import numpy as np
import pytest

from optimization.measuring.turns import CALLS_FOR_P99, batches_of, calls_a_slot, pooled, take_turns, timed

WINDOWS = np.random.default_rng(0).standard_normal((6, 1, 2048)).astype(np.float32)


class Sleeper:
    """A session that takes as long as it is told, and notes who ran when."""

    def __init__(self, name, seconds, ran):
        self.name, self.seconds, self.ran = name, seconds, ran

    def predict(self, windows):
        self.ran.append((self.name, len(windows)))
        time.sleep(self.seconds)


def test_sessions_take_turns_in_an_order_that_changes():
    ran = []
    sessions = [Sleeper(name, 0.02, ran) for name in "abc"]
    told = []

    results = [timed(taken) for taken in take_turns(sessions, batches_of(WINDOWS, 2), 20, told.append)]

    rounds = [tuple(name for name, _ in ran[-60:][start : start + 3]) for start in range(0, 60, 3)]
    assert all(sorted(each) == ["a", "b", "c"] for each in rounds)
    assert len(set(rounds)) > 1
    assert {batch for _, batch in ran} == {2}
    assert told[-1] == 20
    assert [len(result.rounds_ms) for result in results] == [20, 20, 20]
    assert all(result.p50_ms >= 20 for result in results)


def test_another_seed_is_another_order():
    def order(seed):
        ran = []
        take_turns([Sleeper(name, 0.011, ran) for name in "ab"], batches_of(WINDOWS, 1), 10, lambda _: None, seed)
        return [name for name, _ in ran[-20:]]

    assert order(1) != order(2)


class Compiler(Sleeper):
    """A session whose third call takes as long as all the warm-up."""

    def predict(self, windows):
        super().predict(windows)
        if len(self.ran) == 3:
            time.sleep(0.3)


def test_a_call_that_compiles_does_not_count_for_the_length_of_a_slot():
    assert calls_a_slot(Compiler("", 0.001, []), batches_of(WINDOWS, 1)) >= 4


def test_a_quick_session_is_called_several_times_a_round_and_a_slow_one_once():
    quick, slow = (calls_a_slot(Sleeper("", seconds, []), batches_of(WINDOWS, 1)) for seconds in (0.001, 0.05))

    assert 4 <= quick <= 10
    assert slow == 1


def test_windows_are_cut_into_whole_batches():
    assert [len(batch) for batch in batches_of(WINDOWS, 4)] == [4]
    assert [len(batch) for batch in batches_of(WINDOWS, 3)] == [3, 3]


def test_quantiles_are_of_all_calls_and_the_last_needs_enough_of_them():
    taken = np.arange(1, 101, dtype=np.int64).reshape(10, 10) * 1_000_000
    few = timed(taken)

    assert few.p50_ms == 50.5
    assert few.p90_ms == pytest.approx(90.1)
    assert few.p99_ms is None
    assert few.rounds_ms[0] == 5.5
    assert few.calls_per_s == pytest.approx(1000 / 50.5)
    assert timed(np.tile(taken, (1, 7))).p99_ms == pytest.approx(99, abs=1)


def test_a_99_percent_quantile_is_told_from_the_first_number_of_calls_that_bears_it():
    def chance(calls):
        return 0.99**calls + calls * 0.01 * 0.99 ** (calls - 1)

    assert chance(CALLS_FOR_P99) <= 0.01 < chance(CALLS_FOR_P99 - 1)


def test_what_processes_measured_is_pooled_call_by_call():
    first, second = (timed(np.array(taken) * 1_000_000) for taken in ([[1, 3], [1, 3]], [[5, 5, 5]]))

    both = pooled([first, second])

    assert both.rounds_ms == (2, 2, 5)
    assert both.p50_ms == 3
    assert both.calls_per_s == pytest.approx(7 / 0.023)
