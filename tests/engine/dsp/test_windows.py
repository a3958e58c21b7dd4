import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dsp.windows import sliding_windows


@given(samples=st.integers(0, 400), length=st.integers(1, 90), hop=st.integers(1, 120))
def test_windows_are_the_slices_that_fit_whole(samples, length, hop):
    row = np.arange(samples, dtype=np.float32)

    windows = sliding_windows(row, length, hop)

    expected = [row[start : start + length] for start in range(0, samples - length + 1, hop)]
    assert windows.shape == (len(expected), length) == (max(0, (samples - length) // hop + 1), length)
    assert all(np.array_equal(window, part) for window, part in zip(windows, expected, strict=True))


def test_windows_share_the_memory_of_the_row_and_cannot_be_written():
    row = np.zeros(5000, np.float32)

    windows = sliding_windows(row, 2048, 1024)

    assert np.shares_memory(windows, row)
    with pytest.raises(ValueError, match="read-only"):
        windows[0, 0] = 1


@pytest.mark.parametrize(("length", "hop"), [(0, 1), (1, 0), (-5, 1)])
def test_an_impossible_window_is_refused(length, hop):
    with pytest.raises(ValueError, match="impossible"):
        sliding_windows(np.zeros(10, np.float32), length, hop)
