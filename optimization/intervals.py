"""What may be said of ratios measured round by round: a median, how sure it is, and faster, slower or tie."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: Rounds drawn together: what disturbs a machine lasts longer than one round.
BLOCK = 10
DRAWS = 2000
PERCENTILES = (2.5, 97.5)
#: Differences below this are of no use to anybody, however sure they are.
RESOLUTION = 0.02


@dataclass(frozen=True, slots=True)
class Interval:
    """A median and its 95 % interval."""

    median: float
    low: float
    high: float

    @property
    def deviation(self) -> float:
        """How far the interval's further end lies from a ratio of 1, as a share: 0.03 for both 1.03 and 1 / 1.03."""
        return max(self.high, 1 / self.low) - 1


def median_interval(ratios: NDArray[np.float64], *, seed: int = 0) -> Interval:
    """Median of ratios with its percentile bootstrap interval, whole blocks of rounds drawn at a time.

    Parameters
    ----------
    ratios : ndarray of float64, shape (R,)
        In the order in which they were measured; R >= 1.
    seed : int
        Equal seeds give equal intervals.

    References
    ----------
    .. [1] B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1979.
       doi:10.1214/aos/1176344552
    .. [2] H. R. Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of
       Statistics 17(3), 1989. doi:10.1214/aos/1176347265
    """
    count = ratios.size
    block = min(BLOCK, max(1, count // 5))  # few rounds still make five blocks, or there would be nothing to draw
    blocks = -(-count // block)
    starts = np.random.default_rng(seed).integers(0, count - block + 1, size=(DRAWS, blocks, 1))
    drawn = ratios[(starts + np.arange(block)).reshape(DRAWS, -1)[:, :count]]
    low, high = np.percentile(np.median(drawn, axis=1), PERCENTILES)
    return Interval(float(np.median(ratios)), float(low), float(high))


def compare(interval: Interval, resolution: float = RESOLUTION) -> Literal["faster", "slower", "tie"]:
    """Say what a ratio of latencies allows to say.

    Parameters
    ----------
    interval : Interval
        Latency over the baseline's.
    resolution : float
        Share by which two equal variants may seem to differ here.

    Returns
    -------
    {"faster", "slower", "tie"}
        A tie unless the interval excludes 1 and the median lies further from it than the resolution.
    """
    if interval.high < 1 and interval.median < 1 / (1 + resolution):
        return "faster"
    if interval.low > 1 and interval.median > 1 + resolution:
        return "slower"
    return "tie"
