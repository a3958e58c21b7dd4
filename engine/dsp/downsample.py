"""Fewer points that draw the same line: views of long recordings."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

FACTOR = 256  #: samples that share one pair of extremes in a `Pyramid`
FEWEST_POINTS = 8


def minmax(row: NDArray[np.float32], points: int) -> NDArray[np.int64]:
    """Return the indices of the lowest and the highest sample in each of ``points // 2 - 1`` equal pieces of a row.

    Nothing that sticks out is lost, however narrow. The last sample is always there.

    Parameters
    ----------
    row : ndarray of float32, shape (N,)
        Finite samples.
    points : int
        At most so many indices come back; at least 8.

    Returns
    -------
    ndarray of int64, shape (P,)
        Rising; all of them where the row has no more than ``points`` samples.

    References
    ----------
    .. [1] J. Van Der Donckt et al., "tsdownsample: High-performance time series downsampling for scalable
       visualization", SoftwareX 29, 2025 (arXiv:2307.05389).
    """
    from tsdownsample import MinMaxDownsampler

    check_points(points)
    if len(row) <= points:
        return np.arange(len(row))
    downsampler = MinMaxDownsampler()  # type: ignore[no-untyped-call]
    kept = downsampler.downsample(np.ascontiguousarray(row), n_out=points - points % 2 - 2)
    # Where the last piece's end is rounded down, the library leaves the last sample out.
    return np.unique([*kept, len(row) - 1]).astype(np.int64)


def minmax_lttb(row: NDArray[np.float32], points: int) -> NDArray[np.int64]:
    """Return the indices of ``points`` samples that keep a row's shape to the eye, the first and the last among them.

    From four extremes a point, those are kept that span the largest triangles with their neighbours: largest
    triangle, three buckets [2]_, on what MinMax preselects [3]_.

    Parameters
    ----------
    row : ndarray of float32, shape (N,)
        Finite samples.
    points : int
        So many indices come back; at least 8.

    Returns
    -------
    ndarray of int64, shape (P,)
        Rising; all of them where the row has no more than ``points`` samples.

    References
    ----------
    .. [2] S. Steinarsson, "Downsampling Time Series for Visual Representation", University of Iceland, 2013.
    .. [3] J. Van Der Donckt et al., "MinMaxLTTB: Leveraging MinMax-Preselection to Scale LTTB", IEEE VIS, 2023.
    """
    from tsdownsample import MinMaxLTTBDownsampler

    check_points(points)
    if len(row) <= points:
        return np.arange(len(row))
    downsampler = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]
    return np.asarray(downsampler.downsample(np.ascontiguousarray(row), n_out=points)).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """A long row with the extremes of every 256 samples, so that any span of it is drawn from little data.

    Attributes
    ----------
    row : ndarray of float32, shape (N,)
        The samples; a memory map will do, of which only short spans are read.
    extremes : ndarray of float32, shape (2, N // 256)
        Lowest and highest sample of each whole block; small enough to be kept beside the recording.
    """

    row: NDArray[np.float32]
    extremes: NDArray[np.float32]

    def __post_init__(self) -> None:
        expected = (2, len(self.row) // FACTOR)
        if self.extremes.shape != expected:
            raise ValueError(f"extremes of shape {self.extremes.shape} are not those of this row, {expected}")

    @classmethod
    def build(cls, row: NDArray[np.float32]) -> Self:
        """Read the whole row once and find its extremes."""
        blocks = row[: len(row) // FACTOR * FACTOR].reshape(-1, FACTOR)
        return cls(row, np.stack([blocks.min(axis=1), blocks.max(axis=1)]).astype(np.float32))

    def overview(self, start: int, stop: int, points: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return a span of the row in few points that hold its every extreme.

        Parameters
        ----------
        start, stop : int
            First sample and the one after the last; what lies outside of the row is left out.
        points : int
            At most so many points come back; at least 8.

        Returns
        -------
        positions : ndarray of int64, shape (P,)
            Sample numbers, rising. Over a long span they are regular, and an extreme stands within its own
            piece of the span, not on its very sample.
        values : ndarray of float32, shape (P,)
            The samples there, or the extremes of the piece.
        """
        check_points(points)
        start = max(start, 0)
        stop = max(start, min(stop, len(self.row)))
        blocks_a_piece = -(-(stop - start) // (FACTOR * (points // 2 - 2)))  # two pieces stay for the span's ends
        if blocks_a_piece < 2:
            span = np.asarray(self.row[start:stop], dtype=np.float32)
            kept = minmax(span, points)
            return kept + start, span[kept]
        first, last = -(-start // FACTOR), stop // FACTOR
        edges = np.arange(first, last, blocks_a_piece)
        lowest = np.minimum.reduceat(self.extremes[0, :last], edges)
        highest = np.maximum.reduceat(self.extremes[1, :last], edges)
        widths = np.minimum(edges + blocks_a_piece, last) - edges
        quarters = edges * FACTOR + np.outer((1, 3), widths) * (FACTOR // 4)
        middle = quarters.T.ravel(), np.stack([lowest, highest], axis=1).ravel()
        parts = [self.extremes_of(start, first * FACTOR), middle, self.extremes_of(last * FACTOR, stop)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def extremes_of(self, start: int, stop: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return where a short span, empty or shorter than a block, is lowest and highest, and these samples."""
        span = np.asarray(self.row[start:stop], dtype=np.float32)
        kept = np.unique([span.argmin(), span.argmax()]) if len(span) else np.empty(0, np.int64)
        return kept + start, span[kept]


def check_points(points: int) -> None:
    """Raise `ValueError` below the fewest points that make a picture."""
    if points < FEWEST_POINTS:
        raise ValueError(f"{points} points make no picture; ask for at least {FEWEST_POINTS}")
