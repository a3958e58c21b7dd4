"""Which windows ranges are read from."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CalibrationError, DamagedFileError
from engine.signal import Channel, Signal
from optimization.calibration import WINDOWS, calibrate_on, distribute, evenly_spaced, shares_of, simulated_calibration
from optimization.recording_set import RecordingSet, SetRecording, simulated_set


def noise(number, samples, label=None):
    """A recording of seeded noise, as long as is asked for."""

    def load():
        row = np.random.default_rng(number).standard_normal(samples, dtype=np.float32)
        return Signal(row, 12_000.0, (Channel("noise"),))

    return SetRecording(f"noise {number}", f"{number:064x}", load, 12_000.0, label)


def set_of(*members):
    return RecordingSet("recordings", members)


def windows_by_recording(calibration, recordings, card):
    """How many of the chosen windows are of which recording."""
    return [
        sum(any(np.array_equal(window, one) for one in recording.windows(card)) for window in calibration.windows)
        for recording in recordings.recordings
    ]


@given(total=st.integers(0, 200), held=st.lists(st.integers(0, 30), max_size=12))
def test_a_number_is_shared_out_evenly_and_to_none_more_than_it_holds(total, held):
    shares = distribute(total, held)

    assert sum(shares) == min(total, sum(held))
    assert all(0 <= share <= most for share, most in zip(shares, held, strict=True))
    unsated = [share for share, most in zip(shares, held, strict=True) if share < most]
    assert not unsated or max(shares) <= min(unsated) + 1


@given(st.integers(1, 500).flatmap(lambda count: st.tuples(st.just(count), st.integers(0, count))))
def test_places_are_distinct_and_evenly_spaced(case):
    count, wanted = case
    places = evenly_spaced(count, wanted).tolist()

    assert len(set(places)) == wanted
    assert all(0 <= place < count for place in places)
    gaps = np.diff(places)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


def test_labels_weigh_the_same_however_many_recordings_they_have():
    members = [noise(number, 0, "normal") for number in range(9)] + [noise(9, 0, "inner")]
    shares = shares_of(members, [100] * 10, 60)

    assert sum(shares[:9]) == 30
    assert shares[9] == 30


def test_windows_come_from_every_label_and_recording(card):
    recordings = simulated_set(8, seed=2)
    calibration = calibrate_on(recordings, card, windows=16)

    assert calibration.windows.shape == (16, 1, card.window)
    assert calibration.windows.dtype == np.float32
    assert windows_by_recording(calibration, recordings, card) == [2] * 8


def test_fewer_windows_than_recordings_come_from_different_ones(card):
    recordings = simulated_set(12, seed=2, duration_s=0.5)
    calibration = calibrate_on(recordings, card, windows=4)

    assert [used["label"] for used in calibration.provenance["recordings"]] == ["normal", "inner", "outer", "ball"]


def test_windows_lie_apart_in_time(card):
    recordings = set_of(noise(1, card.window * 50))
    calibration = calibrate_on(recordings, card, windows=3)
    every = recordings.recordings[0].windows(card)
    places = [next(at for at, one in enumerate(every) if np.array_equal(one, chosen)) for chosen in calibration.windows]

    assert places == [16, 49, 82]


def test_short_recordings_leave_their_share_to_others(card):
    recordings = set_of(noise(1, card.window - 1), noise(2, card.window), noise(3, card.window * 20))
    calibration = calibrate_on(recordings, card, windows=12)

    assert windows_by_recording(calibration, recordings, card) == [0, 1, 11]
    assert [used["name"] for used in calibration.provenance["recordings"]] == ["noise 2", "noise 3"]


def test_where_there_are_too_few_windows_all_are_taken(card):
    calibration = calibrate_on(set_of(noise(1, card.window * 2)), card, windows=64)

    assert len(calibration.windows) == calibration.provenance["windows"] == 3


def test_recordings_without_a_window_are_told(card):
    with pytest.raises(CalibrationError, match=r"None of 2 recordings holds a window of WDCNN, 0\.171 s"):
        calibrate_on(set_of(noise(1, 100), noise(2, 100)), card)


def test_no_windows_can_not_be_asked_for(card):
    with pytest.raises(CalibrationError, match="0 windows"):
        calibrate_on(set_of(noise(1, 10_000)), card, windows=0)


def test_a_recording_that_can_not_be_read_is_told(card):
    def load():
        raise DamagedFileError("cut.npz", "it ends early")

    with pytest.raises(DamagedFileError, match=r"cut\.npz"):
        calibrate_on(set_of(noise(1, 10_000), replace(noise(2, 10_000), load=load)), card)


def test_one_recording_is_held_at_a_time(card):
    held, most = 0, 0

    class Counted(Signal):
        def __del__(self):
            nonlocal held
            held -= 1

    def loading(recording):
        def load():
            nonlocal held, most
            signal = recording.load()
            held += 1
            most = max(most, held)
            return Counted(signal.samples, signal.sampling_rate, signal.channels)

        return replace(recording, load=load)

    calibrate_on(set_of(*(loading(noise(number, card.window * 4)) for number in range(6))), card, windows=6)

    assert most == 1


def test_simulated_windows_are_the_same_every_time(card):
    one, other = simulated_calibration(card), simulated_calibration(card)

    np.testing.assert_array_equal(one.windows, other.windows)
    assert one.provenance == other.provenance == json.loads(json.dumps(one.provenance))
    assert (one.provenance["source"], one.provenance["windows"]) == ("simulated", WINDOWS)
    assert len(one.provenance["recordings"]) == WINDOWS


@pytest.mark.parametrize("windows", [1, 200])
def test_as_many_simulated_windows_are_made_as_are_asked_for(card, windows):
    long = replace(card, window=20_480, hop=10_240)

    assert simulated_calibration(long, windows=windows).windows.shape == (windows, 1, 20_480)
