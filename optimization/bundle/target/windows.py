"""Windows as the network takes them: cut, and each with its mean taken off and divided by its standard deviation."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def cut(row: NDArray[np.float32], length: int, hop: int) -> NDArray[np.float32]:
    """Return windows, of shape (W, length), of a row of samples; what is left after the last whole one is left out."""
    if len(row) < length:
        return np.empty((0, length), np.float32)
    return sliding_window_view(row, length)[::hop]


def normalise(windows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return windows of shape (W, L) without mean and at a standard deviation of 1, and what it was, of shape (W,).

    One that never changes stays zero.
    """
    centred = windows - windows.mean(axis=-1, keepdims=True)
    level = np.sqrt(np.einsum("wl,wl->w", centred, centred) / windows.shape[-1])
    centred /= np.where(level > 0, level, 1)[:, np.newaxis]
    return centred, level


class Level:
    """Standard deviation of all samples so far."""

    def __init__(self) -> None:
        self._count, self._sum, self._squares = 0, 0.0, 0.0

    def add(self, samples: NDArray[np.float32]) -> None:
        """Count further samples in."""
        exact = samples.astype(np.float64)
        self._count += len(exact)
        self._sum += float(exact.sum())
        self._squares += float(np.dot(exact, exact))

    def value(self) -> float:
        """Return it; zero before the first sample."""
        if not self._count:
            return 0.0
        mean = self._sum / self._count
        return float(np.sqrt(max(0.0, self._squares / self._count - mean * mean)))
