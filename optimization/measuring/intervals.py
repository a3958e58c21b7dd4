"""What may be said of ratios measured by turns: a median, how sure it is, and faster, slower or tie."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: Rounds drawn together: what disturbs a machine lasts longer than one round.
BLOCK = 10
DRAWS = 2000
CHUNK = 250  #: draws made at once, so that ten thousand rounds still fit into memory
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
    """Median of ratios that one process measured, with its interval; as `hierarchical_interval`.

    Parameters
    ----------
    ratios : ndarray of float64, shape (R,)
        In the order in which they were measured; R >= 1.
    seed : int
        Equal seeds give equal intervals.
    """
    return hierarchical_interval([ratios], seed=seed)


def hierarchical_interval(processes: Sequence[NDArray[np.float64]], *, seed: int = 0) -> Interval:
    """Median of the ratios of several processes, with its percentile bootstrap interval on two levels.

    Processes differ for as long as they live, by where their memory happens to lie, say; rounds within one by what
    else the machine does. So each draw takes one process fewer than there are, with replacement [5]_, and within each
    of them whole blocks of rounds, with replacement again.

    Parameters
    ----------
    processes : sequence of ndarray of float64, shape (R,)
        Of each process its ratios, in the order in which they were measured; R >= 1, and it may differ.
    seed : int
        Equal seeds give equal intervals.

    References
    ----------
    .. [1] T. Kalibera and R. Jones, "Rigorous benchmarking in reasonable time", ISMM 2013.
       doi:10.1145/2464157.2464160
    .. [2] A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application", section 3.8 (hierarchical
       data), Cambridge University Press, 1997. doi:10.1017/CBO9780511802843
    .. [3] B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1979.
       doi:10.1214/aos/1176344552
    .. [4] H. R. Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of
       Statistics 17(3), 1989. doi:10.1214/aos/1176347265
    .. [5] J. N. K. Rao and C. F. J. Wu, "Resampling inference with complex survey data", Journal of the American
       Statistical Association 83(401), 1988. doi:10.1080/01621459.1988.10478591
    """
    random = np.random.default_rng(seed)
    measured = np.concatenate(processes)
    drawn = [medians_drawn(processes, min(CHUNK, DRAWS - done), random) for done in range(0, DRAWS, CHUNK)]
    low, high = np.percentile(np.concatenate(drawn), PERCENTILES)
    return Interval(float(np.median(measured)), float(low), float(high))


def medians_drawn(
    processes: Sequence[NDArray[np.float64]], draws: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Draw processes, and blocks of rounds within each; return the median of each draw, of shape (draws,)."""
    sizes = np.array([ratios.size for ratios in processes])
    count = int(sizes.min())
    block = min(BLOCK, max(1, count // 5))  # few rounds still make five blocks, or there would be nothing to draw
    rounds = np.full((sizes.size, sizes.max()), np.nan)  # what no process ran is never drawn
    for row, ratios in zip(rounds, processes, strict=True):
        row[: ratios.size] = ratios
    # One process fewer than there are, because drawing as many of so few makes the interval too narrow [5]_.
    chosen = random.integers(0, sizes.size, size=(draws, max(1, sizes.size - 1), 1))
    starts = random.integers(0, (sizes - block + 1)[chosen], size=(*chosen.shape[:2], -(-count // block)))
    places = (starts[..., np.newaxis] + np.arange(block)).reshape(*chosen.shape[:2], -1)[..., :count]
    medians: NDArray[np.float64] = np.median(rounds[chosen, places].reshape(draws, -1), axis=1)
    return medians


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
