"""How far the answers of two variants lie apart: the arithmetic of a proof."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

CONFIDENCE = 0.95


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
    """

    count: int
    flips: int
    flips_upper_bound: float
    flip_matrix: Mapping[str, Mapping[str, int]]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from its fields; raises what `WindowComparison.from_json` raises, or `AttributeError`."""
        matrix = {
            str(was): {str(became): int(count) for became, count in row.items()}
            for was, row in data["flip_matrix"].items()
        }
        return cls(int(data["count"]), int(data["flips"]), float(data["flips_upper_bound"]), matrix)


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


def compare_verdicts(labels: list[tuple[str, str]]) -> RecordingComparison:
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
