import numpy as np
import pytest

from engine.errors import TooShortError
from engine.preparation import prepare, zscore
from engine.signal import Channel, Signal

SOURCE_RATES_HZ = [9_600.0, 12_000.0, 20_480.0, 25_600.0, 44_100.0, 48_000.0, 48_828.0, 51_200.0, 97_656.25]


def white(rate_hz, seconds=3.0):
    samples = np.random.default_rng(1).standard_normal((1, round(rate_hz * seconds)))
    return Signal(samples, rate_hz, (Channel("noise"),))


@pytest.mark.parametrize("rate_hz", SOURCE_RATES_HZ)
def test_above_the_cards_band_windows_hold_60_db_less_at_every_source_rate(card, rate_hz):
    windows = prepare(white(rate_hz), card).windows[:, 0]
    # Blackman's side lobes lie below -58 dB at once and fall by 18 dB an octave: the window hides nothing.
    power = np.abs(np.fft.rfft(windows * np.blackman(card.window))) ** 2
    frequency_hz = np.fft.rfftfreq(card.window, 1 / card.sampling_rate_hz)
    band_hz = card.band_hz[1]
    density_inside = power[:, frequency_hz < 0.9 * min(band_hz, rate_hz / 2)].mean()
    density_above = power[:, frequency_hz > band_hz + 3 * card.sampling_rate_hz / card.window].mean()

    assert 10 * np.log10(density_inside / density_above) > 60


def test_windows_are_normalised_and_placed_in_seconds(card, signal):
    prepared = prepare(signal, card)

    assert prepared.windows.shape == (10, 1, 2048)
    assert prepared.windows.dtype == np.float32
    np.testing.assert_allclose(prepared.windows.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(prepared.windows.std(axis=-1), 1, rtol=1e-4)
    np.testing.assert_allclose(prepared.start_s, np.arange(10) * 1024 / 12_000)
    assert prepared.silent == 0


def test_gain_and_offset_do_not_reach_the_network(card, signal):
    louder = Signal(signal.samples * 100 + 7, signal.sampling_rate, signal.channels)

    np.testing.assert_allclose(prepare(louder, card).windows, prepare(signal, card).windows, atol=2e-3)


def test_a_dropout_is_left_out_and_counted(card, signal):
    samples = signal.samples.copy()
    samples[:, 5000:9000] = 0
    prepared = prepare(Signal(samples, signal.sampling_rate, signal.channels), card)

    assert prepared.silent == 2
    assert len(prepared.windows) == len(prepared.start_s) == 8
    assert not np.isin(prepared.start_s, [5 * 1024 / 12_000, 6 * 1024 / 12_000]).any()


def test_shorter_than_a_window_is_never_padded(card):
    with pytest.raises(TooShortError, match=r"0\.17 s, one window of the network 0\.171 s"):
        prepare(Signal(np.arange(2040), 12_000.0, (Channel("x"),)), card)


def test_a_window_that_never_changes_stays_zero():
    windows, level = zscore(np.ones((2, 1, 8), dtype=np.float32))

    assert not windows.any()
    assert not level.any()
