import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from engine.description import Description
from engine.errors import (
    ChannelNotChosenError,
    ChannelUnknownError,
    DamagedFileError,
    NotFiniteError,
    NotVibrationError,
    RecordingNotFoundError,
    SamplingRateInvalidError,
    SamplingRateMissingError,
    ShaftSpeedInvalidError,
    SignalError,
    StorageLimitError,
    UnknownFormatError,
)
from engine.readers.contents import ReadOptions
from workspace.settings import Settings
from workspace.workspace import Workspace

REAL = Path(__file__).parents[3] / "shared" / "data"
NOISE = np.random.default_rng(0).standard_normal(24_000).astype(np.float32)


@pytest.fixture
def recordings(workspace):
    return workspace.recordings


@pytest.fixture
def write(tmp_path):
    """Return a function that writes an .npz of named channels and scalars."""

    def write(name="pump.npz", **arrays):
        path = tmp_path / name
        np.savez(path, **arrays or {"vibration": NOISE})
        return path

    return write


def files_in(workspace):
    """Everything that a recording could have left behind."""
    folders = [workspace.blobs.root, workspace.folder / "cache" / "signals", workspace.scratch]
    return [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.stat().st_size]


def comes_from_disk(array):
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False


def test_what_the_file_says_is_kept(recordings, workspace, write):
    path = write(vibration=NOISE, sampling_rate=12_000.0, shaft_rpm=1797.0, unit="g")

    added = recordings.add(path, "pump.npz")

    row = added.row
    assert not added.duplicate
    assert (row.name, row.format, row.size_bytes) == ("pump.npz", "npz", path.stat().st_size)
    (channel,) = row.channels
    assert (channel.name, channel.samples, channel.sampling_rate_hz, channel.unit) == ("vibration", 24_000, 12_000, "g")
    assert channel.shaft_speed_hz == pytest.approx(29.95)
    assert (row.missing, row.problem, row.duration_s) == ((), None, 2.0)
    assert workspace.blobs.path(row.sha256).read_bytes() == path.read_bytes()
    assert recordings.get(row.id) == row


def test_what_is_missing_is_asked_for_and_then_told(recordings, write):
    row = recordings.add(write(drive=NOISE, fan=NOISE), "pump.npz").row
    assert (row.missing, row.duration_s) == (("sampling_rate_hz", "channel"), None)
    with pytest.raises(SamplingRateMissingError):
        recordings.signal(row.id)

    row = recordings.describe(row.id, Description(sampling_rate_hz=12_000.0))
    assert (row.missing, row.duration_s) == (("channel",), None)
    with pytest.raises(ChannelNotChosenError):
        recordings.signal(row.id)

    row = recordings.describe(row.id, Description(channel="fan", sampling_rate_hz=12_000.0, shaft_rpm=1200.0))
    assert (row.missing, row.duration_s) == ((), 2.0)
    signal, _ = recordings.signal(row.id)
    assert (signal.sampling_rate, signal.shaft_speed_hz, signal.channels[0].name) == (12_000.0, 20.0, "fan")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Description(sampling_rate_hz=0.0), SamplingRateInvalidError),
        (Description(sampling_rate_hz=12_000.0, shaft_rpm=-3.0), ShaftSpeedInvalidError),
        (Description(channel="fan"), ChannelUnknownError),
        (Description(channel="oil_temperature"), NotVibrationError),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(recordings, write, said, error):
    path = write(vibration=NOISE, oil_temperature=NOISE)
    before = recordings.add(path, "pump.npz", Description(label="inner")).row

    with pytest.raises(error):
        recordings.describe(before.id, said)

    assert recordings.get(before.id) == before


def test_what_was_said_comes_back_whole(recordings, write):
    said = Description(
        sampling_rate_hz=12_000.0,
        bearing="6205-2RS",
        label="inner",
        specimen="A",
        notes={"load": "2 hp"},
        origin={"sampling_rate_hz": "sidecar"},
    )

    row = recordings.add(write(), "pump.npz", said).row

    assert row.description == said


def test_a_signal_that_can_not_be_diagnosed_says_why_and_is_kept(recordings, write):
    broken = NOISE.copy()
    broken[100] = np.nan

    row = recordings.add(write(vibration=broken), "pump.npz").row

    assert row.missing == ("sampling_rate_hz",)
    assert row.problem.startswith("Channel vibration holds NaN or infinity, first at sample 100.")
    recordings.describe(row.id, Description(sampling_rate_hz=1000.0))
    with pytest.raises(NotFiniteError):
        recordings.signal(row.id)


def test_recordings_are_counted(recordings, write):
    assert recordings.count() == 0
    recordings.add(write(), "pump.npz")

    assert recordings.count() == 1


def test_the_same_content_is_kept_once_under_its_first_name(recordings, workspace, write):
    first = recordings.add(write(), "pump.npz", Description(label="inner"))

    again = recordings.add(write("copy.npz"), "copy.npz")

    assert (again.duplicate, again.row) == (True, first.row)
    assert recordings.list() == [first.row]
    assert workspace.blobs.size() == first.row.size_bytes


@pytest.mark.parametrize(("name", "content"), [("a.bin", b"\0\1\2" * 100), ("a.npz", b"PK\3\4 cut"), ("a.csv", b"")])
def test_what_can_not_be_read_is_refused_by_its_own_name_and_leaves_nothing(
    recordings, workspace, tmp_path, name, content
):
    upload = tmp_path / "upload"
    upload.write_bytes(content)

    with pytest.raises(SignalError) as refused:
        recordings.add(upload, name, move=True)

    assert name in str(refused.value)
    assert recordings.list() == []
    assert files_in(workspace) == []
    assert not upload.exists()


def test_an_unknown_format_is_told_as_such(recordings, tmp_path):
    (tmp_path / "upload").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))

    with pytest.raises(UnknownFormatError, match=r"^roller\.h5 is in no format known here"):
        recordings.add(tmp_path / "upload", "roller.h5")


@pytest.mark.parametrize("duplicate", [False, True])
def test_a_file_that_is_moved_in_is_gone_and_one_that_is_copied_stays(recordings, write, duplicate):
    if duplicate:
        recordings.add(write("first.npz"), "first.npz")
    copied, moved = write("copied.npz"), write("moved.npz")

    recordings.add(copied, "copied.npz")
    recordings.add(moved, "moved.npz", move=True)

    assert (copied.exists(), moved.exists()) == (True, False)


def test_samples_are_mapped_from_disk_and_not_read(recordings, write):
    row = recordings.add(write(vibration=NOISE, sampling_rate=12_000.0), "pump.npz").row

    samples, (signal, _) = recordings.channel(row.id, "vibration"), recordings.signal(row.id)

    assert comes_from_disk(samples)
    assert comes_from_disk(signal.samples)
    np.testing.assert_array_equal(samples, NOISE)
    np.testing.assert_array_equal(signal.samples, [NOISE])


def test_the_cache_may_be_deleted_or_damaged_at_any_time(recordings, workspace, write):
    row = recordings.add(write(), "pump.npz").row
    for damage in (shutil.rmtree, lambda folder: (folder / "0.npy").write_bytes(b"\x93NUMPY cut")):
        damage(workspace.folder / "cache" / "signals" / row.sha256)

        np.testing.assert_array_equal(recordings.channel(row.id, "vibration"), NOISE)
        assert comes_from_disk(recordings.channel(row.id, "vibration"))


def test_a_pickle_in_place_of_samples_is_not_loaded(recordings, workspace, write):
    row = recordings.add(write(), "pump.npz").row
    np.save(workspace.folder / "cache" / "signals" / row.sha256 / "0.npy", np.array([object()]), allow_pickle=True)

    np.testing.assert_array_equal(recordings.channel(row.id, "vibration"), NOISE)


def test_a_channel_that_is_not_there_is_told_with_those_that_are(recordings, write):
    row = recordings.add(write(), "pump.npz").row

    with pytest.raises(ChannelUnknownError, match="it holds 1 vibration"):
        recordings.channel(row.id, "../0")


def test_deleting_frees_the_space(recordings, workspace, write):
    kept = recordings.add(write("kept.npz", vibration=NOISE + 1), "kept.npz").row
    before = sorted(files_in(workspace))
    row = recordings.add(write(), "pump.npz").row
    samples = recordings.channel(row.id, "vibration")

    recordings.delete(row.id)

    assert recordings.list() == [kept]
    assert sorted(files_in(workspace)) == before
    np.testing.assert_array_equal(samples, NOISE)  # who looks at it reads on
    for forgotten in (recordings.get, recordings.delete, recordings.signal):
        with pytest.raises(RecordingNotFoundError, match=row.id):
            forgotten(row.id)


def test_the_list_is_newest_first_and_can_be_searched(recordings, write):
    for number, (name, label) in enumerate([("Pump 1.npz", "inner"), ("fan_100%.npz", "outer"), ("pump 2.npz", None)]):
        recordings.add(write(name, vibration=NOISE + number), name, Description(label=label))

    def names(**search):
        return [row.name for row in recordings.list(**search)]

    assert names() == ["pump 2.npz", "fan_100%.npz", "Pump 1.npz"]
    assert names(search="pump") == ["pump 2.npz", "Pump 1.npz"]
    assert names(search="%") == names(search="_") == names(label="outer") == ["fan_100%.npz"]
    assert names(search="pump", label="inner") == ["Pump 1.npz"]


def test_what_does_not_fit_under_the_storage_limit_is_refused_and_stays_where_it_was(settings, write):
    path = write()
    size = path.stat().st_size
    small = Settings(_env_file=None, **settings.model_dump() | {"storage_limit_bytes": 2 * size - 1})
    with Workspace.open(small) as workspace:
        first = workspace.recordings.add(path, "pump.npz").row
        second = write("other.npz", vibration=NOISE + 1)

        with pytest.raises(StorageLimitError, match="VIBENCH_STORAGE_LIMIT_BYTES"):
            workspace.recordings.add(second, "other.npz", move=True)
        assert second.exists()
        assert workspace.blobs.size() == size

        workspace.recordings.delete(first.id)
        assert not workspace.recordings.add(second, "other.npz", move=True).duplicate


def test_a_process_that_dies_before_the_row_is_kept_leaves_the_file_to_add_again(settings, write, monkeypatch):
    path = write()
    content = path.read_bytes()

    def die():
        raise KeyboardInterrupt

    with Workspace.open(settings) as workspace:
        monkeypatch.setattr(workspace.database, "write", die)
        with pytest.raises(KeyboardInterrupt):
            workspace.recordings.add(path, "pump.npz", move=True)

    with Workspace.open(settings) as workspace:  # sweeps
        assert workspace.blobs.size() == 0
        assert path.read_bytes() == content
        row = workspace.recordings.add(path, "pump.npz", move=True).row
        assert workspace.blobs.path(row.sha256).read_bytes() == content
        assert not path.exists()


def test_threads_that_add_the_same_file_get_the_same_recording(recordings, workspace, write):
    path = write()
    ids = []
    threads = [threading.Thread(target=lambda: ids.append(recordings.add(path, "pump.npz").row.id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ids) == 4
    assert len(set(ids)) == len(recordings.list()) == 1
    assert workspace.blobs.size() == path.stat().st_size


ADD_FOREVER = """
import sys
from pathlib import Path
import numpy as np
from workspace.settings import Settings
from workspace.workspace import Workspace
folder, number = Path(sys.argv[1]), int(sys.argv[2])
with Workspace.open(Settings(_env_file=None, workspace=folder)) as workspace:
    while True:
        number += 1
        path = folder.parent / "upload"
        path.unlink(missing_ok=True)  # it may be a blob by now
        np.savez(path.open("wb"), vibration=np.random.default_rng(number).standard_normal(50_000).astype("f4"))
        row = workspace.recordings.add(path, f"{number}.npz", move=number % 2 == 0).row
        if number % 3 == 0:
            workspace.recordings.delete(row.id)
        else:
            print(row.id, flush=True)
"""


def test_killing_it_loses_no_acknowledged_recording_and_leaves_no_other_file(settings):
    acknowledged = set()
    for attempt in range(3):
        command = [sys.executable, "-c", ADD_FOREVER, settings.workspace, str(1000 * attempt)]
        adder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        acknowledged.add(adder.stdout.readline().strip())
        time.sleep(0.1 + 0.027 * attempt)
        adder.kill()
        acknowledged |= {line.strip() for line in adder.communicate()[0].splitlines(keepends=True) if line[-1] == "\n"}

    with Workspace.open(settings) as workspace:
        rows = workspace.recordings.list()
        assert acknowledged <= {row.id for row in rows}
        blobs = {path.name for path in workspace.blobs.root.glob("??/*")}
        assert blobs == {row.sha256 for row in rows}
        assert list(workspace.blobs.root.glob("unfinished-*")) == []
        for row in rows:
            assert len(workspace.recordings.channel(row.id, "vibration")) == 50_000


@pytest.mark.skipif(not REAL.is_dir(), reason="the real recordings are not on this machine (../shared/data)")
def test_a_recording_of_case_western_comes_with_a_proposal(recordings):
    row = recordings.add(REAL / "cwru" / "105_0.mat", "105.mat").row

    assert (row.record_number, row.format) == (105, "mat5")
    assert set(row.missing) == {"channel", "sampling_rate_hz"}
    assert row.proposal is not None
    assert [channel.name for channel in row.channels if channel.kind == "vibration"] == [
        "DE_time",
        "FE_time",
        "BA_time",
    ]


def test_a_text_file_is_read_again_as_its_user_says_it_is_laid_out(recordings, tmp_path, workspace):
    path = tmp_path / "rising.csv"
    columns = [np.arange(500) / 500, np.random.default_rng(0).standard_normal(500)]
    np.savetxt(path, np.column_stack(columns), "%.6f", delimiter=",")
    row = recordings.add(path, path.name).row
    recordings.describe(row.id, Description(label="normal", channel=row.channels[0].name))
    again = recordings.read_again(row.id, ReadOptions(time_column=False, header_lines=100))

    assert [channel.samples for channel in row.channels] == [500]
    assert [channel.samples for channel in again.channels] == [400, 400]
    assert again.description.label == "normal"
    assert again.missing == ("sampling_rate_hz", "channel")
    assert again.reading == ReadOptions(time_column=False, header_lines=100)
    shutil.rmtree(workspace.folder / "cache" / "signals")
    assert len(recordings.channel(row.id, again.channels[1].name)) == 400


@pytest.fixture
def table(recordings, tmp_path):
    """A text file of two columns that was read as a time and a channel, and its row."""
    path = tmp_path / "rising.csv"
    columns = [np.arange(500) / 500, np.random.default_rng(0).standard_normal(500)]
    np.savetxt(path, np.column_stack(columns), "%.6f", delimiter=",")
    return recordings.add(path, path.name).row


def test_who_still_knows_a_recording_as_it_was_read_before_does_not_disturb_the_new_reading(
    recordings, table, workspace, monkeypatch
):
    signals = workspace.folder / "cache" / "signals"
    shutil.rmtree(signals)
    again = recordings.read_again(table.id, ReadOptions(time_column=False))
    newest = [np.array(recordings.channel(table.id, channel.name)) for channel in again.channels]

    with monkeypatch.context() as patched:  # a thread that got the row before it changed
        patched.setattr(recordings, "get", lambda recording_id: table)
        late = recordings.channel(table.id, table.channels[0].name)

    np.testing.assert_array_equal(late, newest[1])
    assert len(list(signals.iterdir())) == 1
    for channel, samples in zip(again.channels, newest, strict=True):
        np.testing.assert_array_equal(recordings.channel(table.id, channel.name), samples)


def test_the_samples_of_the_reading_before_are_removed_and_those_of_the_last_with_the_recording(
    recordings, table, workspace
):
    signals = workspace.folder / "cache" / "signals"
    for options in (ReadOptions(time_column=False), ReadOptions(header_lines=100), ReadOptions()):
        recordings.read_again(table.id, options)
        assert len(list(signals.iterdir())) == 1

    recordings.read_again(table.id, ReadOptions(time_column=False))
    recordings.delete(table.id)

    assert list(signals.iterdir()) == []


def test_samples_that_are_not_those_of_the_row_are_read_again_or_refused(recordings, table, workspace):
    (name,) = (channel.name for channel in table.channels)
    samples = workspace.folder / "cache" / "signals" / table.sha256 / "0.npy"
    np.save(samples, NOISE)  # of another length
    assert len(recordings.channel(table.id, name)) == 500

    blob = workspace.blobs.path(table.sha256)
    blob.chmod(0o600)
    blob.write_text("".join(blob.read_text().splitlines(keepends=True)[:400]))
    samples.unlink()
    with pytest.raises(DamagedFileError, match="not those that were found when it was added"):
        recordings.channel(table.id, name)


def test_a_layout_that_does_not_fit_leaves_all_as_it_was(recordings, tmp_path):
    path = tmp_path / "table.csv"
    np.savetxt(path, np.random.default_rng(0).standard_normal((500, 2)), "%.6f", delimiter=";")
    row = recordings.add(path, path.name).row

    with pytest.raises(SignalError):
        recordings.read_again(row.id, ReadOptions(separator=",", header_lines=499))
    assert recordings.get(row.id) == row
