"""Windows: the overlapping pieces of a signal that a network sees."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def sliding_windows(row: NDArray[np.float32], length: int, hop: int) -> NDArray[np.float32]:
    """Cut a row into overlapping windows without copying it.

    Parameters
    ----------
    row : ndarray of float32, shape (N,)
        One channel.
    length, hop : int
        Length of a window and step from one to the next, in samples, both at least 1.

    Returns
    -------
    ndarray of float32, shape (W, length)
        A read-only view of ``row``; W = floor((N - length) / hop) + 1, or 0 if the row is shorter than one
        window. The samples after the last whole window are left out.

    Raises
    ------
    ValueError
        If ``length`` or ``hop`` is below 1.
    """
    check_window(length, hop)
    if len(row) < length:
        return np.empty((0, length), dtype=row.dtype)
    return sliding_window_view(row, length)[::hop]


def check_window(length: int, hop: int) -> None:
    """Raise `ValueError` unless both are at least 1."""
    if length < 1 or hop < 1:
        raise ValueError(f"a window of {length} samples every {hop} is impossible; both must be at least 1")
