"""Whether a series of numbers is time, and the sampling rate that follows from it."""

import numpy as np
from numpy.typing import NDArray

#: Seconds of one unit, as headings write it, in the form that ``casefold`` gives: of the two signs for micro, mu.
SECONDS = {
    "s": 1.0,
    "sec": 1.0,
    "seconds": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ns": 1e-9,
    "min": 60.0,
}

#: Share of a step by which a clock may be early or late and still be even.
JITTER = 0.02

#: Fewer steps than this may fall on a grid by chance.
ROUNDED_STEPS = 50


def even_rate(times: NDArray[np.float64]) -> float | None:
    """Sampling rate of an evenly rising series.

    Parameters
    ----------
    times : ndarray of float64, shape (N,)
        In seconds; may be rounded to few digits, so that neighbours are equal or a last digit apart too much.

    Returns
    -------
    float or None
        In Hz, the roundest number that the digits leave open; ``None`` unless the series rises evenly over at
        least three values.
    """
    if times.size < 3 or not np.isfinite(times).all():
        return None
    span = float(times[-1] - times[0])
    steps = np.diff(times)
    if not 0 < span < np.inf or steps.min() < 0:
        return None
    step = span / (times.size - 1)
    off_line = float(np.abs(times - (times[0] + step * np.arange(times.size))).max())
    if off_line > JITTER * step and not _is_rounded(steps, off_line):
        return None
    return _roundest(1 / step, doubt=max(off_line, float(np.spacing(abs(times[-1])))) / (step * span))


def _is_rounded(steps: NDArray[np.float64], off_line: float) -> bool:
    """Whether times are even but for their last digit: all steps are one of two neighbours on one grid."""
    digit = float(steps.max() - steps.min())
    on_grid = steps / digit
    enough = steps.size >= ROUNDED_STEPS
    return enough and off_line <= 1.001 * digit and bool(np.abs(on_grid - np.round(on_grid)).max() < 0.01)


def _roundest(rate: float, doubt: float) -> float:
    for unit in (1000, 100, 10, 1):
        candidate = unit * round(rate / unit)
        if candidate > 0 and abs(candidate - rate) <= doubt:
            return float(candidate)
    return rate
