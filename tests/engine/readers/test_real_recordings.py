"""Recordings as analysers, rigs and data sets hand them out, not as these tests would write them."""

from pathlib import Path

import pytest

from engine.description import Description, make_signal
from engine.errors import DamagedFileError, NotVibrationError, SamplingRateMissingError, UnknownFormatError
from engine.proposals import propose
from engine.readers.sandbox import read_contents
from engine.sidecar import describe_file

RECORDINGS = Path(__file__).parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the real recordings are not there (../shared/data)")

KNOWN = {
    # file: samples, rate, shaft speed in rpm as the file says it, record number
    "cwru/105_0.mat": (121_265, None, 1797, 105),
    "cwru/107_2.mat": (122_136, None, 1748, 107),
    "cwru/118_0.mat": (122_571, None, 1796, 118),
    "cwru/120_2.mat": (121_556, None, 1748, 120),
    "cwru/130_0.mat": (121_991, None, 1796, 130),
    "cwru/132_2.mat": (121_410, None, 1750, 132),
    "cwru/209_0.mat": (122_136, None, 1797, 209),
    "cwru/211_2.mat": (121_846, None, 1752, 211),
    "cwru/222_0.mat": (121_991, None, 1796, 222),
    "cwru/224_2.mat": (122_136, None, 1754, 224),
    "cwru/234_0.mat": (122_426, None, 1796, 234),
    "cwru/236_2.mat": (122_281, None, 1748, 236),
    "cwru/97_Normal_0.mat": (243_938, None, 1796, 97),
    "cwru/99_normal_12k.mat": (121_266, None, None, 99),
    "cwru/normal_2hp_48k.csv": (121_155, None, None, None),
    "cwru/1797_IR_7_DE48.npz": (243_938, None, None, None),
    "hitsm_mfs/Normal_900.mat": (262_144, None, None, None),
    "hitsm_mfs/IR5_900.mat": (262_144, None, None, None),
    "hitsm_mfs/OR5_900.mat": (262_144, None, None, None),
    "mfpt/OuterRaceFault_vload_1.mat": (146_484, 48_828, 1500, None),
    "femto/Bearing1_1_acc_00010.csv": (2560, None, None, None),
    "femto/Bearing1_1_acc_02803.csv": (2560, None, None, None),
    "femto/Bearing1_4_acc_00010.csv": (2560, None, None, None),
    "ims/2004.02.12.10.32.39": (20_480, None, None, None),
    "motor_phone/Motor4_Healthy_15cm_50Hz.wav": (208_461, 44_100, None, None),
}


@pytest.mark.parametrize("file", KNOWN)
def test_it_reads_as_documented(file):
    samples, rate, rpm, number = KNOWN[file]
    contents = read_contents(RECORDINGS / file)
    channel = contents.channels[-1]

    assert (channel.samples.size, channel.sampling_rate, contents.record_number) == (samples, rate, number)
    assert channel.shaft_speed_hz == (None if rpm is None else pytest.approx(rpm / 60))


@pytest.mark.parametrize("file", KNOWN)
def test_it_becomes_the_signal_that_the_table_of_recordings_describes(file):
    path = RECORDINGS / file
    contents = read_contents(path)
    table = describe_file(path, Description())
    signal, description = make_signal(path.name, contents, table, propose(contents, path.name))

    assert signal.samples.shape == (1, KNOWN[file][0])
    assert signal.sampling_rate == table.sampling_rate_hz
    assert description.channel == (table.channel or contents.channels[0].name)
    assert description.rig == table.rig
    assert signal.channels[0].bearing == table.bearing


@pytest.mark.parametrize("file", [file for file, known in KNOWN.items() if file.startswith("cwru/") and known[3]])
def test_case_western_recordings_are_proposed_and_nothing_is_assumed(file):
    path = RECORDINGS / file
    contents = read_contents(path)
    proposal = propose(contents, path.name)

    assert proposal is not None
    assert (proposal.bearings[proposal.channel], proposal.rig) == ("6205-2RS", "cwru")
    with pytest.raises(SamplingRateMissingError) as told:
        make_signal(path.name, contents, Description(), proposal)
    assert proposal.sentence in str(told.value)


def test_a_log_of_temperature_is_not_diagnosed():
    path = RECORDINGS / "femto/Bearing1_1_temp_00001.csv"

    with pytest.raises(NotVibrationError):
        make_signal(path.name, read_contents(path), describe_file(path, Description()))


@pytest.mark.parametrize(
    ("file", "error"),
    [
        ("motor_phone/Motor1_Healthy_Yaxis_50Hz.dat", DamagedFileError),
        ("motor_phone/Motor1_BrokenRotorBar_Yaxis_50Hz.dat", DamagedFileError),
        ("contest_xlsx/normal_train160_train0791.xlsx", UnknownFormatError),
        ("ultrasound/CV04ROLLER_0_trimmed.h5", UnknownFormatError),
    ],
)
def test_what_is_in_no_format_read_here_is_told(file, error):
    with pytest.raises(error):
        read_contents(RECORDINGS / file)
