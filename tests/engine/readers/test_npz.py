import zipfile

import numpy as np
import pytest

from engine.errors import DamagedFileError, FileTooLargeError, SamplingRateInvalidError, ShaftSpeedInvalidError
from engine.readers import npz
from engine.readers.contents import ReadOptions

SERIES = np.sin(np.arange(100.0))


@pytest.fixture
def read(tmp_path):
    def save_and_read(**arrays):
        path = tmp_path / "recording.npz"
        np.savez(path, **arrays)
        return npz.read(path, ReadOptions())

    return save_and_read


@pytest.mark.parametrize("name", ["sampling_rate", "sampling_rate_hz", "fs", "Fs"])
def test_the_rate_is_honoured(read, name):
    (channel,) = read(acc=SERIES, **{name: 25_600}).channels

    assert channel.sampling_rate == 25_600.0


@pytest.mark.parametrize(("name", "value"), [("shaft_rpm", 1500), ("rpm", 1500.0), ("shaft_speed_hz", 25)])
def test_the_speed_is_honoured(read, name, value):
    (channel,) = read(acc=SERIES, **{name: value}).channels

    assert channel.shaft_speed_hz == 25.0


@pytest.mark.parametrize(("text", "unit"), [("g", "g"), ("m/s²", "m/s2"), ("m/s^2", "m/s2"), ("V", "V"), ("mV", None)])
def test_the_unit_is_honoured_where_it_is_one(read, text, unit):
    (channel,) = read(acc=SERIES, unit=text).channels

    assert channel.unit == unit


def test_a_matrix_gives_a_channel_a_row(read):
    names = [channel.name for channel in read(acc=np.stack([SERIES, -SERIES], axis=1)).channels]

    assert names == ["acc 1", "acc 2"]


def test_a_temperature_and_a_tacho_are_told_by_their_names(read):
    kinds = {channel.name: channel.kind for channel in read(acc=SERIES, temperature=SERIES, tacho=SERIES).channels}

    assert kinds == {"acc": "vibration", "temperature": "temperature", "tacho": "tacho"}


@pytest.mark.parametrize("rate", [0, -1, np.nan, np.inf])
def test_an_impossible_rate_is_refused(read, rate):
    with pytest.raises(SamplingRateInvalidError):
        read(acc=SERIES, fs=rate)


def test_names_are_made_printable_and_stay_different(read):
    names = [
        channel.name
        for channel in read(**{"\x1b[2Ja": SERIES, "[2Ja": SERIES, "\n": SERIES, "b" * 300: SERIES}).channels
    ]

    assert names == ["[2Ja", "[2Ja 2", "3", "b" * 100]


def test_an_impossible_speed_is_refused(read):
    with pytest.raises(ShaftSpeedInvalidError):
        read(acc=SERIES, rpm=-1500)


def test_python_objects_are_never_loaded(read):
    with pytest.raises(DamagedFileError, match="Python objects"):
        read(acc=SERIES, more=np.array([{}], dtype=object))


def test_a_spreadsheet_is_no_archive_of_arrays(tmp_path):
    path = tmp_path / "table.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")

    assert not npz.can_read(path)


def test_what_archives_declare_is_summed_before_anything_is_unpacked(read, tmp_path):
    read(a=SERIES, b=SERIES)
    path = tmp_path / "recording.npz"
    declared, claimed = (size.to_bytes(4, "little") for size in (928, 600 * 2**20))
    content = path.read_bytes()
    assert content.count(declared) >= 4
    path.write_bytes(content.replace(declared, claimed))

    with pytest.raises(FileTooLargeError, match="1 GiB"):
        npz.read(path, ReadOptions())
