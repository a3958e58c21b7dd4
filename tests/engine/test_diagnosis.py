import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.description import Description
from engine.diagnosis import Diagnosis, calibrated_probabilities, diagnose, judge
from engine.errors import TooShortError
from engine.runtimes import load
from engine.signal import Signal

KNOWN = Description(rig="cwru", origin={"sampling_rate_hz": "option"})


@pytest.fixture
def diagnosis(signal, variant):
    return diagnose(signal, KNOWN, load(variant), name="105.mat", sha256="ab" * 32, read_ms=3.0)


def test_the_json_has_the_fields_that_others_rely_on(diagnosis):
    data = diagnosis.to_json()

    assert list(data) == [
        *("schema", "recording", "model", "verdict", "classes", "windows", "opinions", "cautions", "timing_ms")
    ]
    assert data["schema"] == "vibench.diagnosis/1"
    assert list(data["recording"]) == [
        *("name", "sha256", "channel", "unit", "samples", "sampling_rate_hz", "sampling_rate_from"),
        *("duration_s", "shaft_speed_rpm", "bearing"),
    ]
    assert data["recording"]["sampling_rate_from"] == "option"
    assert data["recording"]["shaft_speed_rpm"] == 1800.0
    assert list(data["model"]) == ["name", "variant", "digest", "backend", "runtime"]
    assert list(data["verdict"]) == ["label", "confidence", "windows", "share"]
    assert list(data["windows"]) == ["length", "hop", "start_s", "probabilities"]
    assert list(data["timing_ms"]) == ["read", "prepare", "predict", "total"]
    json.dumps(data, allow_nan=False)


def test_a_summary_leaves_the_windows_out(diagnosis):
    assert "windows" not in diagnosis.to_json(summary=True)


def test_a_diagnosis_survives_json(diagnosis):
    data = json.loads(json.dumps(diagnosis.to_json()))

    assert Diagnosis.from_json(data).to_json() == data


def test_a_diagnosis_without_a_judged_window_survives_json(diagnosis):
    empty = replace(diagnosis, verdict=None, start_s=np.empty(0), probabilities=np.empty((0, 4)))

    assert Diagnosis.from_json(empty.to_json()).probabilities.shape == (0, 4)


def test_the_verdict_is_the_class_with_the_highest_mean_probability(card):
    probabilities = np.array([[0.0, 0.9, 0.1, 0.0], [0.0, 0.4, 0.6, 0.0], [0.0, 0.8, 0.2, 0.0]])
    verdict = judge(probabilities, card)

    assert (verdict.label, verdict.windows) == ("inner", 3)
    assert verdict.confidence == pytest.approx(0.7)
    assert verdict.share == pytest.approx(2 / 3)


def test_below_the_threshold_the_verdict_is_inconclusive(card):
    verdict = judge(np.array([[0.3, 0.4, 0.3, 0.0]]), card)

    assert verdict.label == "inconclusive"
    assert verdict.confidence == pytest.approx(0.4)


def test_at_the_threshold_it_is_not(card):
    assert judge(np.array([[0.5, 0.5, 0.0, 0.0]]), card).label == "normal"


def test_no_window_judged_gives_no_verdict(card):
    assert judge(np.empty((0, 4)), card) is None


def test_a_recording_of_silence_between_two_clicks_is_not_judged(signal, variant):
    samples = np.zeros((1, 40_000), dtype=np.float32)
    samples[0, :50] = samples[0, -50:] = 1e6
    clicks = Signal(samples, 12_000.0, signal.channels)
    first_and_last_left_out = replace(variant, card=replace(variant.card, hop=2048))
    found = diagnose(clicks, KNOWN, load(first_and_last_left_out), name="clicks", sha256="")

    assert found.verdict is None or found.verdict.windows <= 2
    assert "silent-windows" in [caution.code for caution in found.cautions]


def test_too_short_is_an_error_and_not_a_guess(signal, variant):
    short = Signal(signal.samples[:, :1000], 12_000.0, signal.channels)

    with pytest.raises(TooShortError):
        diagnose(short, KNOWN, load(variant), name="short", sha256="")


@given(st.lists(st.lists(st.floats(-500, 500), min_size=4, max_size=4), min_size=1, max_size=5), st.floats(0.3, 20))
def test_probabilities_sum_to_one_and_keep_the_order_of_the_logits(rows, temperature):
    logits = np.array(rows, dtype=np.float32)
    probabilities = calibrated_probabilities(logits, temperature)

    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    chosen = np.take_along_axis(logits, probabilities.argmax(axis=1)[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(chosen, logits.max(axis=1), rtol=1e-5, atol=1e-4)


def test_a_higher_temperature_is_less_sure():
    logits = np.array([[3.0, 0.0, 0.0, 0.0]], dtype=np.float32)

    assert calibrated_probabilities(logits, 1.0).max() > calibrated_probabilities(logits, 2.0).max()
