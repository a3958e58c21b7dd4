from dataclasses import replace

import numpy as np
import pytest

from engine.cautions import find_cautions, stands_still
from engine.description import Description
from engine.signal import Channel, Signal

CWRU = Description(rig="cwru")


def codes(signal, card, description=CWRU, silent=0, judged=10):
    return [caution.code for caution in find_cautions(signal, description, card, silent=silent, judged=judged)]


def test_a_clean_recording_of_a_listed_rig_has_none(signal, card):
    assert codes(signal, card) == []


def test_a_rig_that_the_card_does_not_list_is_told_with_the_cards_figures(signal, card):
    (caution,) = find_cautions(signal, Description(), card, silent=0, judged=10)

    assert caution.code == "rig-not-validated"
    assert "only on cwru" in caution.message
    assert caution.message.endswith("Elsewhere it is weak.")


def at_level(signal, level, unit):
    samples = signal.samples / signal.samples.std() * level
    return Signal(samples, signal.sampling_rate, (replace(signal.channels[0], unit=unit),), 30.0)


@pytest.mark.parametrize(("level", "unit"), [(0.0015, "g"), (0.015, "m/s2")])
def test_a_level_below_what_a_running_machine_makes_is_told(signal, card, level, unit):
    assert codes(at_level(signal, level, unit), card) == ["standstill"]
    assert codes(at_level(signal, 3 * level, unit), card) == []


@pytest.mark.parametrize("unit", [None, "V"])
def test_without_an_acceleration_unit_the_level_says_nothing(signal, unit):
    assert not stands_still(at_level(signal, 1e-6, unit))


def test_a_stated_speed_of_zero_is_a_standstill(signal):
    assert stands_still(Signal(signal.samples, 12_000.0, signal.channels, shaft_speed_hz=0.0))


def test_a_window_under_one_revolution_is_told(signal, card):
    slow = Signal(signal.samples, 12_000.0, signal.channels, shaft_speed_hz=5.0)

    assert codes(slow, card) == ["under-one-revolution"]


def test_an_upsampled_band_is_told(card):
    samples = np.random.default_rng(0).standard_normal((1, 8000))
    slow = Signal(samples, 8000.0, (Channel("x"),))

    assert codes(slow, card) == ["upsampled"]


def test_windows_left_out_are_told(signal, card):
    assert codes(signal, card, silent=2) == ["silent-windows"]
