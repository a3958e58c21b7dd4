from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dsp.downsample import minmax, minmax_lttb


def row_of(samples, seed=0):
    return np.random.default_rng(seed).standard_normal(samples, dtype=np.float32)


def plain_minmax(row, points):
    """Lowest and highest sample of each of points // 2 equal pieces, the slow way."""
    edges = np.linspace(0, len(row), points // 2 + 1)
    pieces = [np.arange(len(row))[int(start) : int(stop)] for start, stop in pairwise(edges)]
    return sorted({int(piece[find(row[piece])]) for piece in pieces for find in (np.argmin, np.argmax)})


def plain_lttb(row, kept, points):
    """Largest triangle, three buckets (Steinarsson 2013) on some of a row's samples, the slow way."""
    inner = np.array_split(kept[1:-1], points - 2)
    chosen = [kept[0]]
    for bucket, following in zip(inner, [*inner[1:], kept[-1:]], strict=True):
        far = following.mean(), row[following].mean()
        areas = np.abs(
            (chosen[-1] - far[0]) * (row[bucket] - row[chosen[-1]]) - (chosen[-1] - bucket) * (far[1] - row[chosen[-1]])
        )
        chosen.append(bucket[areas.argmax()])
    return np.array([*chosen, kept[-1]])


@settings(max_examples=40, deadline=None)
@given(samples=st.integers(60, 2_000), points=st.integers(8, 50), seed=st.integers(0, 1_000))
def test_within_a_piece_of_every_sample_stand_one_as_high_and_one_as_low(samples, points, seed):
    row = row_of(samples, seed)

    kept = minmax(row, points)

    piece = samples / (points // 2 - 1) + 1
    for index, value in enumerate(row):
        near = row[kept[np.abs(kept - index) <= piece]]
        assert near.min() <= value <= near.max()


def test_minmax_keeps_nearly_what_the_plain_version_keeps():
    row = row_of(100_000)

    # Up to the last place of a float in the edges of the pieces.
    assert len(set(minmax(row, 1_002)) & set(plain_minmax(row, 1_000))) > 990


@pytest.mark.parametrize("samples", range(100, 400, 7))
def test_a_blow_at_either_end_is_not_lost(samples):
    row = row_of(samples)
    row[0], row[-1] = -50, 50

    kept = minmax(row, 22)

    assert (kept[0], kept[-1]) == (0, samples - 1)


@given(samples=st.integers(1, 3_000), points=st.integers(8, 500), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_minmax_loses_no_extreme_and_stays_within_its_points(samples, points, seed):
    row = row_of(samples, seed)

    kept = minmax(row, points)

    assert len(kept) <= max(points, 1)
    assert np.all(np.diff(kept) > 0)
    assert (row[kept].min(), row[kept].max()) == (row.min(), row.max())


@given(samples=st.integers(1, 3_000), points=st.integers(8, 300), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_minmax_lttb_keeps_both_ends_and_as_many_points_as_asked(samples, points, seed):
    kept = minmax_lttb(row_of(samples, seed), points)

    assert len(kept) == min(points, samples)
    assert (kept[0], kept[-1]) == (0, samples - 1)
    assert np.all(np.diff(kept) > 0)


def test_minmax_lttb_draws_the_line_as_well_as_the_plain_version():
    row = np.cumsum(row_of(20_000)).astype(np.float32)

    kept = minmax_lttb(row, 200)

    plain = plain_lttb(row, np.array([0, *(set(plain_minmax(row, 800)) - {0, 19_999}), 19_999]).astype(int), 200)
    everywhere = np.arange(len(row))
    miss, plain_miss = (np.abs(np.interp(everywhere, some, row[some]) - row).mean() for some in (kept, np.sort(plain)))
    assert miss <= 1.1 * plain_miss


@pytest.mark.parametrize("find", [minmax, minmax_lttb])
def test_too_few_points_for_a_picture_are_refused(find):
    with pytest.raises(ValueError, match="no picture"):
        find(row_of(100), 7)
