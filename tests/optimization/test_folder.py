"""Folders of recordings, described and not."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import (
    CalibrationError,
    ChannelNotChosenError,
    DamagedFileError,
    DescriptionError,
    FileAccessError,
    ReaderLimitError,
    SamplingRateMissingError,
    UnknownFormatError,
    VibenchError,
)
from engine.readers.limits import Limits
from engine.simulation.rolling import RollingBearing, save, simulate
from engine.variant import sha256_of
from optimization.folder import folder_set
from optimization.recording_set import split

REAL = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def folder(tmp_path):
    """Two recordings that say their own rate, in an otherwise empty folder."""
    made = tmp_path / "bench"
    made.mkdir()
    for seed, condition in enumerate(("inner", "normal")):
        parameters = RollingBearing(condition, duration_s=0.5, seed=seed)
        save(simulate(parameters), parameters, made / f"{condition}.npz")
    return made


def names(recordings):
    return [recording.name for recording in recordings.recordings]


def list_files(folder, *rows):
    (folder / "recordings.csv").write_text("\n".join(("file,label,specimen", *rows)) + "\n")


def test_without_a_table_every_recording_is_taken(folder):
    recordings = folder_set(folder)

    assert recordings.source == "recordings"
    assert names(recordings) == ["inner.npz", "normal.npz"]
    assert [one.sampling_rate_hz for one in recordings.recordings] == [12_000.0, 12_000.0]
    assert [one.digest for one in recordings.recordings] == [sha256_of(folder / name) for name in names(recordings)]


def test_what_is_loaded_is_the_recording(folder):
    signal = folder_set(folder).recordings[0].load()

    expected = simulate(RollingBearing("inner", duration_s=0.5, seed=0))
    np.testing.assert_array_equal(signal.samples, expected.samples)


def test_what_is_no_recording_is_passed_over(folder):
    (folder / "README.md").write_text("# Recordings of the bench\n")
    (folder / "rig.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\0")
    (folder / ".hidden.csv").write_text("nothing")
    (folder / "inner.npz.json").write_text(json.dumps({"label": "inner", "specimen": "A"}))
    (folder / "earlier").mkdir()
    recordings = folder_set(folder)

    assert names(recordings) == ["inner.npz", "normal.npz"]
    assert [(one.label, one.specimen) for one in recordings.recordings] == [("inner", "A"), (None, None)]


def test_a_table_says_which_files_are_meant_and_what_is_known_of_them(folder):
    list_files(folder, "inner.npz,inner,A")
    (recording,) = folder_set(folder).recordings

    assert (recording.name, recording.label, recording.specimen) == ("inner.npz", "inner", "A")


def test_a_table_above_describes_the_files_of_the_folder_alone(folder):
    list_files(folder.parent, "bench/normal.npz,normal,B", "another/inner.npz,inner,C")
    (recording,) = folder_set(folder).recordings

    assert (recording.name, recording.label, recording.specimen) == ("normal.npz", "normal", "B")


@pytest.mark.parametrize("place", ["relative", "with dots", "through a link"])
def test_the_folder_may_be_named_in_any_way(folder, place, monkeypatch):
    list_files(folder, "inner.npz,inner,A")
    monkeypatch.chdir(folder)
    (folder.parent / "link").symlink_to(folder)
    named = {
        "relative": Path(),
        "with dots": Path("../bench/../bench"),
        "through a link": folder.parent / "link",
    }[place]

    assert names(folder_set(named)) == ["inner.npz"]


def test_a_table_from_elsewhere_may_be_given(folder, tmp_path):
    (tmp_path / "mine").mkdir()
    list_files(tmp_path / "mine", "normal.npz,normal,Z")
    (recording,) = folder_set(folder, recordings_csv=tmp_path / "mine" / "recordings.csv").recordings

    assert (recording.name, recording.specimen) == ("normal.npz", "Z")


def test_a_table_describes_a_folder_that_is_named_in_another_way(folder, tmp_path, monkeypatch):
    list_files(tmp_path, "bench/normal.npz,normal,B")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (recording,) = folder_set(Path("../bench"), recordings_csv=tmp_path / "recordings.csv").recordings

    assert (recording.name, recording.specimen) == ("normal.npz", "B")


def test_a_listed_file_that_is_missing_is_named(folder):
    list_files(folder, "inner.npz,inner,A", "gone.npz,inner,A")

    with pytest.raises(FileAccessError, match=r"gone\.npz.*recordings\.csv lists it"):
        folder_set(folder)


@pytest.mark.parametrize("outside", ["../secret.npz", "/etc/hostname", "deeper/../../secret.npz"])
def test_a_table_does_not_reach_out_of_its_folder(folder, outside):
    list_files(folder, f"{outside},inner,A")

    with pytest.raises(DescriptionError, match="outside of its folder"):
        folder_set(folder)


def test_a_listed_file_in_no_known_format_is_told(folder):
    (folder / "rig.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\0")
    list_files(folder, "rig.png,inner,A")

    with pytest.raises(UnknownFormatError, match=r"rig\.png"):
        folder_set(folder)


def test_a_folder_without_a_recording_is_told(tmp_path):
    (tmp_path / "README.md").write_text("# Nothing yet\n")

    with pytest.raises(CalibrationError, match=f"folder {tmp_path.name} holds no recording"):
        folder_set(tmp_path)
    list_files(tmp_path)
    with pytest.raises(CalibrationError, match="holds no recording"):
        folder_set(tmp_path)


def test_what_is_no_folder_is_told(folder):
    with pytest.raises(FileAccessError, match=r"inner\.npz can't be opened: it is no folder"):
        folder_set(folder / "inner.npz")
    with pytest.raises(FileAccessError, match="nowhere can't be opened: there is no such folder"):
        folder_set(folder / "nowhere")


def test_a_damaged_recording_is_named(folder):
    path = folder / "normal.npz"
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(DamagedFileError, match=r"normal\.npz"):
        folder_set(folder)


def test_what_must_still_be_said_is_told(folder):
    np.save(folder / "raw.npy", np.random.default_rng(0).standard_normal(5000, dtype=np.float32))
    with pytest.raises(SamplingRateMissingError, match=r"raw\.npy"):
        folder_set(folder)

    (folder / "raw.npy").unlink()
    noise = np.random.default_rng(0).standard_normal((2, 5000), dtype=np.float32)
    np.savez(folder / "both.npz", drive=noise[0], fan=noise[1], sampling_rate=12_000)
    with pytest.raises(ChannelNotChosenError, match=r"both\.npz"):
        folder_set(folder)


def test_limits_reach_the_readers(folder):
    with pytest.raises(ReaderLimitError):
        folder_set(folder, limits=Limits(wall_s=0.0))


def test_a_file_that_changes_in_between_is_noticed(folder):
    recording = folder_set(folder).recordings[0]
    (folder / "inner.npz").write_bytes((folder / "normal.npz").read_bytes())
    with pytest.raises(DamagedFileError, match="changed while"):
        recording.load()

    (folder / "inner.npz").unlink()
    with pytest.raises(FileAccessError, match=r"inner\.npz"):
        recording.load()


@pytest.mark.skipif(not REAL.is_dir(), reason="the real recordings are not there (../shared/data)")
def test_real_recordings_are_a_set_apart_by_specimen_where_a_class_has_two():
    recordings = folder_set(REAL / "cwru")
    sides = split(recordings)
    specimens = [{one.specimen for one in side.recordings} for side in sides]

    assert len(recordings.recordings) == 16
    assert len(sides[1].recordings) == 4
    assert specimens[0] & specimens[1] == {"cwru-de-normal"}
    assert {(one.machine_load, one.rig) for one in recordings.recordings} >= {("0 hp", "cwru"), ("2 hp", "cwru")}
    assert recordings.recordings[0].shaft_speed_hz == pytest.approx(1797 / 60)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real recordings are not there (../shared/data)")
@pytest.mark.parametrize("folder", ["contest_xlsx", "ultrasound", "femto", "motor_phone"])
def test_real_folders_that_can_not_be_used_are_told(folder):
    with pytest.raises(VibenchError):
        folder_set(REAL / folder)
