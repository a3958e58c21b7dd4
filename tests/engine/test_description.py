import json

import numpy as np
import pytest

from engine.description import Description, combine, find_channel, make_signal
from engine.errors import (
    ChannelNotChosenError,
    ChannelUnknownError,
    ConstantSignalError,
    DescriptionError,
    EmptySignalError,
    FileAccessError,
    NotFiniteError,
    NotVibrationError,
    SamplingRateInvalidError,
    SamplingRateMissingError,
    ShaftSpeedInvalidError,
)
from engine.proposals import propose
from engine.readers.contents import Contents, FoundChannel
from engine.sidecar import describe_file, read_recordings_csv, read_sidecar

SERIES = np.sin(np.arange(100)).astype(np.float32)


def holding(*channels, number=None):
    return Contents("mat5", channels, number)


def said(origin, **values):
    return Description(**values, origin=dict.fromkeys(values, origin))


# What is said


def test_a_row_is_understood_column_by_column():
    row = {
        "file": "a.mat",
        "label": "inner",
        "sampling_rate_hz": "12000",
        "shaft_rpm": "",
        "channel": "5",
        "bearing": " 6205-2RS ",
        "specimen": "one",
        "machine": "cwru",
        "unit": "g",
        "load": "2 hp",
        "notes": "",
    }

    assert Description.from_mapping(row, origin="recordings.csv", name="recordings.csv") == Description(
        sampling_rate_hz=12_000.0,
        channel="5",
        bearing="6205-2RS",
        unit="g",
        label="inner",
        specimen="one",
        rig="cwru",
        notes={"load": "2 hp"},
        origin=dict.fromkeys(
            ("label", "sampling_rate_hz", "channel", "bearing", "specimen", "rig", "unit"), "recordings.csv"
        ),
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sampling_rate_hz", "12 kHz"),
        ("sampling_rate_hz", "nan"),
        ("sampling_rate_hz", True),
        ("sampling_rate_hz", [12_000]),
        ("shaft_rpm", "inf"),
        ("label", "broken"),
        ("unit", "furlong"),
    ],
)
def test_a_value_that_can_not_be_is_named_with_its_column(column, value):
    with pytest.raises(DescriptionError, match=column):
        Description.from_mapping({column: value}, origin="sidecar", name="a.json")


def test_the_earlier_is_believed_and_each_field_keeps_who_said_it():
    together = combine(
        said("option", shaft_rpm=0.0),
        Description(notes={"load": "1 hp"}),
        said("sidecar", shaft_rpm=1500.0, bearing="NICE"),
        Description(notes={"load": "2 hp", "oil": "new"}),
    )

    assert (together.shaft_rpm, together.bearing) == (0.0, "NICE")
    assert together.origin == {"shaft_rpm": "option", "bearing": "sidecar"}
    assert together.notes == {"load": "1 hp", "oil": "new"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cwru" / "day 1").mkdir(parents=True)
    (tmp_path / "recordings.csv").write_text(
        "\ufefffile,shaft_rpm,machine\ncwru/day 1/a.mat,1500,pump\ncwru/b.mat,1600,\nc.mat,fast,\n", encoding="utf-8"
    )
    return tmp_path


def test_a_table_is_read_row_by_row(folder):
    (folder / "recordings.csv").write_text("file,shaft_rpm\na.mat,1500\n./sub/b.mat,\n")

    table = read_recordings_csv(folder / "recordings.csv")

    assert {file: row.shaft_rpm for file, row in table.items()} == {"a.mat": 1500.0, "sub/b.mat": None}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name,label\na,inner\n", "no column file"),
        (b"", "no column file"),
        (b"file,label\na,inner,more\n", "line 2 has more cells"),
        (b"file,label\na,inner\na,outer\n", "lists a twice"),
        (b"file,label\na,inner\nb,broken\n", "row b: label is broken"),
        (b"file,label\n\xff,inner\n", "no table"),
        (b'file,label\n"a,inner\n', "no table"),
    ],
)
def test_a_table_that_can_not_be_understood_is_told(folder, content, reason):
    (folder / "recordings.csv").write_bytes(content)

    with pytest.raises(DescriptionError, match=reason):
        read_recordings_csv(folder / "recordings.csv")


@pytest.mark.parametrize(("file", "rpm"), [("cwru/day 1/a.mat", 1500.0), ("cwru/b.mat", 1600.0), ("cwru/x.mat", None)])
def test_the_table_is_found_up_to_two_folders_above(folder, file, rpm):
    assert describe_file(folder / file, Description()).shaft_rpm == rpm


def test_a_mistake_in_another_row_is_no_obstacle_and_in_ones_own_is(folder):
    with pytest.raises(DescriptionError, match=r"row c\.mat: shaft_rpm is fast"):
        describe_file(folder / "c.mat", Description())


def test_a_nearer_table_that_does_not_list_the_file_hides_no_other(folder):
    (folder / "cwru" / "recordings.csv").write_text("file\nother.mat\n")

    assert describe_file(folder / "cwru" / "b.mat", Description()).shaft_rpm == 1600.0


def test_options_come_before_the_sidecar_and_that_before_the_table(folder):
    (folder / "cwru" / "b.mat.json").write_text(json.dumps({"shaft_rpm": 1700, "bearing": "NICE", "specimen": None}))
    (folder / "recordings.csv").write_text("file,shaft_rpm,bearing,specimen\ncwru/b.mat,1600,6205-2RS,one\n")

    description = describe_file(folder / "cwru" / "b.mat", said("option", shaft_rpm=1800.0))

    assert (description.shaft_rpm, description.bearing, description.specimen) == (1800.0, "NICE", "one")
    assert description.origin == {"shaft_rpm": "option", "bearing": "sidecar", "specimen": "recordings.csv"}


def test_a_table_that_is_named_may_lie_elsewhere_and_list_names_only(folder, tmp_path_factory):
    table = tmp_path_factory.mktemp("elsewhere") / "said.csv"
    table.write_text("file,shaft_rpm\nb.mat,900\n")

    assert describe_file(folder / "cwru" / "b.mat", Description(), table).shaft_rpm == 900.0


def test_a_table_that_is_named_and_missing_is_told(folder):
    with pytest.raises(FileAccessError, match=r"said\.csv"):
        describe_file(folder / "cwru" / "b.mat", Description(), folder / "said.csv")


@pytest.mark.parametrize("content", ["no json", "[]", '{"shaft_rpm": "fast"}', "[" * 100_000])
def test_a_sidecar_that_can_not_be_understood_is_told(tmp_path, content):
    (tmp_path / "a.mat.json").write_text(content)

    with pytest.raises(DescriptionError, match=r"a\.mat\.json"):
        read_sidecar(tmp_path / "a.mat")


# The signal that follows


def test_what_nobody_says_is_taken_from_the_file():
    found = FoundChannel("acc", SERIES, sampling_rate=1000.0, shaft_speed_hz=25.0, unit="g")

    signal, description = make_signal("a.npz", holding(found), Description())

    assert (signal.sampling_rate, signal.shaft_speed_hz, signal.channels[0].unit) == (1000.0, 25.0, "g")
    assert (description.shaft_rpm, description.channel, description.rig) == (1500.0, "acc", None)
    assert set(description.origin.values()) == {"file"}


def test_what_somebody_says_is_believed_before_the_file():
    found = FoundChannel("acc", SERIES, sampling_rate=1000.0, shaft_speed_hz=25.0, unit="g")
    option = said("option", sampling_rate_hz=2000.0, shaft_rpm=0.0, unit="V", bearing="NICE")

    signal, description = make_signal("a.npz", holding(found), option)

    assert (signal.sampling_rate, signal.shaft_speed_hz) == (2000.0, 0.0)
    assert (signal.channels[0].unit, signal.channels[0].bearing) == ("V", "NICE")
    assert description.origin["sampling_rate_hz"] == "option"


def test_samples_are_not_copied():
    signal, _ = make_signal("a.npz", holding(FoundChannel("acc", SERIES, sampling_rate=1000.0)), Description())

    assert np.shares_memory(signal.samples, SERIES)


def test_without_a_rate_the_proposal_is_part_of_the_sentence():
    found = holding(FoundChannel("DE_time", SERIES), FoundChannel("FE_time", SERIES), number=105)

    with pytest.raises(SamplingRateMissingError, match=r"--sampling-rate HZ.*--sampling-rate 12000"):
        make_signal("105.mat", found, Description(), propose(found, "105.mat"))


@pytest.mark.parametrize(("channel", "rig"), [("DE_time", "cwru"), ("FE_time", None)])
def test_a_rig_follows_from_the_record_number_once_the_rate_is_said(channel, rig):
    found = holding(FoundChannel("DE_time", SERIES), FoundChannel("FE_time", SERIES), number=105)
    option = said("option", sampling_rate_hz=12_000.0, channel=channel)

    signal, description = make_signal("105.mat", found, option, propose(found, "105.mat"))

    assert description.rig == rig
    assert (signal.shaft_speed_hz, signal.channels[0].bearing) == (None, None)  # proposed, not confirmed


def test_a_rig_does_not_follow_from_a_file_name():
    found = holding(FoundChannel("DE", SERIES), number=None)

    _, description = make_signal("105.npz", found, said("option", sampling_rate_hz=12e3), propose(found, "105.npz"))

    assert description.rig is None


CLOCKED = (
    *(FoundChannel(name, SERIES, kind="unknown") for name in ("hour", "minute", "second", "microsecond")),
    FoundChannel("5", SERIES),
    FoundChannel("6", SERIES),
)
THREE = (FoundChannel("DE", SERIES), FoundChannel("FE", SERIES), FoundChannel("temp", SERIES, kind="temperature"))


@pytest.mark.parametrize(
    ("channels", "chosen", "name"),
    [
        (CLOCKED, "5", "5"),
        (CLOCKED, "6", "6"),
        (THREE, "FE", "FE"),
        (THREE, "2", "FE"),
        (THREE[1:], None, "FE"),
    ],
)
def test_a_channel_is_meant_by_name_or_number_or_by_being_the_only_one(channels, chosen, name):
    assert find_channel("a", channels, chosen).name == name


def test_several_channels_and_none_chosen_are_listed_with_their_numbers():
    with pytest.raises(ChannelNotChosenError, match=r"4 microsecond, 5, 6\)"):
        find_channel("a.csv", CLOCKED, None)


@pytest.mark.parametrize("chosen", ["0", "4", "-1", "BA", "", "²", "1.0"])
def test_a_channel_that_is_not_there_is_told_with_those_that_are(chosen):
    with pytest.raises(ChannelUnknownError, match="1 DE, 2 FE, 3 temp"):
        find_channel("a.csv", THREE, chosen)


@pytest.mark.parametrize(("channels", "chosen"), [(THREE, "temp"), (THREE[2:], None), (CLOCKED, "1")])
def test_what_is_no_vibration_is_not_diagnosed(channels, chosen):
    with pytest.raises(NotVibrationError):
        find_channel("a.csv", channels, chosen)


@pytest.mark.parametrize(
    ("samples", "error"),
    [
        ([], EmptySignalError),
        ([1.0], EmptySignalError),
        ([1.0, 1.0], ConstantSignalError),
        ([1.0, np.nan], NotFiniteError),
        ([1.0, np.inf], NotFiniteError),
    ],
)
def test_what_can_not_be_a_signal_is_told(samples, error):
    with pytest.raises(error):
        make_signal("a", holding(FoundChannel("x", np.float32(samples))), said("option", sampling_rate_hz=1000.0))


@pytest.mark.parametrize(
    ("option", "error"),
    [
        (said("option", sampling_rate_hz=0.0), SamplingRateInvalidError),
        (said("option", sampling_rate_hz=-1.0), SamplingRateInvalidError),
        (said("option", sampling_rate_hz=1e3, shaft_rpm=-5.0), ShaftSpeedInvalidError),
    ],
)
def test_an_impossible_rate_or_speed_is_told(option, error):
    with pytest.raises(error):
        make_signal("a", holding(FoundChannel("x", SERIES, sampling_rate=1000.0)), option)


def test_what_was_said_of_one_channel_is_not_said_of_another():
    table = said("recordings.csv", channel="DE_time", bearing="6205-2RS", rig="cwru", label="normal", shaft_rpm=1797.0)
    other = combine(said("option", channel="FE_time"), table, channels=["DE_time", "FE_time"])
    same = combine(said("option", channel="1"), table, channels=["DE_time", "FE_time"])

    assert (other.bearing, other.rig, other.label, other.shaft_rpm) == (None, None, None, 1797.0)
    assert "bearing" not in other.origin
    assert (same.bearing, same.rig, same.label) == ("6205-2RS", "cwru", "normal")


def test_a_table_of_something_else_is_passed_over(tmp_path):
    (tmp_path / "recordings.csv").write_text("artist,album\nA,B\n")

    assert describe_file(tmp_path / "pump.csv", said("option", shaft_rpm=1500.0)).shaft_rpm == 1500.0
