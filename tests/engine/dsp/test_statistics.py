import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dsp.statistics import crest_factor, kurtosis, rms

TURNS = np.arange(120_000) / 100


@given(amplitude=st.floats(1e-3, 1e3), offset=st.floats(-10, 10))
def test_a_sinusoid_has_its_textbook_figures_whatever_its_offset(amplitude, offset):
    row = (amplitude * (offset + np.sin(2 * np.pi * TURNS))).astype(np.float32)

    assert rms(row) == pytest.approx(amplitude / np.sqrt(2), rel=1e-3)
    assert crest_factor(row) == pytest.approx(np.sqrt(2), rel=1e-3)
    assert kurtosis(row) == pytest.approx(1.5, rel=1e-3)


def test_gaussian_noise_has_a_kurtosis_of_three():
    assert kurtosis(np.random.default_rng(0).standard_normal(1_000_000, dtype=np.float32)) == pytest.approx(3, abs=0.02)


def test_rare_blows_raise_crest_factor_and_kurtosis():
    row = np.zeros(10_000, np.float32)
    row[::1_000] = 1

    assert crest_factor(row) == pytest.approx(0.999 / np.sqrt(0.000999), rel=1e-4)
    assert kurtosis(row) == pytest.approx(1_000, rel=0.01)


def test_where_nothing_moves_there_is_no_shape():
    row = np.full(100, 5, np.float32)

    assert rms(row) == 0
    assert np.isnan(crest_factor(row))
    assert np.isnan(kurtosis(row))
