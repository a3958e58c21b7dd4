"""How far the answers of two variants lie apart: the arithmetic of a proof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from engine.card import ModelCard
from engine.diagnosis import calibrated_probabilities, judge

CONFIDENCE = 0.95
#: Nobody has more recordings than this, so nobody is asked for them.
MOST_NEEDED = 2**24


@dataclass(frozen=True, slots=True)
class WindowComparison:
    """How the logits of two variants differ, over all windows.

    Attributes
    ----------
    count : int
        Windows compared.
    top1_agreement : float
        Share of windows of the same class, 0 to 1.
    sqnr_db : float or None
        Power of the parent's logits over that of the difference, in dB; ``None`` where nothing differs.
    max_abs_error : float
        Largest difference of a logit.
    cosine : float
        Smallest cosine between two windows' logits.
    """

    count: int
    top1_agreement: float
    sqnr_db: float | None
    max_abs_error: float
    cosine: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from its fields; raises `KeyError`, `TypeError` or `ValueError` if they are something else."""
        sqnr_db = data["sqnr_db"]
        return cls(
            count=int(data["count"]),
            top1_agreement=float(data["top1_agreement"]),
            sqnr_db=None if sqnr_db is None else float(sqnr_db),
            max_abs_error=float(data["max_abs_error"]),
            cosine=float(data["cosine"]),
        )


@dataclass(frozen=True, slots=True)
class MarginShift:
    """How near to another verdict recordings are, and by how much the variant brings them nearer.

    A margin is the mean calibrated probability of the parent's first class over that of its second one; the variant's
    is what it gives that same first class over the highest of the others.

    Attributes
    ----------
    smallest_parent : float
        Smallest margin of the parent, 0 to 1.
    largest_logit_change : float
        Largest difference of a logit of any window.
    mean_shift : float
        Variant's margin less the parent's, on average; below 0 where verdicts came nearer to flipping.
    worst_shift : float
        The same of the recording that lost most.
    """

    smallest_parent: float
    largest_logit_change: float
    mean_shift: float
    worst_shift: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from its fields; raises as `WindowComparison.from_json`."""
        return cls(*(float(data[field.name]) for field in fields(cls)))


@dataclass(frozen=True, slots=True)
class RecordingComparison:
    """How the verdicts of two variants differ.

    Attributes
    ----------
    count, flips : int
        Recordings compared, and those whose label changed.
    flips_upper_bound : float
        Share of recordings that would flip at most, at 95 % confidence (Clopper and Pearson, 1934).
    flip_matrix : mapping of str to mapping of str to int
        Parent's label to the variant's to how many; flips only.
    margins : MarginShift or None
        ``None`` where whoever made the proof did not tell.
    """

    count: int
    flips: int
    flips_upper_bound: float
    flip_matrix: Mapping[str, Mapping[str, int]]
    margins: MarginShift | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from its fields; raises what `WindowComparison.from_json` raises, or `AttributeError`."""
        matrix = {
            str(was): {str(became): int(count) for became, count in row.items()}
            for was, row in data["flip_matrix"].items()
        }
        margins = data.get("margins")
        return cls(
            count=int(data["count"]),
            flips=int(data["flips"]),
            flips_upper_bound=float(data["flips_upper_bound"]),
            flip_matrix=matrix,
            margins=None if margins is None else MarginShift.from_json(margins),
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """What two variants said of one recording, in numbers.

    Attributes
    ----------
    was, became : str
        The parent's verdict and the variant's: a class of the card, or ``inconclusive``.
    windows : WindowComparison
        Of this recording alone.
    power, error_power : float
        Sums of the squares of the parent's logits, and of how far the variant's lie from them.
    margin, shift : float
        The parent's margin, and what the variant's has more (`MarginShift`).
    """

    was: str
    became: str
    windows: WindowComparison
    power: float
    error_power: float
    margin: float
    shift: float

    @property
    def agreeing(self) -> int:
        """Windows of the same class."""
        return round(self.windows.top1_agreement * self.windows.count)


def pair_of(parent: NDArray[np.float32], variant: NDArray[np.float32], card: ModelCard) -> Pair:
    """Compare the logits, of shape (W, K) each, finite and at least one row, of a recording's windows."""
    tally = WindowTally()
    tally.add(parent, variant)
    means = [calibrated_probabilities(logits, card.temperature) for logits in (parent, variant)]
    expected, answered = (probabilities.mean(axis=0) for probabilities in means)
    first = int(expected.argmax())
    margin, after = (float(mean[first] - np.delete(mean, first).max()) for mean in (expected, answered))
    was, became = (label_of(logits, card) for logits in (parent, variant))
    return Pair(was, became, tally.result(), *tally.powers, margin, after - margin)


def label_of(logits: NDArray[np.float32], card: ModelCard) -> str:
    """Return the label that a diagnosis would give for the logits of a recording, at least one window's."""
    verdict = judge(calibrated_probabilities(logits, card.temperature), card)
    assert verdict is not None  # there is a window
    return verdict.label


def compare_windows(pairs: Sequence[Pair]) -> WindowComparison:
    """Compare all windows of all recordings, at least one."""
    count = sum(pair.windows.count for pair in pairs)
    return WindowComparison(
        count=count,
        top1_agreement=sum(pair.agreeing for pair in pairs) / count,
        sqnr_db=ratio_db(sum(pair.power for pair in pairs), sum(pair.error_power for pair in pairs)),
        max_abs_error=max(pair.windows.max_abs_error for pair in pairs),
        cosine=min(pair.windows.cosine for pair in pairs),
    )


def compare_recordings(pairs: Sequence[Pair]) -> RecordingComparison:
    """Compare the verdicts of all recordings, at least one, and how far they are from flipping."""
    shifts = [pair.shift for pair in pairs]
    margins = MarginShift(
        smallest_parent=min(pair.margin for pair in pairs),
        largest_logit_change=max(pair.windows.max_abs_error for pair in pairs),
        mean_shift=sum(shifts) / len(shifts),
        worst_shift=min(shifts),
    )
    return replace(compare_verdicts([(pair.was, pair.became) for pair in pairs]), margins=margins)


class WindowTally:
    """Compares logits batch by batch, holding none of them."""

    def __init__(self) -> None:
        self._count = 0
        self._agreeing = 0
        self._power = 0.0
        self._error_power = 0.0
        self._max_abs_error = 0.0
        self._cosine = 1.0

    def add(self, parent: NDArray[np.float32], variant: NDArray[np.float32]) -> None:
        """Compare the logits, of shape (W, K) each and finite, of the same windows."""
        if not len(parent):
            return
        expected, answered = parent.astype(np.float64), variant.astype(np.float64)
        error = answered - expected
        self._count += len(expected)
        self._agreeing += int(np.count_nonzero(expected.argmax(axis=1) == answered.argmax(axis=1)))
        self._power += float(np.square(expected).sum())
        self._error_power += float(np.square(error).sum())
        self._max_abs_error = max(self._max_abs_error, float(np.abs(error).max()))
        self._cosine = min(self._cosine, float(cosines(expected, answered).min()))

    @property
    def powers(self) -> tuple[float, float]:
        """Sums of the squares of the parent's logits, and of the differences."""
        return self._power, self._error_power

    def result(self) -> WindowComparison:
        """Say how far they lie apart; at least one window must have been added."""
        return WindowComparison(
            count=self._count,
            top1_agreement=self._agreeing / self._count,
            sqnr_db=ratio_db(self._power, self._error_power),
            max_abs_error=self._max_abs_error,
            cosine=self._cosine,
        )


def cosines(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine between the rows of two arrays of shape (W, K); 1 where both rows are zero, 0 where one is."""
    lengths = np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1)
    product = lengths[0] * lengths[1]
    both_zero = (lengths[0] == 0) & (lengths[1] == 0)
    inner = np.where(both_zero, 1.0, np.einsum("wk,wk->w", one, other))
    return np.clip(inner / np.where(product > 0, product, 1.0), -1.0, 1.0)


def ratio_db(signal_power: float, noise_power: float) -> float | None:
    """Signal-to-noise ratio in dB; ``None`` without noise, and a power below the smallest there is counts as that."""
    if noise_power == 0:
        return None
    smallest = float(np.finfo(np.float64).tiny)
    return float(10 * np.log10(max(signal_power, smallest) / max(noise_power, smallest)))


def compare_verdicts(labels: Sequence[tuple[str, str]]) -> RecordingComparison:
    """Count the flips among pairs of the parent's and the variant's label, at least one of them."""
    matrix: dict[str, dict[str, int]] = {}
    for parent, variant in labels:
        if parent != variant:
            row = matrix.setdefault(parent, {})
            row[variant] = row.get(variant, 0) + 1
    flips = sum(sum(row.values()) for row in matrix.values())
    return RecordingComparison(len(labels), flips, upper_bound(flips, len(labels)), matrix)


def upper_bound(flips: int, count: int) -> float:
    """Share of recordings that flip at most, at 95 % confidence, one-sided.

    C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26(4), 1934. doi:10.1093/biomet/26.4.404
    """
    return 1.0 if flips == count else float(betaincinv(flips + 1, count - flips, CONFIDENCE))


def lower_bound(flips: int, count: int) -> float:
    """Share of recordings that flip at least, at 95 % confidence, one-sided; see `upper_bound`."""
    return 0.0 if flips == 0 else float(betaincinv(flips, count - flips + 1, 1 - CONFIDENCE))


def recordings_needed(flips: int, allowed: float) -> int | None:
    """Return how many recordings, so many of them flipped, show that no larger share than ``allowed`` flips.

    Parameters
    ----------
    flips : int
        At least 0.
    allowed : float
        Share, 0 to 1.

    Returns
    -------
    int or None
        The smallest number whose `upper_bound` is not above; ``None`` where none shows it, or more than `MOST_NEEDED`.
    """
    fewest, most = max(1, flips), 1
    while most < fewest or upper_bound(flips, most) > allowed:
        if most > MOST_NEEDED:
            return None
        most *= 2
    while fewest < most:
        middle = (fewest + most) // 2
        if upper_bound(flips, middle) > allowed:
            fewest = middle + 1
        else:
            most = middle
    return fewest
