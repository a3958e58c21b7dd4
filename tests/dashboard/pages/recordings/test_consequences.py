from dataclasses import replace

import pytest

from dashboard.pages.recordings.consequences import what_follows
from engine.description import Description
from engine.errors import SamplingRateInvalidError, ShaftSpeedInvalidError


def test_duration_revolutions_and_fault_frequencies_follow(described):
    duration, lines = what_follows(described, described.description)

    assert duration.value == "10 s, 295 revolutions"
    assert lines.value == "BPFI 159.9 Hz, BPFO 105.9 Hz"


def test_without_a_speed_fault_lines_stand_in_orders(described):
    said = replace(described.description, shaft_rpm=None)

    assert [fact.value for fact in what_follows(described, said)] == ["10 s", "BPFI 5.415 orders, BPFO 3.585 orders"]


def test_before_the_rate_is_known_nothing_follows(row):
    (duration,) = what_follows(row, row.description)

    assert not duration.known


def test_an_unknown_bearing_is_no_obstacle(described):
    _, lines = what_follows(described, replace(described.description, bearing="home-made"))

    assert "home-made is not known" in lines.value
    assert not lines.known


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Description(sampling_rate_hz=-5.0), SamplingRateInvalidError),
        (Description(sampling_rate_hz=1.0, shaft_rpm=-1.0), ShaftSpeedInvalidError),
    ],
)
def test_the_impossible_is_refused(row, said, error):
    with pytest.raises(error):
        what_follows(row, said)
