from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dsp.downsample import FACTOR, Pyramid, minmax, minmax_lttb


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


@pytest.mark.parametrize("find", [minmax, minmax_lttb, lambda row, points: Pyramid.build(row).overview(0, 99, points)])
def test_too_few_points_for_a_picture_are_refused(find):
    with pytest.raises(ValueError, match="no picture"):
        find(row_of(100), 7)


@settings(max_examples=60, deadline=None)
@given(
    samples=st.integers(1, 60_000),
    ends=st.tuples(st.integers(-100, 61_000), st.integers(-100, 61_000)),
    points=st.integers(8, 60),
    seed=st.integers(0, 99),
)
def test_an_overview_holds_the_extremes_of_its_span_in_order_and_within_it(samples, ends, points, seed):
    row = row_of(samples, seed)
    start, stop = ends

    positions, values = Pyramid.build(row).overview(start, stop, points)

    span = row[max(start, 0) : max(stop, 0)]
    assert len(positions) == len(values) <= points
    assert np.all(np.diff(positions) > 0)
    if len(span):
        assert (values.min(), values.max()) == (span.min(), span.max())
        assert max(start, 0) <= positions[0] <= positions[-1] < min(stop, samples)
    else:
        assert len(values) == 0


def test_a_short_span_shows_the_samples_themselves():
    row = row_of(100_000)

    positions, values = Pyramid.build(row).overview(40_000, 40_050, 1_000)

    assert positions.tolist() == list(range(40_000, 40_050))
    assert np.array_equal(values, row[40_000:40_050])


@pytest.mark.parametrize("outside", [99_999, 900_001])
def test_what_lies_just_outside_of_a_long_span_is_not_in_it(outside):
    row = row_of(1_000_000)
    row[outside] = 100

    _, values = Pyramid.build(row).overview(100_000, 900_001, 400)

    assert values.max() < 10


def test_an_extreme_of_a_long_span_stands_in_its_own_piece():
    row = row_of(1_000_000)
    row[654_321] = 100

    positions, values = Pyramid.build(row).overview(0, 1_000_000, 400)

    assert abs(int(positions[values.argmax()]) - 654_321) < 1_000_000 / 190


def test_a_pyramid_can_be_kept_and_laid_over_a_memory_map(tmp_path):
    row = row_of(5_000_000)
    np.save(tmp_path / "row.npy", row)
    built = Pyramid.build(row)
    mapped = np.load(tmp_path / "row.npy", mmap_mode="r")

    positions, values = Pyramid(mapped, built.extremes).overview(123, 4_999_999, 4_000)

    expected = built.overview(123, 4_999_999, 4_000)
    assert np.array_equal(positions, expected[0])
    assert np.array_equal(values, expected[1])
    assert built.extremes.nbytes == 5_000_000 // FACTOR * 8


def test_extremes_of_another_row_are_refused():
    with pytest.raises(ValueError, match="not those of this row"):
        Pyramid(row_of(1_000), np.zeros((2, 5), np.float32))
