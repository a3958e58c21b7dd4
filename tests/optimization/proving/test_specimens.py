"""Intervals by specimen: where there are enough, and what they respect."""

import numpy as np
import pytest

from optimization.proving.comparison import Pair, WindowComparison
from optimization.proving.specimens import FEWEST_SPECIMENS, Specimens, by_specimen
from optimization.recording_set import SetRecording


def recording(specimen, label="inner"):
    return SetRecording("a", "0" * 64, pytest.fail, 12_000.0, label, specimen)


def pair(became="inner", agreeing=10, error_power=1.0):
    windows = WindowComparison(10, agreeing / 10, 20.0, 0.1, 1.0)
    return Pair("inner", became, windows, 100.0, error_power, 0.5, 0.0)


def intervals(recordings, pairs):
    return by_specimen(recordings, pairs, [True] * len(pairs)).intervals


def test_few_specimens_are_counted_plainly():
    recordings = [recording(str(number % 9)) for number in range(90)]
    found = by_specimen(recordings, [pair("outer"), *([pair()] * 89)], [True] * 90)

    assert (found.count, found.unknown, found.flipped, found.intervals) == (9, 0, 1, {})
    assert intervals([recording(str(number % FEWEST_SPECIMENS)) for number in range(90)], [pair()] * 90)


def test_one_recording_of_nobody_knows_which_specimen_leaves_plain_counts():
    recordings = [recording(str(number)) for number in range(20)] + [recording(None)]
    found = by_specimen(recordings, [pair()] * 21, [True] * 21)

    assert (found.count, found.unknown, found.intervals) == (20, 1, {})


def test_what_never_varies_has_an_interval_without_width():
    found = intervals([recording(str(number)) for number in range(12)], [pair()] * 12)

    assert found["top1_agreement"] == (1.0, 1.0)
    assert found["sqnr_db"] == pytest.approx((20.0, 20.0))
    assert found["accuracy_parent"] == found["accuracy_variant"] == (1.0, 1.0)
    assert "flips_share" not in found  # none was seen, so drawing again can't bound it


def test_every_recording_of_a_specimen_counts():
    pairs = [pair(agreeing=10 * (number % 2)) for number in range(20)]

    assert intervals([recording(str(number // 2)) for number in range(20)], pairs)["top1_agreement"] == (0.5, 0.5)


def test_recordings_of_one_bearing_are_no_independent_witnesses():
    flips = [pair("outer") if number % 20 < 2 else pair() for number in range(200)]
    alone = intervals([recording(str(number)) for number in range(200)], flips)["flips_share"]
    together = intervals([recording(str(number % 20)) for number in range(200)], flips)["flips_share"]

    assert together[1] - together[0] > 2 * (alone[1] - alone[0])
    assert alone[0] < 0.1 < alone[1]


def test_an_interval_holds_the_true_share_about_as_often_as_it_says():
    random = np.random.default_rng(5)
    held = 0
    for _ in range(40):
        shares = random.beta(8, 2, size=25)  # every specimen agrees in its own share of windows, 0.8 on average
        pairs = [pair(agreeing=int(random.binomial(10, share))) for share in shares for _ in range(3)]
        members = [recording(str(number // 3)) for number in range(75)]
        low, high = intervals(members, pairs)["top1_agreement"]
        held += low <= 0.8 <= high

    assert 34 <= held <= 40


def test_accuracies_are_of_the_known_recordings_alone():
    recordings = [recording(str(number)) for number in range(12)]
    pairs = [pair("outer"), *([pair()] * 11)]
    found = by_specimen(recordings, pairs, [number > 0 for number in range(12)]).intervals

    assert found["accuracy_variant"] == (1.0, 1.0)
    assert "accuracy_variant" not in by_specimen(recordings, pairs, [False] * 12).intervals


def test_what_was_found_is_read_back_and_comes_out_the_same_every_time():
    recordings = [recording(str(number)) for number in range(12)]
    pairs = [pair("outer", 7, 4.0), *([pair()] * 11)]
    found = by_specimen(recordings, pairs, [True] * 12)

    assert Specimens.from_json(found.to_json()) == found == by_specimen(recordings, pairs, [True] * 12)
