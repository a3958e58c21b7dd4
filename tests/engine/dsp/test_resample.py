import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dsp.resample import design, ratio_of, resample
from engine.errors import BandOutsideSpectrumError, ResamplingError

RATES_HZ = [8_000, 10_000, 12_000, 12_000.5, 16_384, 20_480, 25_600, 44_100, 48_000, 48_828, 51_200, 97_656.25, 100_000]


def energy_ratio_db(row, rate_hz, edge_hz):
    """How much more energy a row has below a frequency than above it; the window keeps its ends out of the count."""
    power = np.abs(np.fft.rfft(row * np.blackman(len(row)))) ** 2
    above = np.fft.rfftfreq(len(row), 1 / rate_hz) > edge_hz
    return 10 * np.log10(power[~above].sum() / power[above].sum())


def sinusoid(frequency_hz, rate_hz, seconds):
    return np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz).astype(np.float32)


@pytest.mark.parametrize("from_hz", RATES_HZ)
def test_white_noise_of_any_rate_keeps_60_db_less_above_the_band(from_hz):
    noise = np.random.default_rng(0).standard_normal(round(2 * from_hz)).astype(np.float32)

    result = resample(noise, from_hz, 12_000, band_upper_hz=5_000)

    assert energy_ratio_db(result, 12_000, min(5_000, from_hz / 2)) > 80


@settings(max_examples=25, deadline=None)
@given(from_hz=st.floats(6_000, 110_000), seed=st.integers(0, 1000))
def test_sources_louder_above_the_band_than_below_it_still_keep_60_db_less(from_hz, seed):
    noise = np.random.default_rng(seed).standard_normal(round(from_hz)).astype(np.float32)
    rising = np.diff(noise, prepend=noise[0]).astype(np.float32)

    result = resample(rising, from_hz, 12_000, band_upper_hz=5_000)

    assert energy_ratio_db(result, 12_000, min(5_000, from_hz / 2)) > 60


@settings(max_examples=40, deadline=None)
@given(from_hz=st.sampled_from(RATES_HZ), share=st.floats(0.01, 0.89))
def test_a_sinusoid_in_the_flat_band_comes_out_as_itself_without_delay(from_hz, share):
    frequency_hz = share * min(5_000, from_hz / 2)

    result = resample(sinusoid(frequency_hz, from_hz, 1.5), from_hz, 12_000, band_upper_hz=5_000)

    inside = slice(1_500, -1_500)
    assert result[inside] == pytest.approx(sinusoid(frequency_hz, 12_000, 1.5)[inside], abs=1e-3)


@pytest.mark.parametrize("frequency_hz", [5_000, 5_500, 5_990, 7_000, 20_000, 24_000, 36_000])
def test_a_sinusoid_above_the_band_vanishes_and_no_alias_takes_its_place(frequency_hz):
    result = resample(sinusoid(frequency_hz, 100_000, 1), 100_000, 12_000, band_upper_hz=5_000)

    assert np.abs(result[500:-500]).max() < 1e-4


@settings(max_examples=60, deadline=None)
@given(samples=st.integers(1, 3_000), from_hz=st.sampled_from(RATES_HZ), to_hz=st.sampled_from([12_000, 8_192, 20_480]))
def test_the_result_is_as_long_as_the_recording_lasted(samples, from_hz, to_hz):
    result = resample(np.ones(samples, np.float32), from_hz, to_hz, band_upper_hz=4_000)

    assert result.dtype == np.float32
    assert result.shape == (round(samples * to_hz / from_hz),)
    assert result == pytest.approx(1, abs=1e-4)  # an offset goes on beyond the ends


def test_each_row_is_resampled_as_if_it_were_alone():
    rows = np.random.default_rng(0).standard_normal((3, 9_000)).astype(np.float32)

    together = resample(rows, 48_000, 12_000, band_upper_hz=5_000)

    assert together.shape == (3, 2_250)
    assert np.array_equal(together[1], resample(rows[1], 48_000, 12_000, band_upper_hz=5_000))


def test_a_long_row_is_the_same_as_its_pieces():
    row = np.random.default_rng(0).standard_normal(100_000).astype(np.float32)

    whole = resample(row, 25_600, 12_000, band_upper_hz=5_000)
    piece = resample(row[32_000:64_000], 25_600, 12_000, band_upper_hz=5_000)

    assert piece[200:-200] == pytest.approx(whole[15_000:30_000][200:-200], abs=2e-5)


@settings(deadline=None)
@given(from_hz=st.floats(1_000, 200_000))
def test_any_ratio_of_rates_is_met_within_15_parts_per_million(from_hz):
    new, old = ratio_of(12_000, from_hz)

    assert max(new, old) <= 32_768
    assert new / old == pytest.approx(12_000 / from_hz, rel=15.3e-6)


@pytest.mark.parametrize(
    ("from_hz", "expected"), [(48_828, (1_000, 4_069)), (97_656.25, (384, 3_125)), (8_000, (3, 2))]
)
def test_usual_ratios_are_exact(from_hz, expected):
    assert ratio_of(12_000, from_hz) == expected


@pytest.mark.parametrize("band_upper_hz", [0, -1, 6_001, float("nan")])
def test_a_band_that_the_new_rate_cannot_hold_is_refused(band_upper_hz):
    with pytest.raises(BandOutsideSpectrumError):
        resample(np.zeros(100, np.float32), 48_000, 12_000, band_upper_hz=band_upper_hz)


@pytest.mark.parametrize("from_hz", [12, 1e-3, 46])
def test_a_rate_that_would_leave_almost_everything_to_be_invented_is_refused(from_hz):
    with pytest.raises(ResamplingError, match="Check the sampling rate"):
        resample(np.zeros(1_000, np.float32), from_hz, 12_000, band_upper_hz=5_000)


def test_ten_million_samples_take_little_time_and_memory():
    row = np.random.default_rng(0).standard_normal(10_000_000, dtype=np.float32)
    design.cache_clear()
    tracemalloc.start()
    begun = time.process_time()

    result = resample(row, 48_828, 12_000, band_upper_hz=5_000)

    seconds = time.process_time() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 2
    assert peak < row.nbytes + result.nbytes + 40_000_000
