"""What a set says of its recordings."""

import numpy as np
import pytest

from engine.description import Description
from engine.errors import CalibrationError
from engine.signal import Channel, Signal
from optimization.recording_set import RecordingSet, SetRecording, described_recording, require_rate, simulated_set


def unloaded(number, rate_hz=12_000.0):
    """A member of which only what is said of it matters."""
    return SetRecording(f"{number}.npz", f"{number:064x}", pytest.fail, rate_hz)


def set_of(*members):
    return RecordingSet("recordings", members)


def test_a_set_says_where_it_comes_from():
    described = simulated_set(1, seed=9).described()

    assert (described["source"], described["seed"]) == ("simulated", 9)
    assert set(described["recordings"][0]) == {"name", "digest", "label", "specimen"}
    assert "seed" not in set_of(unloaded(1)).described()


def test_another_rate_is_refused_by_name(card):
    with pytest.raises(CalibrationError, match=r"2\.npz was sampled at 25600 Hz.*12000 Hz.*--resample"):
        require_rate((unloaded(1), unloaded(2, rate_hz=25_600.0)), card)
    require_rate((unloaded(1),), card)


def test_what_is_said_of_a_measured_recording_is_kept():
    signal = Signal(np.sin(np.arange(100.0)), 25_600.0, (Channel("a"),), shaft_speed_hz=29.95)
    said = Description(label="inner", specimen="A", rig="cwru", notes={"load": "2 hp", "note": "x"})
    one = described_recording("105.mat", "ab" * 32, lambda: signal, signal, said)

    assert (one.label, one.specimen, one.rig, one.machine_load) == ("inner", "A", "cwru", "2 hp")
    assert (one.sampling_rate_hz, one.shaft_speed_hz, one.simulated) == (25_600.0, 29.95, False)
    assert one.load() is signal


def test_an_unknown_condition_is_no_label():
    signal = Signal(np.sin(np.arange(100.0)), 12_000.0, (Channel("a"),))

    assert described_recording("a", "ab" * 32, lambda: signal, signal, Description(label="unknown")).label is None
