import stat
import zipfile
from pathlib import Path

import pytest

from engine.errors import FileAccessError
from optimization.bundle.zipping import with_checksums, write_zip

FILES = {"b/two.txt": b"2" * 1000, "a.txt": b"1"}


def test_order_and_moment_leave_no_trace(tmp_path, monkeypatch):
    write_zip(FILES, tmp_path / "one.zip")
    monkeypatch.setattr("time.time", lambda: 2e9)
    write_zip(dict(reversed(FILES.items())), tmp_path / "two.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_everybody_may_read_what_comes_out_and_nothing_is_executable(tmp_path):
    write_zip(FILES, tmp_path / "one.zip")

    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.txt", "b/two.txt"]
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert stat.S_IMODE(entry.external_attr >> 16) == 0o644
            assert archive.read(entry) == FILES[entry.filename]


def test_what_was_there_stays_if_the_disk_is_full(tmp_path, monkeypatch):
    out = tmp_path / "one.zip"
    out.write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(FileAccessError, match=r"one.zip can't be opened: no space left on device"):
        write_zip(FILES, out)

    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileAccessError, match="no such file or directory"):
        write_zip(FILES, Path(tmp_path / "missing" / "one.zip"))


def test_sums_are_listed_as_the_usual_tool_reads_them():
    one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"

    assert with_checksums(FILES)["SHA256SUMS"].decode().splitlines()[0] == f"{one}  a.txt"
