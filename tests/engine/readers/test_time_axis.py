import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.readers.time_axis import even_rate


@settings(deadline=None, max_examples=60)
@given(
    rate=st.sampled_from([10, 100, 1_000, 12_000, 20_480, 25_600, 48_828, 51_200, 100_000]),
    count=st.integers(500, 5_000),
    start=st.floats(0, 1000),
    digits=st.integers(6, 12),
)
def test_the_rate_comes_back_from_rounded_times(rate, count, start, digits):
    times = np.round(start + np.arange(count) / rate, digits)

    # Rounding may move the first and the last time by half a digit each.
    assert even_rate(times) == pytest.approx(rate, rel=2 * 10.0**-digits * rate / count + 1e-7)


def test_the_roundest_rate_that_the_digits_leave_open_is_taken():
    assert even_rate(np.round(np.arange(2000) / 12_000, 5)) == 12_000.0


def test_digits_too_few_to_tell_neighbours_apart_still_give_the_rate():
    assert even_rate(np.round(np.arange(60_000) / 12_000, 3)) == pytest.approx(12_000, rel=1e-3)


@pytest.mark.parametrize(
    "series",
    [
        np.zeros(10),
        np.arange(10)[::-1],
        np.arange(2.0),
        np.array([]),
        np.array([0, 1, np.nan, 3]),
        np.cumsum([1, 1, 1, 5, 1, 1, 1, 1.0]),
        np.arange(100.0) ** 2,
        np.array([0, 33.5, 33.5, 50.3, 50.3, 67.1, 134.2, 134.2]),
        np.sin(np.arange(100)),
        np.array([1, 2, 4]),
    ],
    ids=["constant", "falling", "two", "none", "nan", "gap", "square", "phone", "sine", "few"],
)
def test_what_does_not_rise_evenly_is_no_time(series):
    assert even_rate(series.astype(float)) is None
