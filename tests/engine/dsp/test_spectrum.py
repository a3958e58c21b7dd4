import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dsp.spectrum import welch
from engine.signal import Channel, Signal


def signal_of(rows, rate_hz=12_000.0, unit="g"):
    rows = np.atleast_2d(rows)
    return Signal(rows, rate_hz, tuple(Channel(f"channel {number}", unit) for number in range(len(rows))))


@settings(max_examples=30, deadline=None)
@given(frequency_hz=st.floats(50, 5_900), amplitude=st.floats(0.1, 50))
def test_a_sinusoid_adds_half_its_amplitude_squared_around_its_frequency(frequency_hz, amplitude):
    seconds = np.arange(60_000) / 12_000

    spectrum = welch(signal_of(3 + amplitude * np.sin(2 * np.pi * frequency_hz * seconds)))

    near = np.abs(spectrum.frequency_hz - frequency_hz) < 4 * spectrum.resolution_hz
    assert abs(spectrum.frequency_hz[spectrum.values[0].argmax()] - frequency_hz) <= spectrum.resolution_hz
    assert spectrum.values[0, near].sum() * spectrum.resolution_hz == pytest.approx(amplitude**2 / 2, rel=0.01)


def test_white_noise_has_its_variance_spread_evenly():
    noise = 2 * np.random.default_rng(0).standard_normal(1_000_000)

    spectrum = welch(signal_of(noise))

    assert spectrum.values[0, 2:-2].mean() == pytest.approx(4 / 6_000, rel=0.01)
    assert spectrum.values[0].sum() * spectrum.resolution_hz == pytest.approx(noise.var(), rel=0.01)


@pytest.mark.parametrize("samples", [2, 3, 17, 400, 12_345, 2_500_000])
def test_it_agrees_with_scipy(samples):
    from scipy import signal as scipy_signal

    rows = np.random.default_rng(0).standard_normal((2, samples)).astype(np.float32) + 1

    spectrum = welch(signal_of(rows))

    length = round(12_000 / spectrum.resolution_hz)
    frequency_hz, expected = scipy_signal.welch(rows, 12_000, nperseg=length, noverlap=length - max(length // 2, 1))
    assert spectrum.frequency_hz == pytest.approx(frequency_hz)
    assert spectrum.values == pytest.approx(expected, rel=1e-3, abs=1e-9)


def test_the_resolution_is_the_one_that_was_asked_for():
    spectrum = welch(signal_of(np.random.default_rng(0).standard_normal(50_000)), resolution_hz=2.0)

    assert spectrum.resolution_hz == pytest.approx(2.0)
    assert spectrum.frequency_hz[:3] == pytest.approx([0, 2, 4])


@pytest.mark.parametrize(("unit", "expected"), [("g", "g²/Hz"), ("m/s2", "(m/s²)²/Hz"), (None, "unit²/Hz")])
def test_quantity_and_unit_are_named(unit, expected):
    spectrum = welch(signal_of(np.arange(100.0), unit=unit))

    assert (spectrum.quantity, spectrum.unit) == ("power spectral density", expected)


def test_channels_of_different_units_share_none():
    signal = Signal(np.arange(20.0).reshape(2, 10), 100.0, (Channel("a", "g"), Channel("b", "V")))

    assert welch(signal).unit == "unit²/Hz"


@pytest.mark.parametrize("resolution_hz", [0.0, -1.0, float("nan")])
def test_an_impossible_resolution_is_refused(resolution_hz):
    with pytest.raises(ValueError, match="impossible"):
        welch(signal_of(np.arange(100.0)), resolution_hz=resolution_hz)
