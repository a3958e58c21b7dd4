from collections import Counter

import numpy as np
import pytest

from engine.proposals import DRIVE_END, FAN_END, RECORDS, propose
from engine.readers.contents import Contents, FoundChannel


def contents(number, *names, speed_rpm=None, samples=250_000):
    speed_hz = None if speed_rpm is None else speed_rpm / 60
    row = np.zeros(samples, np.float32)
    channels = tuple(FoundChannel(name, row, shaft_speed_hz=speed_hz) for name in names)
    return Contents("mat5", channels, number)


@pytest.mark.parametrize(
    ("number", "rate", "rpm", "rig"),
    [
        (97, 48_000, 1797, "cwru"),
        (100, 48_000, 1730, "cwru"),
        (105, 12_000, 1797, "cwru"),
        (108, 12_000, 1730, "cwru"),
        (109, 48_000, 1797, "cwru"),
        (158, 12_000, 1772, "cwru"),
        (173, 48_000, 1797, "cwru"),
        (217, 48_000, 1730, "cwru"),
        (223, 12_000, 1772, "cwru"),
        (48, 12_000, 1797, "cwru"),
        (3004, 12_000, 1730, "cwru"),
        (278, 12_000, 1797, "cwru-fan-end"),
        (310, 12_000, 1797, "cwru-fan-end"),
        (309, 12_000, 1772, "cwru-fan-end"),
        (316, 12_000, 1772, "cwru-fan-end"),
    ],
)
def test_a_record_is_known_by_its_number(number, rate, rpm, rig):
    proposal = propose(contents(number, "DE_time", "FE_time"), "x.mat")

    assert proposal is not None
    assert (proposal.sampling_rate_hz, proposal.shaft_rpm, proposal.rig) == (rate, rpm, rig)
    assert proposal.bearings == {"DE_time": DRIVE_END, "FE_time": FAN_END}
    assert proposal.channel == ("FE_time" if rig == "cwru-fan-end" else "DE_time")


def test_the_list_is_as_long_as_the_published_one():
    published = Counter(record.rig + f" {record.sampling_rate_hz:g}" for number, record in RECORDS.items())

    # 4 normal; 60 and 52 at the drive end, with 8 and 1 known by their variables' numbers too; 45 at the fan end.
    assert published == {"cwru 12000": 60 + 8, "cwru 48000": 4 + 52 + 1, "cwru-fan-end 12000": 45}


def test_the_sentence_names_the_options():
    proposal = propose(contents(105, "DE_time", "FE_time"), "105.mat")

    assert proposal is not None
    assert proposal.sentence == (
        "Looks like CWRU record 105: --sampling-rate 12000 --shaft-speed 1797 --channel DE_time --bearing 6205-2RS. "
        "Confirm by giving them."
    )


def test_the_speed_in_the_file_stays():
    proposal = propose(contents(105, "DE_time", speed_rpm=1796), "105.mat")

    assert proposal is not None
    assert proposal.shaft_rpm == 1796
    assert "--channel" not in proposal.sentence


def test_a_shortened_normal_recording_gets_no_rate():
    proposal = propose(contents(99, "DE_time", samples=121_266), "99.mat")

    assert proposal is not None
    assert proposal.sampling_rate_hz is None
    assert "--sampling-rate" not in proposal.sentence
    assert "resampled" in proposal.sentence


@pytest.mark.parametrize(
    ("name", "known"), [("105.npz", True), ("105_0.csv", True), ("1797_IR.npz", False), ("x.npz", False)]
)
def test_the_number_may_begin_the_file_name_where_the_channels_are_called_alike(name, known):
    assert (propose(contents(None, "DE", "FE"), name) is not None) is known


@pytest.mark.parametrize("found", [contents(None, "acc"), contents(113, "DE_time"), contents(105, "BA_time")])
def test_nothing_else_is_proposed(found):
    assert propose(found, "105.mat") is None
