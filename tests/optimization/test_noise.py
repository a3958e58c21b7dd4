import csv

import numpy as np
import pytest

from engine.errors import VibenchError
from engine.signal import Channel, Signal
from optimization.folder import USUAL, recording_of
from optimization.noise import Whiteness, noise_among, whiteness_of
from optimization.recording_set import SetRecording, simulated_set

GENERATORS = {
    "gaussian": lambda random, count: random.standard_normal(count),
    "uniform": lambda random, count: random.random(count),
    "rounded": lambda random, count: np.round(100 * random.standard_normal(count)),
}


def judged(samples, rate_hz, card):
    signal = Signal(samples.astype(np.float32), rate_hz, (Channel("x"),))
    recording = SetRecording("x", "0" * 64, lambda: signal, rate_hz)
    return whiteness_of(recording.windows(card), card, rate_hz)


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("rate_hz", [6_000.0, 12_000.0, 25_600.0, 51_200.0])
def test_what_a_random_number_generator_gives_is_noise_at_whatever_rate(card, kind, rate_hz):
    for seed, seconds in enumerate((0.5, 2.0, 10.0)):
        samples = GENERATORS[kind](np.random.default_rng(seed), round(seconds * rate_hz))
        assert judged(samples, rate_hz, card).noise


def test_no_simulated_machine_is_noise_not_even_a_healthy_one_drowned_in_it(card):
    members = simulated_set(400, seed=3).recordings
    flattest = [members[number] for number in (88, 156, 204, 220, 332)]  # of a hundred healthy ones
    for recording in (*members[:32], *flattest):
        assert not whiteness_of(recording.windows(card), card, recording.sampling_rate_hz).noise, recording.name


def test_strikes_without_any_resonance_are_no_noise_though_their_spectrum_is_flat(card):
    random = np.random.default_rng(0)
    struck = random.standard_normal(60_000) * (random.random(60_000) < 0.02)

    found = judged(struck, 12_000.0, card)

    assert found.deficit < 0.05
    assert found.kurtosis > 10
    assert not found.noise


def test_noise_with_a_slope_or_one_line_is_taken_for_a_machine(card):
    white = np.random.default_rng(0).standard_normal(60_000)
    line = 0.5 * np.sin(2 * np.pi * 29.9 / 12_000 * np.arange(60_000))

    assert judged(white, 12_000.0, card).noise
    assert not judged(white + line, 12_000.0, card).noise
    assert not judged(np.cumsum(white), 12_000.0, card).noise


def test_nothing_that_moves_is_no_noise_either(card):
    assert not whiteness_of(np.zeros((3, 1, card.window), np.float32), card, 12_000.0).noise


def test_no_recording_of_a_real_machine_is_noise(card, real_data):
    found = []
    with (real_data / "recordings.csv").open(newline="") as table:
        for row in csv.DictReader(table):
            if not row["file"].startswith(("cwru", "hitsm_mfs", "mfpt", "ims")):
                continue
            try:
                windows = recording_of(real_data / row["file"], real_data, None, USUAL).windows(card)
            except VibenchError:
                continue
            if len(windows):
                found.append(whiteness_of(windows, card, 12_000.0))

    assert len(found) > 15
    assert min(one.deficit for one in found) > 0.3


def test_what_is_too_short_to_be_judged_alone_is_judged_together():
    long, short = Whiteness(9, 0.01, 0.0), [Whiteness(1, deficit, 0.0) for deficit in (0.06, -0.04)]

    assert noise_among([long, *short]) == [True, True, True]
    assert noise_among([long, short[0]]) == [True, False]
    assert noise_among([Whiteness(1, 0.5, 0.0), *short]) == [False, False, False]
