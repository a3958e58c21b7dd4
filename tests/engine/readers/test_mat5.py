import struct
import zlib

import numpy as np
import pytest
from scipy.io import savemat

from engine.errors import DamagedFileError, FileTooLargeError, SamplingRateInvalidError
from engine.readers import mat5
from engine.readers.contents import ReadOptions

SERIES = np.sin(np.arange(1000.0))
HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


@pytest.fixture
def read(tmp_path):
    def save_and_read(variables, **options):
        path = tmp_path / "recording.mat"
        if isinstance(variables, bytes):
            path.write_bytes(variables)
        else:
            savemat(path, variables, **options)
        return mat5.read(path, ReadOptions())

    return save_and_read


def facts(contents):
    return {channel.name: (channel.sampling_rate, channel.shaft_speed_hz) for channel in contents.channels}


def test_case_western_variables_lose_their_number_and_share_the_speed(read):
    contents = read({"X105_DE_time": SERIES[:, None], "X105_FE_time": SERIES[:, None], "X105RPM": np.uint16(1797)})

    assert contents.record_number == 105
    assert facts(contents) == {"DE_time": (None, 29.95), "FE_time": (None, 29.95)}


def test_of_two_records_in_one_file_the_later_is_its_own(read):
    contents = read({"X098_DE_time": SERIES, "X099_DE_time": 2 * SERIES, "X099RPM": 1750})

    assert contents.record_number == 99
    assert facts(contents) == {"X098_DE_time": (None, None), "DE_time": (None, 1750 / 60)}


def test_a_nested_struct_gives_series_rate_and_speed(read):
    contents = read({"bearing": {"gs": SERIES, "sr": 48_828, "rate": 25, "load": "50"}, "BPFO": 81.1})

    (channel,) = contents.channels
    assert (channel.name, channel.unit) == ("gs", "g")
    assert (channel.sampling_rate, channel.shaft_speed_hz) == (48_828.0, 25.0)


def test_a_rate_in_one_struct_is_not_that_of_another(read):
    contents = read({"a": {"acc": SERIES, "fs": 1000.0}, "b": {"acc": SERIES, "fs": 2000.0}})

    assert facts(contents) == {"a.acc": (1000.0, None), "b.acc": (2000.0, None)}


def test_a_bare_array_is_the_only_channel(read):
    assert facts(read({"VarName3": SERIES})) == {"VarName3": (None, None)}


def test_cells_are_looked_into(read):
    runs = np.empty(2, dtype=object)
    runs[:] = [SERIES, SERIES[:900]]

    assert list(facts(read({"runs": runs}))) == ["runs{1}", "runs{2}"]


def test_a_column_of_time_gives_the_rate_and_is_no_channel(read):
    assert facts(read({"t": np.arange(1000) / 5120, "acc": SERIES})) == {"acc": (5120.0, None)}


def test_a_short_vector_beside_a_long_one_is_no_vibration(read):
    kinds = {channel.name: channel.kind for channel in read({"acc": SERIES, "limits": [0.0, 1.0]}).channels}

    assert kinds == {"acc": "vibration", "limits": "unknown"}


@pytest.mark.parametrize("compressed", [False, True])
def test_big_endian_and_compressed_files_are_read(read, compressed):
    assert facts(read({"acc": SERIES, "Fs": 100}, do_compression=compressed)) == {"acc": (100.0, None)}


def test_a_rate_of_zero_is_refused(read):
    with pytest.raises(SamplingRateInvalidError):
        read({"acc": SERIES, "fs": 0})


@pytest.mark.parametrize("variables", [{"text": "nothing"}, {"z": SERIES + 1j}, {}])
def test_a_file_without_series_of_real_numbers_is_told(read, variables):
    with pytest.raises(DamagedFileError, match="no series of real numbers"):
        read(variables)


def test_a_table_of_windows_is_no_recording(read):
    with pytest.raises(DamagedFileError, match=r"2000 by 100 .* channels"):
        read({"windows": np.ones((2000, 100))})


def test_version_7_3_is_told_with_the_option_that_saves_version_5(read):
    with pytest.raises(DamagedFileError, match=r"7\.3.*'-v7'"):
        read(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n")


def test_anything_else_called_mat_is_told_with_the_same_option(read):
    with pytest.raises(DamagedFileError, match=r"version 5.*'-v7'"):
        read(b"no header")


@pytest.mark.parametrize("missing", [1, 4000, 8000])
def test_a_cut_file_ends_early(read, missing, tmp_path):
    read({"acc": SERIES})

    with pytest.raises(DamagedFileError, match="ends early"):
        read((tmp_path / "recording.mat").read_bytes()[:-missing])


def test_a_bomb_is_refused_before_it_is_unpacked(read):
    packed = zlib.compress(struct.pack("<II", 14, 2**31 - 8) + bytes(10_000))

    with pytest.raises(FileTooLargeError, match="1 GiB"):
        read(HEADER + struct.pack("<II", 15, len(packed)) + packed)
