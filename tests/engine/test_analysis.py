from dataclasses import replace

import numpy as np
import pytest

from engine.analysis import analyse
from engine.dsp.evidence import summarise
from engine.signal import Channel, Signal
from engine.simulation.rolling import RollingBearing, simulate


@pytest.fixture(scope="module")
def inner_race_fault() -> Signal:
    return simulate(RollingBearing("inner", sampling_rate_hz=12_000, duration_s=8, shaft_rpm=1797, snr_db=5, seed=3))


def test_the_strongest_line_is_that_of_the_damaged_race(inner_race_fault):
    found = analyse(inner_race_fault)

    (strongest, *_) = summarise(found.lines)
    assert strongest.name == "BPFI"
    assert strongest.first_db > strongest.chance_db
    assert strongest.found_order == pytest.approx(5.415, rel=0.02)


def test_without_speed_and_bearing_it_says_what_is_missing(inner_race_fault):
    samples, rate = inner_race_fault.samples, inner_race_fault.sampling_rate

    found = analyse(Signal(samples, rate, (Channel("x"),)))

    assert found.lines == ()
    assert found.missing == "Fault lines can be placed once the shaft speed and the bearing are known."
    assert found.envelope.resolution_orders is None


def test_a_missing_bearing_alone_is_named_alone(inner_race_fault):
    found = analyse(replace(inner_race_fault, channels=(Channel("x"),)))

    assert found.missing == "Fault lines can be placed once the bearing is known."


def test_a_bearing_without_geometry_is_an_answer_and_no_failure(inner_race_fault):
    found = analyse(replace(inner_race_fault, channels=(Channel("x", bearing="XYZ-1"),)))

    assert found.lines == ()
    assert "The geometry of bearing XYZ-1 is not known" in found.missing


def test_a_standing_shaft_has_no_orders(inner_race_fault):
    found = analyse(replace(inner_race_fault, shaft_speed_hz=0.0))

    assert found.shaft_speed_hz is None
    assert "stands still" in found.missing


def test_a_recording_too_short_for_an_envelope_still_has_its_levels():
    row = np.sin(np.arange(20, dtype=np.float32))

    found = analyse(Signal(row, 1000.0, (Channel("x"),)))

    assert found.envelope is None
    assert found.crest_factor == pytest.approx(1.41, abs=0.05)
