"""The arithmetic of a proof, by known answers and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.diagnosis import calibrated_probabilities
from optimization.proving.comparison import (
    MarginShift,
    WindowTally,
    compare_recordings,
    compare_verdicts,
    compare_windows,
    lower_bound,
    pair_of,
    ratio_db,
    recordings_needed,
    upper_bound,
)

CLASSES = ("normal", "inner", "outer", "ball", "inconclusive")
LOGITS = arrays(np.float32, st.tuples(st.integers(1, 20), st.just(4)), elements=st.floats(-50, 50, width=32))
COUNTED = st.integers(1, 200).flatmap(lambda count: st.tuples(st.integers(0, count - 1), st.just(count)))


def compared(parent, variant):
    tally = WindowTally()
    tally.add(np.asarray(parent, np.float32), np.asarray(variant, np.float32))
    return tally.result()


@given(LOGITS)
def test_equal_logits_differ_in_nothing(logits):
    result = compared(logits, logits.copy())

    assert (result.count, result.top1_agreement, result.sqnr_db, result.max_abs_error) == (len(logits), 1.0, None, 0.0)
    assert result.cosine == pytest.approx(1.0)


# Quarters, because their shares are exact: rounded ones would make two nearly equal logits equal.
@given(arrays(np.float32, (3, 4), elements=st.integers(-200, 200).map(lambda n: n / 4)), st.sampled_from((0.5, 0.75)))
def test_an_error_of_a_share_of_the_logits_has_that_share_in_decibels(logits, factor):
    logits[0, 0] = 1  # at least one that is not zero
    result = compared(logits, logits * np.float32(factor))

    assert result.sqnr_db == pytest.approx(-20 * np.log10(1 - factor), abs=1e-3)
    assert result.top1_agreement == 1.0


@given(LOGITS, st.integers(1, 20))
def test_batches_add_up(logits, size):
    answered = logits + np.float32(0.25)
    tally = WindowTally()
    for start in range(0, len(logits), size):
        tally.add(logits[start : start + size], answered[start : start + size])
    tally.add(logits[:0], answered[:0])
    whole = compared(logits, answered)

    assert tally.result().count == whole.count
    assert tally.result().top1_agreement == whole.top1_agreement
    assert tally.result().sqnr_db == pytest.approx(whole.sqnr_db)
    assert (tally.result().max_abs_error, tally.result().cosine) == (whole.max_abs_error, whole.cosine)


def test_windows_are_compared_by_known_answers():
    result = compared([[3, 0, 0, 0], [0, 4, 0, 0]], [[3, 0, 0, 0], [0, 0, 4, 0]])

    assert result.top1_agreement == 0.5
    assert result.sqnr_db == pytest.approx(10 * np.log10(25 / 32))
    assert (result.max_abs_error, result.cosine) == (4.0, 0.0)


def test_logits_of_zero_have_a_cosine():
    assert compared([[0, 0]], [[0, 0]]).cosine == 1.0
    assert compared([[0, 0]], [[1, 0]]).cosine == 0.0


def test_no_power_is_no_infinite_ratio():
    assert np.isfinite(ratio_db(0.0, 1.0))
    assert np.isfinite(ratio_db(1.0, 5e-324))


@pytest.mark.parametrize(
    ("flips", "count", "bound"),
    [(0, 40, 1 - 0.05 ** (1 / 40)), (0, 20, 1 - 0.05 ** (1 / 20)), (0, 299, 0.00997), (1, 40, 0.1132), (40, 40, 1.0)],
)
def test_the_upper_bound_of_flips_is_the_known_one(flips, count, bound):
    assert upper_bound(flips, count) == pytest.approx(bound, abs=5e-5)


@given(COUNTED)
def test_bounds_enclose_the_share_and_rise_with_the_flips(case):
    flips, count = case

    assert lower_bound(flips, count) <= flips / count <= upper_bound(flips, count)
    assert lower_bound(flips, count) < lower_bound(flips + 1, count)
    assert upper_bound(flips, count) < upper_bound(flips + 1, count)


@given(COUNTED)
def test_more_recordings_without_more_flips_lower_the_upper_bound(case):
    flips, count = case

    assert upper_bound(flips, count + 1) < upper_bound(flips, count)


@given(COUNTED)
def test_the_bounds_mirror_each_other(case):
    flips, count = case

    assert lower_bound(count - flips, count) == pytest.approx(1 - upper_bound(flips, count))


def test_flips_are_counted_by_what_they_were_and_became():
    pairs = [("ball", "inner"), ("ball", "inner"), ("ball", "ball"), ("inner", "inconclusive")]
    result = compare_verdicts(pairs)

    assert (result.count, result.flips) == (4, 3)
    assert result.flip_matrix == {"ball": {"inner": 2}, "inner": {"inconclusive": 1}}
    assert result.flips_upper_bound == upper_bound(3, 4)


@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1, max_size=60))
def test_the_matrix_holds_every_flip_once_and_nothing_else(pairs):
    result = compare_verdicts(pairs)

    assert sum(sum(row.values()) for row in result.flip_matrix.values()) == result.flips
    assert result.flips == sum(was != became for was, became in pairs)
    assert not any(was in row for was, row in result.flip_matrix.items())


@given(st.integers(0, 40), st.integers(1, 999).map(lambda thousandths: thousandths / 1000))
def test_as_many_recordings_as_are_needed_suffice_and_one_less_does_not(flips, allowed):
    needed = recordings_needed(flips, allowed)

    assert upper_bound(flips, needed) <= allowed
    assert needed <= max(1, flips) or upper_bound(flips, needed - 1) > allowed


@pytest.mark.parametrize(
    ("flips", "allowed", "needed"), [(0, 0.01, 299), (0, 0.1, 29), (1, 0.1, 46), (0, 0.0, None), (3, 1.0, 3)]
)
def test_recordings_that_are_needed_are_the_known_ones(flips, allowed, needed):
    assert recordings_needed(flips, allowed) == needed


def test_a_margin_is_of_the_mean_probabilities_and_shifts_with_them(card):
    parent = np.log(np.array([[0.7, 0.1, 0.1, 0.1], [0.5, 0.3, 0.1, 0.1]], np.float32))
    variant = np.log(np.array([[0.6, 0.2, 0.1, 0.1], [0.2, 0.6, 0.1, 0.1]], np.float32))
    pair = pair_of(parent, variant, card)

    assert (pair.was, pair.became) == ("normal", "inconclusive")
    assert pair.margin == pytest.approx(0.6 - 0.2, abs=1e-6)
    assert pair.shift == pytest.approx((0.4 - 0.4) - 0.4, abs=1e-6)
    assert (pair.windows.count, pair.agreeing) == (2, 1)


def test_a_margin_falls_below_zero_where_another_class_came_first(card):
    parent, variant = (np.log(np.array([row], np.float32)) for row in ([0.7, 0.1, 0.1, 0.1], [0.2, 0.6, 0.1, 0.1]))
    pair = pair_of(parent, variant, card)

    assert (pair.was, pair.became) == ("normal", "inner")
    assert pair.margin + pair.shift == pytest.approx(0.2 - 0.6, abs=1e-6)


def test_margins_of_recordings_are_their_smallest_their_mean_and_their_worst(card):
    parent = np.array([[4, 0, 0, 0]], np.float32)
    pairs = [pair_of(parent, parent + np.float32([change, 0, 0, 0]), card) for change in (-1.0, 0.5)]
    margins = compare_recordings(pairs).margins
    expected = [margin_of(np.array([[4 + change, 0, 0, 0]]), card) - margin_of(parent, card) for change in (-1.0, 0.5)]

    assert margins.smallest_parent == pytest.approx(margin_of(parent, card))
    assert (margins.worst_shift, margins.mean_shift) == pytest.approx((expected[0], sum(expected) / 2))
    assert margins.largest_logit_change == 1.0
    assert MarginShift.from_json({name: getattr(margins, name) for name in MarginShift.__dataclass_fields__}) == margins


def margin_of(logits, card):
    first, second, *_ = sorted(calibrated_probabilities(logits, card.temperature)[0], reverse=True)
    return first - second


@given(st.lists(arrays(np.float32, (3, 4), elements=st.floats(-9, 9, width=32)), min_size=1, max_size=5))
def test_recordings_add_up_to_all_windows(card, recordings):
    answered = [logits + np.float32([0.5, 0, 0, 0]) for logits in recordings]
    pairs = [pair_of(parent, variant, card) for parent, variant in zip(recordings, answered, strict=True)]
    summed, whole = compare_windows(pairs), compared(np.concatenate(recordings), np.concatenate(answered))

    assert (summed.count, summed.max_abs_error) == (whole.count, whole.max_abs_error)
    assert summed.top1_agreement == pytest.approx(whole.top1_agreement)
    assert summed.sqnr_db == pytest.approx(whole.sqnr_db)
    assert summed.cosine == pytest.approx(whole.cosine)
