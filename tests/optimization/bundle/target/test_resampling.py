import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dsp import resample as engine
from optimization.bundle.target import resampling
from optimization.bundle.target.errors import InputError
from optimization.bundle.target.resampling import Resampler, design, ratio_of, resample

RATES_HZ = [8_000, 10_000, 12_000, 20_480, 25_600, 44_100, 48_000, 48_828, 51_200, 97_656.25, 100_000]
BAND_HZ = 4_800.0


def noise(count, seed=0):
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_every_rate_comes_out_as_the_engine_resamples_it_100_db_above_the_difference(rate_hz):
    samples = noise(round(rate_hz))

    made = resample(samples, rate_hz, 12_000, BAND_HZ)
    expected = engine.resample(samples, rate_hz, 12_000, band_upper_hz=BAND_HZ)

    assert made.shape == expected.shape
    assert made.dtype == np.float32
    assert np.sqrt(np.mean((made - expected) ** 2)) < 1e-5 * expected.std()
    assert np.abs(made - expected).max() < 1e-4 * expected.std()


@settings(max_examples=40)
@given(rate_hz=st.sampled_from(RATES_HZ), count=st.integers(2, 400), seed=st.integers(0, 99))
def test_recordings_shorter_than_the_filter_are_mirrored_as_the_engine_mirrors_them(rate_hz, count, seed):
    samples = noise(count, seed)

    made = resample(samples, rate_hz, 12_000, BAND_HZ)
    expected = engine.resample(samples, rate_hz, 12_000, band_upper_hz=BAND_HZ)

    assert made.shape == expected.shape
    assert made == pytest.approx(expected, abs=3e-4)


@settings(max_examples=40)
@given(
    rate_hz=st.sampled_from(RATES_HZ),
    blocks=st.lists(st.integers(0, 3_000), min_size=1, max_size=12),
    seed=st.integers(0, 99),
)
def test_blocks_of_any_length_give_the_same_samples_as_the_whole(rate_hz, blocks, seed):
    samples = noise(sum(blocks), seed)
    length = round(len(samples) * 12_000 / rate_hz)
    resampler = Resampler(design(float(rate_hz), 12_000.0, BAND_HZ))

    parts = [resampler.push(part) for part in np.split(samples, np.cumsum(blocks)[:-1])]
    made = np.concatenate([*parts, resampler.finish(length)])[:length]

    assert np.array_equal(made, resample(samples, rate_hz, 12_000, BAND_HZ))


def test_one_sample_at_a_time_waits_for_half_a_filter_and_no_longer():
    used = design(48_000.0, 12_000.0, BAND_HZ)
    resampler = Resampler(used)

    given_after = [len(resampler.push(one)) for one in np.split(noise(2_000), 2_000)]

    first = next(index for index, count in enumerate(given_after) if count)
    assert first == used.half + 1
    assert sum(given_after) == -(-(2_000 - used.half - 1) // 4)
    assert max(given_after) == 1


def test_what_the_past_leaves_behind_does_not_grow_with_the_recording():
    used = design(25_600.0, 12_000.0, BAND_HZ)
    resampler = Resampler(used)

    for turn in range(50):
        resampler.push(noise(5_000, turn))

    assert len(resampler._kept) < 2 * used.taps


def test_a_sinusoid_in_the_band_comes_out_as_itself_without_delay():
    time_s = np.arange(44_100) / 44_100

    made = resample(np.sin(2 * np.pi * 1_234 * time_s).astype(np.float32), 44_100, 12_000, BAND_HZ)

    expected = np.sin(2 * np.pi * 1_234 * np.arange(12_000) / 12_000)
    assert made[500:-500] == pytest.approx(expected[500:-500], abs=1e-4)


def test_a_sinusoid_above_the_band_vanishes():
    time_s = np.arange(51_200) / 51_200

    made = resample(np.sin(2 * np.pi * 7_000 * time_s).astype(np.float32), 51_200, 12_000, BAND_HZ)

    assert np.abs(made[500:-500]).max() < 10 ** (-90 / 20)


def test_the_port_in_the_modules_docstring_gives_the_same():
    samples, used = noise(4_000), design(25_600.0, 12_000.0, BAND_HZ)
    made = resample(samples, 25_600, 12_000, BAND_HZ)

    for output in range(200, 220):
        first = output * used.step // used.phases - used.half
        row = used.table[output * used.step % used.phases]
        total = sum(float(row[k]) * float(samples[first + k]) for k in range(used.taps))
        assert made[output] == pytest.approx(total, abs=1e-5)


@given(from_hz=st.floats(1_000, 200_000), to_hz=st.sampled_from([8_000.0, 12_000.0, 20_000.0]))
def test_rates_have_the_ratio_that_the_engine_takes(from_hz, to_hz):
    assert ratio_of(to_hz, from_hz) == engine.ratio_of(to_hz, from_hz)


def test_the_filter_is_specified_as_the_engines():
    for name in ("ATTENUATION_DB", "FLAT_SHARE", "LARGEST_TERMS", "LARGEST_UPSAMPLING"):
        assert getattr(resampling, name) == getattr(engine, name)
    used = design(48_000.0, 12_000.0, BAND_HZ)
    taps = engine.kaiser_low_pass(48_000, 0.9 * BAND_HZ, BAND_HZ)
    assert used.table[0, :-1] == pytest.approx(taps, abs=1e-8)
    assert used.table[0, -1] == 0


@pytest.mark.parametrize("rate_hz", [1.0, 1e9])
def test_a_rate_out_of_reach_is_refused(rate_hz):
    with pytest.raises(InputError, match="can't be brought to the network's 12000 Hz"):
        design(rate_hz, 12_000.0, BAND_HZ)
