"""Which windows are taken for their nearness to the decision boundary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.runtimes import load
from optimization.calibration import calibrate_on
from optimization.recording_set import SetRecording, simulated_set
from optimization.recording_set.boundary import margins_of, near_of, places_of, turns_of
from optimization.recording_set.strata import evenly_spaced


def test_a_margin_is_the_highest_logit_less_the_second():
    logits = np.array([[3, 1, 0.5, -9], [-1, -1, -2, -3], [0, 7, 2, 6.5]], np.float32)

    np.testing.assert_allclose(margins_of(logits), [2.0, 0.0, 0.5])


@given(st.integers(1, 60).flatmap(lambda count: st.tuples(st.just(count), st.integers(0, count))), st.integers(0, 9))
def test_places_are_distinct_rising_and_as_many_as_wanted(case, turn):
    count, wanted = case
    margins = np.random.default_rng(count).random(count, dtype=np.float32)
    places = places_of(count, wanted, margins, turn)

    assert len(places) == wanted
    assert (np.diff(places) > 0).all()
    nearest = np.argsort(margins)[: near_of(wanted, turn)]
    assert set(nearest) <= set(places)


def test_without_a_network_windows_are_spread_over_time_alone():
    np.testing.assert_array_equal(places_of(50, 3), evenly_spaced(50, 3))


def test_one_in_four_is_the_nearest():
    margins = np.array([9, 8, 7, 6, 5, 4, 3, 2, 1, 0.5, 9, 9], np.float32)

    assert places_of(12, 4, margins).tolist() == [1, 5, 9, 10]
    assert places_of(12, 8, margins).tolist() == [0, 2, 4, 5, 7, 8, 9, 11]


def test_of_recordings_that_give_one_window_each_one_in_four_gives_its_nearest():
    members = [SetRecording(str(number), f"{number:064x}", str, 1.0, "ab"[number % 2]) for number in range(16)]
    turns = turns_of(members)

    assert turns == [number // 2 for number in range(16)]
    assert sum(near_of(1, turn) for turn in turns) == 4
    assert {members[place].label for place, turn in enumerate(turns) if near_of(1, turn)} == {"a", "b"}


def test_ranges_are_read_from_what_lies_near_the_boundary_too(untrained_variants, card):
    recordings = simulated_set(4, seed=8)
    with load(untrained_variants[1]) as session:
        calibration = calibrate_on(recordings, card, windows=16, logits=session.predict)
        nearest = [
            one[margins_of(session.predict(one)).argmin()]
            for one in (recording.windows(card) for recording in recordings.recordings)
        ]

    assert calibration.windows.shape == (16, 1, card.window)
    assert all(any(np.array_equal(one, window) for window in calibration.windows) for one in nearest)
    assert calibration.provenance["near_boundary"] == 4
    assert "near_boundary" not in calibrate_on(recordings, card, windows=16).provenance
