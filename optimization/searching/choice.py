"""What is chosen of all that was measured: limits, the Pareto front, and what decides among equals."""

from collections.abc import Sequence
from dataclasses import dataclass

from optimization.measuring.intervals import RESOLUTION
from optimization.searching.candidates import SAME_DB, Tried
from optimization.searching.question import Limits

#: Errors of the logits that differ by less say nothing, in dB.
ERROR_STEP_DB = 3.0
#: Sizes that differ by less are the same.
SIZE_STEP = 0.02


@dataclass(frozen=True, slots=True)
class Missed:
    """A limit that a candidate does not keep.

    Attributes
    ----------
    limit : {"verdicts", "flips", "latency", "size"}
        Which.
    found, allowed : float
        Shares or ratios; of degraded verdicts, 1 and 0.
    """

    limit: str
    found: float
    allowed: float

    @property
    def excess(self) -> float:
        """By which part of the limit it is missed."""
        return self.found / self.allowed - 1 if self.allowed else self.found

    def __str__(self) -> str:
        if self.limit == "verdicts":
            return "its verdicts are degraded"
        if self.limit == "flips":
            return f"up to {100 * self.found:.1f} % of its verdicts flip, {100 * self.allowed:g} % may"
        return f"its {self.limit} is {self.found:.2f} of the network's in float32, {self.allowed:g} may be"


def missed(tried: Tried, limits: Limits, *, proven: bool) -> list[Missed]:
    """Return the limits that a candidate does not keep.

    Parameters
    ----------
    tried : Tried
        What is known of it; what is not known is not missed.
    limits : Limits
        What must be kept.
    proven : bool
        Whether its proof is the last one, whose upper bound counts; the few recordings of a search only count where
        their verdict is degraded.
    """
    found = []
    flips = float(tried.proof.get("flips_upper_bound", 0.0))
    if not faithful(tried):
        found.append(Missed("verdicts", 1.0, 0.0))
    elif proven and flips > limits.flips_share:
        found.append(Missed("flips", flips, limits.flips_share))
    if tried.ratio is not None and limits.latency_ratio is not None:
        # While the race is on, nobody is sent off who may still be within.
        latency = tried.ratio.high if proven else tried.ratio.low
        if latency > limits.latency_ratio:
            found.append(Missed("latency", latency, limits.latency_ratio))
    if limits.size_ratio is not None and tried.size_ratio > limits.size_ratio:
        found.append(Missed("size", tried.size_ratio, limits.size_ratio))
    return found


def faithful(tried: Tried) -> bool:
    """Whether nothing shows that it gives other verdicts than the network as it was given."""
    return tried.proof.get("verdict") != "degraded"


def front(tried: Sequence[Tried], resolution: float = RESOLUTION) -> list[Tried]:
    """Return those that nothing beats in latency, error and size alike, the fastest first.

    Parameters
    ----------
    tried : sequence of Tried
        Of which those count that were measured and are not degraded.
    resolution : float
        Share by which two latencies may seem to differ that are the same.
    """
    sound = [each for each in tried if each.ratio is not None and each.proof and faithful(each)]
    measured = list({each.key: each for each in reversed(sound)}.values())  # of copies, the first
    best = [each for each in measured if not any(beats(other, each, resolution) for other in measured)]
    return sorted(best, key=latency_of)


def beats(one: Tried, other: Tried, resolution: float) -> bool:
    """Whether one is better in something and worse in nothing, as far as can be told."""
    no_worse = all(mine <= others for mine, others in zip(steps_of(one), steps_of(other), strict=True))
    slower = latency_of(one) > latency_of(other) * (1 + resolution)
    faster = latency_of(other) > latency_of(one) * (1 + resolution)
    return no_worse and not slower and (faster or steps_of(one) != steps_of(other))


def steps_of(tried: Tried) -> tuple[int, int]:
    """Return error and size in steps that mean something."""
    return round(tried.error_db / ERROR_STEP_DB), round(tried.size_ratio / SIZE_STEP)


def latency_of(tried: Tried) -> float:
    """Return the ratio of a candidate that was measured."""
    assert tried.ratio is not None
    return tried.ratio.median


def ranked(tried: Sequence[Tried], resolution: float) -> list[Tried]:
    """Return candidates, the one to ship first: the fastest or, among those as fast, the one that costs least.

    As fast is whatever the control can't tell from the fastest. Of these the one comes first that flips fewer verdicts,
    then one that answers as the network does to the last digits, because it depends on no ranges; then the one with
    the smaller file, the smaller error, the shorter recipe, and the one that was thought of first.

    Parameters
    ----------
    tried : sequence of Tried
        Measured side by side.
    resolution : float
        Share by which two equal variants seemed to differ in the same measurement.
    """
    left, order = sorted(tried, key=latency_of), []
    while left:
        ties = [each for each in left if latency_of(each) <= latency_of(left[0]) * (1 + resolution)]
        best = min(ties, key=cost_of)
        order.append(best)
        left.remove(best)
    return order


def cost_of(tried: Tried) -> tuple[float, ...]:
    """Return what decides among those that are as fast, the smaller the better."""
    error, size = steps_of(tried)
    exact = tried.error_db <= -SAME_DB
    return (tried.proof.get("flips", 0), not exact, size, error, len(tried.recipe), tried.number)


def distance(tried: Tried, limits: Limits, *, proven: bool) -> float:
    """Return by how much a candidate misses the limits (`missed`), all parts together; 0 for one that keeps them."""
    return sum(one.excess for one in missed(tried, limits, proven=proven))
