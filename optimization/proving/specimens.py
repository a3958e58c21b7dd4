"""How sure a proof is where recordings of one bearing are no independent witnesses: intervals by specimen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from optimization.proving.comparison import Pair, ratio_db
from optimization.recording_set import SetRecording

#: Fewer specimens make no interval: drawing among so few tells of those few.
FEWEST_SPECIMENS = 10
DRAWS = 2000
PERCENTILES = (2.5, 97.5)

#: What intervals are of.
MEASURES = ("flips_share", "top1_agreement", "sqnr_db", "accuracy_parent", "accuracy_variant")

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Specimens:
    """Of how many bearings a proof is, and what that allows to say.

    Attributes
    ----------
    count : int
        Specimens that are known of the recordings.
    unknown : int
        Recordings of which nobody says the specimen.
    flipped : int
        Specimens of which a recording flipped.
    intervals : mapping of str to (float, float)
        95 % intervals by the name of what they are of: ``top1_agreement``; ``flips_share`` where one flipped,
        ``sqnr_db`` where logits differ, ``accuracy_parent`` and ``accuracy_variant`` of labelled recordings. Empty
        where there are too few specimens; what was counted stands for itself then.
    """

    count: int
    unknown: int
    flipped: int
    intervals: Mapping[str, Range] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As ``vibench.verification/1`` keeps it."""
        intervals = {name: list(ends) for name, ends in self.intervals.items()}
        return {"count": self.count, "unknown": self.unknown, "flipped": self.flipped, "intervals": intervals}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from `to_json`; raises `KeyError`, `TypeError`, `ValueError` or `AttributeError` if it is none."""
        intervals = {str(name): (float(low), float(high)) for name, (low, high) in data["intervals"].items()}
        if not set(intervals) <= set(MEASURES):
            raise ValueError("its intervals are of nothing known here")
        return cls(int(data["count"]), int(data["unknown"]), int(data["flipped"]), intervals)


def by_specimen(recordings: Sequence[SetRecording], pairs: Sequence[Pair], known: Sequence[bool]) -> Specimens:
    """Count the specimens of a proof and, where there are `FEWEST_SPECIMENS`, say how sure it is.

    Whole specimens are drawn, each with all of its recordings, because two recordings of one bearing tell the same
    story.

    Parameters
    ----------
    recordings : sequence of SetRecording
        What was asked about.
    pairs : sequence of Pair
        What was answered, one for each.
    known : sequence of bool
        Of which of them an accuracy is (`optimization.proving.labelled.known_recordings`).

    References
    ----------
    .. [1] C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of the Royal Statistical Society B
       69(3), 2007. doi:10.1111/j.1467-9868.2007.00593.x
    """
    asked = list(zip(recordings, pairs, known, strict=True))
    unknown = sum(one.specimen is None for one in recordings)
    specimens = sorted({one.specimen for one in recordings if one.specimen is not None})
    flipped = len({one.specimen for one, pair, _ in asked if one.specimen is not None and pair.was != pair.became})
    if unknown or len(specimens) < FEWEST_SPECIMENS:
        return Specimens(len(specimens), unknown, flipped)
    place = {specimen: number for number, specimen in enumerate(specimens)}
    sums = np.zeros((len(specimens), len(COUNTED)))
    for recording, pair, is_known in asked:
        sums[place[str(recording.specimen)]] += counts_of(pair, recording.label if is_known else None)
    return Specimens(len(specimens), unknown, flipped, intervals_of(sums))


#: What is summed for each specimen.
COUNTED = ("recordings", "flips", "windows", "agreeing", "power", "error_power", "labelled", "right", "variant_right")


def counts_of(pair: Pair, label: str | None) -> NDArray[np.float64]:
    """Return what a recording, of known condition or not, adds to the sums of its specimen, as `COUNTED` orders it."""
    labelled = label is not None
    return np.array(
        [
            1,
            pair.was != pair.became,
            pair.windows.count,
            pair.agreeing,
            pair.power,
            pair.error_power,
            labelled,
            labelled and pair.was == label,
            labelled and pair.became == label,
        ],
        dtype=np.float64,
    )


def intervals_of(sums: NDArray[np.float64], *, seed: int = 0) -> dict[str, Range]:
    """Draw specimens with replacement, and return the 95 % percentile intervals of every share.

    Parameters
    ----------
    sums : ndarray of float64, shape (S, 9)
        One row a specimen, `COUNTED`.
    seed : int
        Equal seeds give equal intervals.
    """
    count = len(sums)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(np.float64)
    of = dict(zip(COUNTED, (drawn @ sums).T, strict=True))
    intervals = {"top1_agreement": ends_of(of["agreeing"] / of["windows"])}
    if sums[:, COUNTED.index("flips")].any():  # of none that flipped, none is ever drawn: that would bound nothing
        intervals["flips_share"] = ends_of(of["flips"] / of["recordings"])
    if (of["error_power"] > 0).all():
        noise = [ratio_db(*powers) for powers in zip(of["power"], of["error_power"], strict=True)]
        intervals["sqnr_db"] = ends_of(np.array(noise, dtype=np.float64))
    if (of["labelled"] > 0).all():
        intervals["accuracy_parent"] = ends_of(of["right"] / of["labelled"])
        intervals["accuracy_variant"] = ends_of(of["variant_right"] / of["labelled"])
    return intervals


def ends_of(drawn: NDArray[np.float64]) -> Range:
    """Return the ends of the middle 95 % of what was drawn."""
    low, high = np.percentile(drawn, PERCENTILES)
    return float(low), float(high)
