from dataclasses import replace

import numpy as np
import pytest

from dashboard.pages.recordings.known import channel_named, channels_to_choose, known_of, signal_of
from engine.description import Description, find_channel
from engine.errors import SignalError
from engine.readers.contents import FoundChannel
from workspace.recording import ChannelFacts


def facts(name="x", kind="vibration", rate=None, speed_hz=None, unit=None):
    return ChannelFacts(name, 1000, unit, kind, rate, speed_hz)


def test_what_the_file_says_is_known_until_somebody_says_otherwise(row):
    told = replace(row, channels=(facts(rate=8_000.0, speed_hz=25.0, unit="g"),))
    said = replace(told, description=Description(shaft_rpm=900.0, origin={"shaft_rpm": "option"}))

    by_file, by_user = known_of(told), known_of(said)

    assert (by_file.sampling_rate_hz, by_file.shaft_rpm, by_file.unit) == (8_000.0, 1500.0, "g")
    assert by_file.origin == {"sampling_rate_hz": "file", "shaft_rpm": "file", "unit": "file", "channel": "file"}
    assert (by_user.shaft_rpm, by_user.origin["shaft_rpm"]) == (900.0, "option")


def test_a_speed_that_all_channels_share_is_known_before_one_is_chosen(row):
    shared = replace(row, channels=(facts("a", speed_hz=29.5), facts("b", speed_hz=29.5)))
    different = replace(row, channels=(facts("a", rate=10.0), facts("b", rate=20.0)))

    assert known_of(shared).shaft_rpm == pytest.approx(1770.0)
    assert known_of(shared).channel is None
    assert known_of(different).sampling_rate_hz is None


def test_a_bearing_is_said_of_the_channel_to_diagnose_and_of_no_other(described):
    assert known_of(described).bearing == "6205-2RS"
    assert known_of(described, "FE_time").bearing is None
    assert known_of(described, "FE_time").sampling_rate_hz == 12_000.0


@pytest.mark.parametrize("chosen", [None, "x", "temperature", "2", "1", "nothing"])
def test_a_channel_is_found_as_the_engine_finds_it(row, chosen):
    channels = (facts("temperature", kind="temperature"), facts("x"))
    found = [FoundChannel(one.name, np.zeros(2, np.float32), kind=one.kind) for one in channels]

    try:
        expected = find_channel("file", found, chosen).name
    except SignalError:
        expected = None
    named = channel_named(replace(row, channels=channels), chosen)

    # The engine refuses to diagnose a temperature; the page may well show one.
    assert expected is None or named.name == expected


def test_only_vibration_is_offered_unless_there_is_none(row):
    mixed = replace(row, channels=(facts("temperature", kind="temperature"), facts("x")))
    cold = replace(row, channels=(facts("temperature", kind="temperature"),))

    assert [one.name for one in channels_to_choose(mixed)] == ["x"]
    assert [one.name for one in channels_to_choose(cold)] == ["temperature"]


def test_a_channel_becomes_a_signal_once_its_rate_is_known(workspace, bring):
    silent, told = bring("a.npz"), bring("b.npz", fs=8_000.0, rpm=1500.0)

    assert signal_of(workspace, silent, "x") is None
    signal = signal_of(workspace, told, "x")
    assert (signal.sampling_rate, signal.shaft_speed_hz, signal.samples.shape) == (8_000.0, 25.0, (1, 4_000))
