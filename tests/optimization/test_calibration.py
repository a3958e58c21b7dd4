"""Which windows ranges are read from."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import CalibrationError, DamagedFileError
from engine.signal import Channel, Signal
from optimization.calibration import HELD, WINDOWS, calibrate_on, require_machines, simulated_calibration
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


def test_batches_are_the_windows_in_their_order_whatever_their_size(card):
    calibration = calibrate_on(set_of(noise(1, card.window * 4), noise(2, card.window * 3)), card, windows=9)

    for size in (1, 4, 5, 100):
        batches = [batch.copy() for batch in calibration.batches(size)]
        assert [len(batch) for batch in batches[:-1]] == [min(size, 9)] * (len(batches) - 1)
        np.testing.assert_array_equal(np.concatenate(batches), calibration.windows)


def test_few_windows_are_kept_and_many_are_loaded_again_as_the_same_ones(card, monkeypatch):
    loads = []

    def counted(recording):
        return replace(recording, load=lambda: loads.append(recording.name) or recording.load())

    members = [counted(noise(number, card.window * 8)) for number in range(3)]
    few = calibrate_on(set_of(*members), card, windows=30)
    kept = few.windows
    assert len(loads) == 3
    monkeypatch.setattr("optimization.calibration.HELD", 29)
    many = calibrate_on(set_of(*members), card, windows=30)

    np.testing.assert_array_equal(many.windows, kept)
    assert len(loads) == 9
    assert all(part.held is None for part in many.parts)
    assert many.provenance == few.provenance


def test_memory_does_not_grow_with_the_number_of_windows(card):
    short = replace(card, window=256, hop=128)

    def peak(count):
        recordings = set_of(*(noise(number, short.window * 50) for number in range(count // 60)))
        tracemalloc.start()
        calibration = calibrate_on(recordings, short, windows=count)
        given = sum(len(batch) for batch in calibration.batches(4))
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert given == count
        return reached

    peak(2 * HELD)  # what is imported and cached at first
    assert peak(16 * HELD) < 1.5 * peak(2 * HELD)


def test_random_noise_is_told_and_refused_with_the_name_of_the_first(card):
    machine = replace(simulated_set(1, seed=2).recordings[0], simulated=False)
    calibration = calibrate_on(set_of(machine, noise(1, 50_000), noise(2, 50_000)), card, windows=6)

    assert calibration.noise == ("noise 1", "noise 2")
    assert calibration.provenance["noise"] is True
    with pytest.raises(CalibrationError, match=r"noise 1 holds random noise, and 1 more of 3: .*--force-noise"):
        require_machines(calibration)


def test_machines_are_not_told_to_be_noise(card):
    calibration = calibrate_on(simulated_set(8, seed=2), card, windows=8)

    require_machines(calibration)
    assert "noise" not in calibration.provenance


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
