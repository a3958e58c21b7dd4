"""What every entry of the table of readers must do; a new reader joins by adding how to make its sample."""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ReaderCrashedError, SignalError, UnknownFormatError
from engine.readers import READERS, find_reader
from engine.readers.contents import ReadOptions
from engine.readers.sandbox import read_contents

SERIES = np.random.default_rng(7).standard_normal((2, 200)).round(3).astype(np.float32) / 8


def make_mat5(path: Path) -> None:
    from scipy.io import savemat

    runs = {"DE": SERIES[0], "FE": SERIES[1], "sr": 12_000.0}
    savemat(
        path, {"runs": runs, "note": "of no use", "cells": np.array([{"a": 1}, "b"], dtype=object)}, do_compression=True
    )


def make_npz(path: Path) -> None:
    np.savez_compressed(path, DE=SERIES[0], FE=SERIES[1], sampling_rate_hz=12_000.0)


def make_npy(path: Path) -> None:
    np.save(path, SERIES)


def make_wav(path: Path) -> None:
    data = SERIES.T.astype("<f4").tobytes()
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 2, 12_000, 96_000, 8, 32)
    body = b"WAVE" + head + struct.pack("<4sI", b"data", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def make_delimited(path: Path) -> None:
    rows = (f"{number / 12_000:.6f};{a:.8f};{b:.8f}" for number, (a, b) in enumerate(SERIES.T))
    path.write_text("time;DE;FE\n" + "\n".join(rows))


MAKERS = {"mat5": make_mat5, "npz": make_npz, "npy": make_npy, "wav": make_wav, "delimited": make_delimited}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    paths = {key: folder / f"sample{READERS[key].SUFFIXES[0]}" for key in READERS}
    for key, path in paths.items():
        MAKERS[key](path)
    return paths


@pytest.fixture(params=READERS)
def key(request):
    return request.param


def test_every_reader_has_a_sample():
    assert MAKERS.keys() == READERS.keys()


def test_it_finds_the_channels_of_its_sample(key, samples):
    contents = READERS[key].read(samples[key], ReadOptions())

    assert contents.format == key
    assert len(contents.channels) == 2
    for channel, written in zip(contents.channels, SERIES, strict=True):
        assert channel.samples.dtype == np.float32
        np.testing.assert_allclose(channel.samples, written, atol=1e-7)


def test_it_finds_a_positive_rate_or_none(key, samples):
    rates = {channel.sampling_rate for channel in READERS[key].read(samples[key], ReadOptions()).channels}

    assert rates == {None if key == "npy" else 12_000.0}


def test_it_gives_every_channel_a_name_of_its_own(key, samples):
    names = [channel.name for channel in READERS[key].read(samples[key], ReadOptions()).channels]

    assert len(set(names)) == len(names)
    assert all(names)


def test_it_claims_its_own_sample_and_no_other(key, samples):
    assert [other for other, path in samples.items() if READERS[key].can_read(path)] == [key]


def test_its_sample_is_told_without_its_ending(key, samples, tmp_path):
    blob = tmp_path / "0123abcd"
    blob.write_bytes(samples[key].read_bytes())

    assert find_reader(blob) is READERS[key]


def reads_or_raises_a_signal_error(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    crash = ""
    try:
        if path.suffix == ".mat":  # not in this process: SciPy's parser can bring it down
            assert read_contents(path).channels
        else:
            assert find_reader(path).read(path, ReadOptions()).channels
    except ReaderCrashedError as error:
        crash = error.reason
    except SignalError:
        pass
    assert crash in {"", "SIGSEGV", "SIGABRT", "SIGBUS"}, "an error that the reader does not expect"


@settings(deadline=None, max_examples=40)
@given(share=st.floats(0, 1, exclude_max=True))
@pytest.mark.parametrize("key", READERS)
def test_a_copy_cut_short_reads_or_raises_a_signal_error(key, samples, share):
    whole = samples[key].read_bytes()

    reads_or_raises_a_signal_error(whole[: int(share * len(whole))], samples[key].with_stem("cut"))


@settings(deadline=None, max_examples=80)
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@pytest.mark.parametrize("key", READERS)
def test_a_copy_with_one_bit_turned_reads_or_raises_a_signal_error(key, samples, share, bit):
    altered = bytearray(samples[key].read_bytes())
    altered[int(share**2 * len(altered))] ^= 1 << bit  # squared, for most of what matters stands in the beginning

    reads_or_raises_a_signal_error(bytes(altered), samples[key].with_stem("turned"))


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"\x89HDF\r\n\x1a\n" + bytes(512), b"no numbers at all\n" * 50])
def test_a_file_of_no_known_format_is_told_as_such(content, tmp_path):
    path = tmp_path / "recording.bin"
    path.write_bytes(content)

    with pytest.raises(UnknownFormatError, match=r"\.mat.*\.csv"):
        find_reader(path)


def test_importing_the_readers_imports_no_scipy():
    code = "import engine.readers, sys; print([name for name in sys.modules if name.startswith('scipy')])"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
