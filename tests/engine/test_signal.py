import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import (
    ConstantSignalError,
    EmptySignalError,
    LevelImpossibleError,
    NotFiniteError,
    SamplingRateInvalidError,
    ShaftSpeedInvalidError,
)
from engine.signal import Channel, Signal

DE = (Channel("DE_time"),)
RAMP = np.arange(10, dtype=np.float32)


def test_long_recordings_are_not_copied():
    samples = np.arange(1000, dtype=np.float32)[np.newaxis]

    assert np.shares_memory(Signal(samples, 12_000.0, DE).samples, samples)


def test_samples_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        Signal(RAMP, 12_000.0, DE).samples[0, 0] = 1


def test_a_row_becomes_one_channel_of_float32():
    signal = Signal(RAMP.astype(np.float64), 12_000.0, DE)

    assert signal.samples.shape == (1, 10)
    assert signal.samples.dtype == np.float32


def test_duration_and_revolutions_follow_from_rate_and_speed():
    signal = Signal(np.arange(6000), 12_000.0, DE, shaft_speed_hz=30.0)

    assert signal.duration_s == 0.5
    assert signal.revolutions == 15
    assert Signal(RAMP, 12_000.0, DE).revolutions is None


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e8])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(SamplingRateInvalidError, match="Hz is impossible"):
        Signal(RAMP, rate, DE)


@pytest.mark.parametrize("speed", [-1, float("nan"), 1e6])
def test_an_impossible_speed_is_refused(speed):
    with pytest.raises(ShaftSpeedInvalidError, match="rpm is impossible"):
        Signal(RAMP, 12_000.0, DE, shaft_speed_hz=speed)


@pytest.mark.parametrize("length", [0, 1])
def test_fewer_than_two_samples_are_no_signal(length):
    with pytest.raises(EmptySignalError):
        Signal(RAMP[:length], 12_000.0, DE)


def test_a_constant_channel_is_named():
    with pytest.raises(ConstantSignalError, match="FE_time"):
        Signal(np.stack([RAMP, np.ones(10)]), 12_000.0, (Channel("DE_time"), Channel("FE_time")))


@given(st.integers(0, 9), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_the_first_sample_that_is_no_number_is_found(place, value):
    samples = RAMP.copy()
    samples[place:] = value

    with pytest.raises(NotFiniteError, match=f"first at sample {place}") as caught:
        Signal(samples, 12_000.0, DE)
    assert caught.value.sample == place


def test_every_row_needs_a_name():
    with pytest.raises(ValueError, match="1 channels named, 2 rows"):
        Signal(np.stack([RAMP, RAMP]), 12_000.0, DE)


@pytest.mark.parametrize("scale", [1e25, 1e-25])
def test_a_level_that_no_sensor_gives_is_refused(scale):
    with pytest.raises(LevelImpossibleError, match="check its scale factor"):
        Signal(RAMP * scale, 12_000.0, DE)
