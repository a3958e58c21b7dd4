import json
import logging
import os
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from engine.errors import (
    DamagedFileError,
    FileAccessError,
    FileTooLargeError,
    ReaderCrashedError,
    ReaderLimitError,
    SamplingRateInvalidError,
    SignalError,
    UnknownFormatError,
)
from engine.readers import sandbox
from engine.readers.child import write_contents
from engine.readers.contents import Contents, FoundChannel, ReadOptions
from engine.readers.limits import Limits
from engine.readers.sandbox import load_result, read_contents

MIB = 2**20
SERIES = np.sin(np.arange(500.0))
MAT_HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "recording.npz"
    np.savez(path, acc=SERIES, fs=12_000.0, rpm=1500.0, unit="g")
    return path


def deflated_zeros(start: bytes, mebibytes: int) -> bytes:
    """Pack ``start`` and zeros, quickly: a block that was flushed can be repeated."""
    packer = zlib.compressobj()
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * mebibytes


def mat_element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content


def mat_matrix(kind: int, name: bytes = b"") -> bytes:
    """Build the head of a 1 by 1 matrix: flags, dimensions, name."""
    flags = mat_element(6, struct.pack("<II", kind, 0))
    return flags + mat_element(5, struct.pack("<ii", 1, 1)) + mat_element(1, name.ljust(8, b"\0"))


def test_a_recording_comes_back_as_its_reader_found_it(recording):
    contents = read_contents(recording)

    (channel,) = contents.channels
    assert (contents.format, contents.record_number) == ("npz", None)
    assert (channel.name, channel.sampling_rate, channel.shaft_speed_hz) == ("acc", 12_000.0, 25.0)
    assert (channel.unit, channel.kind) == ("g", "vibration")
    np.testing.assert_array_equal(channel.samples, SERIES.astype(np.float32))


def test_options_reach_the_reader(tmp_path):
    path = tmp_path / "recording.txt"
    path.write_text("1,5\n2,5\n4,5\n")

    assert len(read_contents(path).channels) == 2
    assert len(read_contents(path, ReadOptions(decimal=",")).channels) == 1


@pytest.mark.parametrize(
    "name", ["a b.npz", "-rf.npz", "ä;$(reboot).npz", "new\nline.npz", b"\xff\xfe.npz", "x" * 200 + ".npz"]
)
def test_odd_names_are_only_text(recording, name):
    odd = recording.rename(Path(os.fsdecode(os.fsencode(recording.parent) + b"/" + os.fsencode(name))))

    assert read_contents(odd).channels[0].name == "acc"


def test_errors_call_the_file_what_its_user_calls_it(tmp_path):
    blob = tmp_path / "0123abcd.csv"
    blob.write_text("no numbers")

    with pytest.raises(DamagedFileError, match="pump 7"):
        read_contents(blob, name="pump 7.csv")


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_told(make, tmp_path):
    make(tmp_path / "x.csv")

    with pytest.raises(FileAccessError):
        read_contents(tmp_path / "x.csv")


def test_an_unknown_format_lists_the_known_ones(tmp_path):
    (tmp_path / "x.bin").write_bytes(bytes(100))

    with pytest.raises(UnknownFormatError, match=r"\.mat"):
        read_contents(tmp_path / "x.bin")


def test_an_array_of_python_objects_runs_nothing(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was run",))

    np.save(tmp_path / "x.npy", np.array([Hostile()], dtype=object), allow_pickle=True)

    with pytest.raises(DamagedFileError, match="Python objects"):
        read_contents(tmp_path / "x.npy")
    assert not (tmp_path / "was run").exists()


def test_a_wav_of_zero_hertz_is_told(tmp_path):
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 0, 0, 2, 16) + b"data" + struct.pack("<I", 4) + bytes(4)
    (tmp_path / "x.wav").write_bytes(b"RIFF" + struct.pack("<I", 4 + len(head)) + b"WAVE" + head)

    with pytest.raises(SamplingRateInvalidError):
        read_contents(tmp_path / "x.wav")


def test_a_decompression_bomb_in_an_archive_is_refused_unread(tmp_path):
    shape = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({1280 * MIB // 8},), }}".ljust(117).encode() + b"\n"
    packed = deflated_zeros(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(shape)) + shape, 1280)
    facts = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(packed), 1280 * MIB + 128, 5, 0)
    local = b"PK\x03\x04" + facts + b"x.npy" + packed
    central = b"PK\x01\x02\x14\x00" + facts + bytes(14) + b"x.npy"
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    (tmp_path / "x.npz").write_bytes(local + central + end)

    with pytest.raises(FileTooLargeError, match="1 GiB"):
        read_contents(tmp_path / "x.npz")
    assert (tmp_path / "x.npz").stat().st_size < 2 * MIB


def test_a_decompression_bomb_in_a_mat_that_lies_about_it_meets_the_limit_of_memory(tmp_path):
    variable = mat_matrix(6, b"x") + struct.pack("<II", 9, 1280 * MIB)
    packed = deflated_zeros(struct.pack("<II", 14, 1000) + variable, 1280)
    (tmp_path / "x.mat").write_bytes(MAT_HEADER + mat_element(15, packed))

    with pytest.raises(ReaderLimitError, match=r"0\.8 GiB of memory"):
        read_contents(tmp_path / "x.mat", limits=Limits(memory_bytes=800 * MIB))


def test_a_mat_that_crashes_the_parser_is_told_and_the_next_is_read(tmp_path, recording):
    path = tmp_path / "x.mat"
    savemat(path, {"x": np.arange(4.0)})
    crashing = bytearray(path.read_bytes())
    crashing[176] ^= 1  # the type of the numbers, now one that is none; SciPy 1.17 takes it for a pointer
    path.write_bytes(crashing)

    with pytest.raises(ReaderCrashedError, match="SIGSEGV"):
        read_contents(path)
    assert read_contents(recording).channels


def test_a_mat_nested_deeper_than_the_stack_is_told(tmp_path):
    depth, head = 100_000, mat_matrix(1)
    heads = (struct.pack("<II", 14, 56 * (depth - level) - 8) + head for level in range(depth))
    (tmp_path / "x.mat").write_bytes(MAT_HEADER + b"".join(heads))

    with pytest.raises(ReaderCrashedError, match="SIGSEGV"):
        read_contents(tmp_path / "x.mat")


def test_reading_that_computes_too_long_is_stopped(tmp_path):
    (tmp_path / "x.csv").write_text("0.123456,-0.123456\n0.5,0.25\n" * 2_500_000)

    with pytest.raises(ReaderLimitError, match="1 s of computing"):
        read_contents(tmp_path / "x.csv", limits=Limits(time_s=1))


def test_reading_that_takes_too_long_by_the_clock_is_stopped(recording):
    with pytest.raises(ReaderLimitError, match=r"0\.001 s"):
        read_contents(recording, limits=Limits(wall_s=0.001))


def test_several_threads_read_at_once(recording):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read_contents(recording), range(24)))

    assert all(np.array_equal(one.channels[0].samples, found[0].channels[0].samples) for one in found)


def test_a_server_that_died_is_started_again(recording, caplog):
    read_contents(recording)
    server = sandbox._running_server().process
    server.kill()
    server.wait()

    with caplog.at_level(logging.WARNING):
        assert read_contents(recording).channels
    assert "died" in caplog.text


def test_a_server_that_dies_while_it_is_asked_is_asked_again(recording):
    server = sandbox._running_server().process
    server.kill()  # and not waited for: it may still look alive

    assert read_contents(recording).channels


def children_of(process):
    return [int(entry.parent.name) for entry in Path("/proc").glob("[0-9]*/stat") if parent_in(entry) == process]


def parent_in(entry):
    with suppress(OSError):  # it may end while one looks
        return int(entry.read_text().rpartition(")")[2].split()[1])
    return None


def wait_until(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_readers_end_with_their_server_and_the_reading_begins_again(tmp_path):
    (tmp_path / "x.csv").write_text("0.123456,-0.123456\n0.5,0.25\n" * 1_000_000)
    server = sandbox._running_server().process
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_contents, tmp_path / "x.csv")
        assert wait_until(lambda: [reader for watcher in children_of(server.pid) for reader in children_of(watcher)])
        watchers = children_of(server.pid)
        started = [*watchers, *(reader for watcher in watchers for reader in children_of(watcher))]
        server.kill()

        assert wait_until(lambda: not any(Path(f"/proc/{process}").exists() for process in started))
        assert len(reading.result().channels) == 2


def test_the_server_knows_nothing_of_the_environment(recording):
    read_contents(recording)
    environment = Path(f"/proc/{sandbox._running_server().process.pid}/environ").read_text()

    assert environment == "OPENBLAS_NUM_THREADS=1\0"


def test_nothing_is_left_in_the_temporary_folder(recording, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    read_contents(recording)
    with pytest.raises(ReaderLimitError):
        read_contents(recording, limits=Limits(wall_s=0.001))

    assert list((tmp_path / "temporary").iterdir()) == []


SCRIPT = """
import os, signal, sys
from pathlib import Path
from engine.readers import sandbox

print("main")
recording = Path(sys.argv[1])
sandbox.read_contents(recording)
child = os.fork()
if child == 0:
    print("in a fork:", sandbox.read_contents(recording).channels[0].name, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(sandbox._running_server().process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_works_in_a_fork_does_not_import_main_again_and_ends_with_its_parent(recording, tmp_path):
    script = tmp_path / "heavy.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-u", str(script), str(recording)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(Path.cwd())})

    *lines, server = told.stdout.splitlines()
    assert lines == ["main", "in a fork: acc"], told.stderr
    assert wait_until(lambda: not Path(f"/proc/{server}").exists())


def written(header: object, samples: bytes = b"") -> bytes:
    return json.dumps(header).encode() + b"\n" + samples


CHANNEL = {"name": "a", "samples": 2, "sampling_rate": None, "shaft_speed_hz": None, "unit": None, "kind": "vibration"}
SAID = {"format": "npz", "record_number": None, "channels": [CHANNEL]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\n",
        b"[" * 100_000,
        written([]),
        written({}),
        written({"error": "settings-invalid", "arguments": []}),
        written({"error": "damaged-file", "arguments": ["only one"]}),
        written({"error": "too-short", "arguments": ["a", "b", "c"]}),
        written({"bug": ""}),
        written(SAID, bytes(7)),
        written(SAID | {"channels": []}),
        written(SAID | {"format": "pickle"}, bytes(8)),
        written(SAID | {"channels": [CHANNEL | {"samples": -2}]}),
        written(SAID | {"channels": [CHANNEL | {"samples": 2**62}]}, bytes(8)),
        written(SAID | {"channels": [CHANNEL | {"unit": "furlong"}]}, bytes(8)),
        written(SAID | {"channels": [CHANNEL | {"kind": "secret"}]}, bytes(8)),
        written(SAID | {"channels": [CHANNEL | {"sampling_rate": "fast"}]}, bytes(8)),
        written(SAID | {"channels": [CHANNEL | {"sampling_rate": float("nan")}]}, bytes(8)),
    ],
)
def test_what_a_child_hands_back_is_not_believed(content):
    with tempfile.TemporaryFile() as result:
        result.write(content)

        with pytest.raises(ReaderCrashedError):
            load_result(result, "x", "x")


@settings(deadline=None, max_examples=100)
@given(place=st.integers(0, 400), value=st.integers(0, 255))
def test_an_altered_result_loads_or_raises_a_signal_error(place, value):
    channel = FoundChannel("acc", SERIES[:50].astype(np.float32), 12_000.0, 25.0, "g")
    with tempfile.TemporaryFile(buffering=0) as result:
        write_contents(result, Contents("npz", (channel,), 105))
        altered = bytearray(result.seek(0) or result.read())
        altered[place % len(altered)] = value
        result.seek(0)
        result.write(altered)

    with tempfile.TemporaryFile() as result:
        result.write(altered)
        with suppress(SignalError):
            assert isinstance(load_result(result, "x", "x"), Contents)
