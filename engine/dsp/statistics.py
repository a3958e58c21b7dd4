"""Figures that sum up one row of samples."""

import numpy as np
from numpy.typing import NDArray


def rms(row: NDArray[np.float32]) -> float:
    """Return the root mean square of a row of shape (N,), its mean taken off, in the row's unit.

    A sensor's offset says nothing of the machine, so this is the level by which a machine that stands still is
    told from one that turns.
    """
    return float(np.sqrt(np.mean(np.square(centred(row)), dtype=np.float64)))


def crest_factor(row: NDArray[np.float32]) -> float:
    """Return the highest deviation from the mean over the `rms`; 1.41 for a sinusoid, NaN where nothing moves."""
    level = rms(row)
    return float(np.abs(centred(row)).max()) / level if level else float("nan")


def kurtosis(row: NDArray[np.float32]) -> float:
    """Return the fourth moment about the mean over the squared second; 3 for Gaussian noise, NaN where nothing moves.

    It rises with the first damage of a bearing and falls again as damage spreads (D. Dyer and R. M. Stewart,
    "Detection of rolling element bearing damage by statistical vibration analysis", 1978).
    """
    squares = np.square(centred(row))
    second = float(np.mean(squares, dtype=np.float64))
    return float(np.mean(np.square(squares), dtype=np.float64)) / second**2 if second else float("nan")


def centred(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a row without its mean, which is summed in double precision."""
    return np.asarray(row - np.float32(np.mean(row, dtype=np.float64)))
