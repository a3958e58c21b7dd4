"""Fewer points that draw the same line: views of long recordings."""

import numpy as np
from numpy.typing import NDArray

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


def check_points(points: int) -> None:
    """Raise `ValueError` below the fewest points that make a picture."""
    if points < FEWEST_POINTS:
        raise ValueError(f"{points} points make no picture; ask for at least {FEWEST_POINTS}")
