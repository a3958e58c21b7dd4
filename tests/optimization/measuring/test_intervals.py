import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optimization.measuring.intervals import (
    RESOLUTION,
    Interval,
    compare,
    hierarchical_interval,
    median_interval,
    medians_drawn,
)

RATIOS = arrays(np.float64, st.integers(1, 120), elements=st.floats(0.05, 20))


@given(RATIOS)
def test_the_interval_holds_its_median_and_lies_within_what_was_measured(ratios):
    interval = median_interval(ratios)

    assert interval.median == np.median(ratios)
    assert ratios.min() <= interval.low <= interval.high <= ratios.max()


def test_equal_measurements_give_equal_intervals():
    ratios = np.random.default_rng(1).lognormal(0, 0.1, 200)

    assert median_interval(ratios) == median_interval(ratios)


@pytest.mark.parametrize("lasting", [1, 10], ids=["independent rounds", "disturbances of ten rounds"])
def test_the_interval_covers_the_true_median_however_long_a_disturbance_lasts(lasting):
    random = np.random.default_rng(2)
    covered = 0
    for number in range(100):
        interval = median_interval(np.repeat(random.lognormal(0, 0.05, 200 // lasting), lasting), seed=number)
        covered += interval.low <= 1 <= interval.high

    assert covered >= 85  # 95 % are promised; rounds drawn one by one cover half of the time where it lasts


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (Interval(0.5, 0.45, 0.55), "faster"),
        (Interval(2.0, 1.9, 2.1), "slower"),
        (Interval(0.9, 0.8, 1.01), "tie"),
        (Interval(1.1, 0.99, 1.2), "tie"),
        (Interval(0.99, 0.985, 0.995), "tie"),  # sure, but too little to matter
        (Interval(1.01, 1.005, 1.015), "tie"),
        (Interval(1.0, 1.0, 1.0), "tie"),
    ],
)
def test_a_difference_is_told_only_where_it_is_sure_and_large_enough(interval, said):
    assert compare(interval) == said


def test_what_the_control_shows_is_the_least_that_counts():
    control = Interval(1.0, 0.94, 1.03)
    difference = Interval(0.96, 0.95, 0.97)

    assert compare(difference, RESOLUTION) == "faster"
    assert control.deviation == pytest.approx(1 / 0.94 - 1)
    assert compare(difference, control.deviation) == "tie"


@given(st.floats(0.1, 10), st.floats(1, 2), st.floats(1, 2), st.floats(0.02, 0.5))
def test_what_is_faster_one_way_is_slower_the_other_way(median, below, above, resolution):
    interval = Interval(median, median / below, median * above)
    inverse = Interval(1 / median, 1 / interval.high, 1 / interval.low)
    opposite = {"faster": "slower", "slower": "faster", "tie": "tie"}

    assert compare(inverse, resolution) == opposite[compare(interval, resolution)]


def test_processes_that_differ_for_as_long_as_they_live_are_allowed_for():
    random = np.random.default_rng(3)
    covered = covered_by_rounds_alone = 0
    for number in range(50):
        processes = [random.lognormal(random.normal(0, 0.03), 0.05, 40) for _ in range(5)]
        interval, narrow = hierarchical_interval(processes, seed=number), median_interval(np.concatenate(processes))
        covered += interval.low <= 1 <= interval.high
        covered_by_rounds_alone += narrow.low <= 1 <= narrow.high

    assert covered >= 42  # as well as five processes can
    assert covered_by_rounds_alone < 36


@given(st.lists(arrays(np.float64, st.integers(1, 30), elements=st.floats(0.05, 20)), min_size=1, max_size=6))
def test_processes_of_any_length_give_an_interval_of_what_was_measured(processes):
    interval = hierarchical_interval(processes)
    measured = np.concatenate(processes)

    assert interval.median == np.median(measured)
    assert measured.min() <= interval.low <= interval.high <= measured.max()


def test_rounds_that_a_process_did_not_run_are_never_drawn():
    short, long = np.full(7, 2.0), np.arange(1, 9, dtype=np.float64)
    random = np.random.default_rng(0)
    medians = medians_drawn([short, long[:1]], 200, random)

    assert set(medians) == {1.0, 2.0}
