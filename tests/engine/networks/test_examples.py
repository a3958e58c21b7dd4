import numpy as np
import pytest

from engine.networks.examples import Augmentation, WindowSource, make_example
from engine.signal import Channel, Signal
from engine.simulation.rolling import RollingBearing, simulate


@pytest.fixture
def examples(card):
    return [
        make_example(simulate(RollingBearing(condition=condition, duration_s=1.0, seed=seed)), label, card)
        for label, condition in enumerate(card.classes)
        for seed in range(2)
    ]


def test_equal_seeds_draw_equal_windows(card, examples):
    windows, labels = WindowSource([examples], card, seed=1).draw(16)
    again, labels_again = WindowSource([examples], card, seed=1).draw(16)

    np.testing.assert_array_equal(windows, again)
    np.testing.assert_array_equal(labels, labels_again)


def test_windows_are_normalised_and_hold_nothing_above_the_band(card, examples):
    windows, _ = WindowSource([examples], card, seed=2).draw(64)
    power = np.abs(np.fft.rfft(windows[:, 0] * np.blackman(card.window))) ** 2
    frequency_hz = np.fft.rfftfreq(card.window, 1 / card.sampling_rate_hz)
    inside = power[:, frequency_hz < card.band_hz[1]].sum(axis=1)
    above = power[:, frequency_hz > card.band_hz[1] + 100].sum(axis=1)

    assert windows.shape == (64, 1, card.window)
    np.testing.assert_allclose(windows.std(axis=-1), 1, rtol=1e-3)
    # The random path is laid over a cut window, whose edges leak a little.
    assert np.median(10 * np.log10(inside / above)) > 60


def test_every_class_is_equally_likely_however_many_recordings_it_has(card, examples):
    lopsided = examples + [examples[0]] * 50
    _, labels = WindowSource([lopsided], card, seed=3).draw(2000)

    np.testing.assert_allclose(np.bincount(labels) / 2000, 0.25, atol=0.04)


def test_time_scaling_moves_a_tone_as_a_faster_shaft_would(card):
    time_s = np.arange(24_000) / 12_000
    tone = Signal(np.sin(2 * np.pi * 1000 * time_s), 12_000.0, (Channel("tone"),))
    slow, fast = make_example(tone, 0, card, scales=(1.0, 1.5)).versions

    def loudest_hz(row):
        return np.abs(np.fft.rfft(row)).argmax() * 12_000 / len(row)

    assert loudest_hz(slow) == pytest.approx(1000, abs=2)
    assert loudest_hz(fast) == pytest.approx(1500, abs=2)


def test_noise_is_added_only_to_the_stated_share(card, examples):
    quiet = Augmentation(noise_share=0.0, tilt_db=0.0)
    windows, _ = WindowSource([examples[:1]], card, seed=4, augmentation=quiet).draw(1)
    version = np.concatenate([np.abs(np.correlate(row, windows[0, 0])) for row in examples[0].versions])

    assert version.max() / card.window > 0.1  # the window is found again, up to its level
