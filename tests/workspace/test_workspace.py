import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from engine.description import Description
from engine.errors import RecordingNotFoundError, SamplingRateMissingError, TooShortError, WorkspaceError
from engine.readers.contents import ReadOptions
from workspace.settings import Settings
from workspace.workspace import Workspace

NOISE = np.random.default_rng(0).standard_normal(24_000).astype(np.float32)
OPEN = """
import os
import sys
from pathlib import Path
from workspace.settings import Settings
from workspace.workspace import Workspace
if "as-nobody" in sys.argv and os.getuid() == 0:
    os.setuid(65534)
with Workspace.open(Settings(_env_file=None, workspace=Path(sys.argv[1]))) as workspace:
    workspace.recordings.list()
"""


def settings_of(folder, **changes):
    return Settings(_env_file=None, workspace=folder, **changes)


@pytest.fixture
def recording(workspace, tmp_path):
    path = tmp_path / "pump.npz"
    np.savez(path, vibration=NOISE, sampling_rate=12_000.0, shaft_rpm=1797.0)
    return workspace.recordings.add(path, path.name).row


def test_it_is_made_where_there_is_none_with_every_folder(tmp_path):
    with Workspace.open(settings_of(tmp_path / "a" / "b")) as workspace:
        assert workspace.recordings.list() == workspace.variants.list() == []

        assert {path.name for path in workspace.folder.iterdir()} >= {"vibench.db", "blobs", "cache", "jobs"}


def test_it_can_be_opened_again_and_has_kept_everything(workspace, recording):
    with Workspace.open(workspace.settings) as again:
        assert again.recordings.list() == [recording]


def test_processes_that_open_a_new_one_at_once_all_get_it(tmp_path):
    folder = tmp_path / "workspace"
    openers = [subprocess.Popen([sys.executable, "-c", OPEN, folder]) for _ in range(3)]

    assert [opener.wait() for opener in openers] == [0, 0, 0]


def test_opening_one_that_is_up_to_date_is_quick_and_loads_nothing_heavy(workspace):
    script = (
        "import sys, time; from pathlib import Path; from workspace.settings import Settings; "
        "from workspace.workspace import Workspace; begun = time.perf_counter(); "
        "Workspace.open(Settings(_env_file=None, workspace=Path(sys.argv[1]))); took = time.perf_counter() - begun; "
        "assert not {'torch', 'onnx', 'onnxruntime', 'alembic', 'scipy.signal'} & set(sys.modules); print(took)"
    )

    command = [sys.executable, "-c", script, workspace.folder]

    assert min(float(subprocess.check_output(command)) for _ in range(2)) < 0.3


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "invoices.xlsx").touch()

    with pytest.raises(WorkspaceError, match=r"holds something else \(invoices\.xlsx\): choose an empty one"):
        Workspace.open(settings_of(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["invoices.xlsx"]


def test_a_fresh_disk_is_taken_as_empty(tmp_path):
    (tmp_path / "lost+found").mkdir()
    (tmp_path / ".gitkeep").touch()

    Workspace.open(settings_of(tmp_path)).close()


def test_a_file_is_no_workspace(tmp_path):
    (tmp_path / "file").touch()

    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WorkspaceError, match="VIBENCH_WORKSPACE"):
            Workspace.open(settings_of(folder))


def test_a_folder_that_can_not_be_written_is_told():
    folder = Path(tempfile.mkdtemp())  # outside of pytest's own, which nobody else may enter
    folder.chmod(0o555)
    try:
        opened = subprocess.run([sys.executable, "-c", OPEN, folder, "as-nobody"], capture_output=True, text=True)
    finally:
        shutil.rmtree(folder)

    assert f"WorkspaceError: The workspace {folder} can't be used (Permission denied)" in opened.stderr


def test_a_newer_workspace_is_refused(workspace):
    with workspace.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(WorkspaceError, match="written by a newer Vibench"):
        Workspace.open(workspace.settings)


def test_a_database_that_was_damaged_meanwhile_is_told(workspace, recording):
    workspace.close()
    (workspace.folder / "vibench.db").write_bytes(b"overwritten" * 1000)

    with pytest.raises(WorkspaceError, match=r"vibench\.db can't be used \(.*\): check it and its disk"):
        workspace.recordings.list()


def test_another_database_costs_no_file(workspace, recording, tmp_path):
    other = settings_of(workspace.folder, database_url=f"sqlite:///{tmp_path / 'other.db'}")

    with Workspace.open(other) as elsewhere:
        assert elsewhere.recordings.list() == []

    assert workspace.blobs.path(recording.sha256).is_file()


def test_what_killed_processes_left_in_scratch_is_swept_and_what_is_in_use_is_not(workspace):
    old, new = workspace.scratch / "old", workspace.scratch / "new"
    for folder in (old, new):
        (folder / "deep").mkdir(parents=True)
    os.utime(old, (time.time() - 4000,) * 2)

    Workspace.open(workspace.settings).close()

    assert [path.name for path in workspace.scratch.iterdir()] == ["new"]


@pytest.fixture
def network(workspace, tmp_path):
    """An untrained WDCNN, which needs no training to be asked."""
    import torch
    from safetensors.torch import save_file

    from engine.card import ModelCard
    from engine.networks import build
    from engine.variant import Variant, sha256_of

    torch.manual_seed(0)
    weights = tmp_path / "model.safetensors"
    save_file(build("wdcnn", 4).state_dict(), weights)
    classes = ("normal", "inner", "outer", "ball")
    card = ModelCard("wdcnn", "WDCNN", "", 12_000.0, 2048, 1024, (0.0, 4800.0), classes, 1.0, 0.0)
    return workspace.variants.add(Variant("pytorch", "pytorch", "safetensors", weights, sha256_of(weights), card))


def test_a_diagnosis_is_made_once_for_the_same_recording_network_and_description(workspace, recording, network):
    first = workspace.diagnose(recording.id, network)
    again = workspace.diagnose(recording.id, network)

    assert first.recording["sha256"] == recording.sha256
    assert first.verdict.windows == len(first.probabilities) == 22
    assert again.to_json() == first.to_json()  # its very times

    workspace.recordings.describe(recording.id, Description(bearing="6205-2RS"))
    described = workspace.diagnose(recording.id, network)
    assert described.recording["bearing"] == "6205-2RS"
    assert described.timing_ms != first.timing_ms
    np.testing.assert_array_equal(described.probabilities.round(6), first.probabilities.round(6))


def test_the_rig_decides_about_cautions_so_it_is_part_of_what_is_the_same(workspace, recording, network):
    before = workspace.diagnose(recording.id, network)

    workspace.recordings.describe(recording.id, Description(rig="cwru"))

    assert workspace.diagnose(recording.id, network).timing_ms != before.timing_ms


def test_how_a_file_is_read_is_part_of_what_is_the_same(workspace, network, tmp_path):
    path = tmp_path / "table.csv"
    text = "\n".join(f"{value:.5f}" for value in NOISE)
    path.write_text(text)
    row = workspace.recordings.add(path, path.name, Description(sampling_rate_hz=12_000.0)).row
    before = workspace.diagnose(row.id, network)

    workspace.recordings.read_again(row.id, ReadOptions(header_lines=0))

    assert workspace.diagnose(row.id, network).timing_ms != before.timing_ms


def test_deleting_a_recording_forgets_its_diagnoses(workspace, recording, network):
    workspace.diagnose(recording.id, network)
    kept = [path.read_bytes() for path in (workspace.folder / "cache" / "diagnoses").iterdir()]
    assert any(b"pump.npz" in content for content in kept)

    workspace.recordings.delete(recording.id)

    kept = [path.read_bytes() for path in (workspace.folder / "cache" / "diagnoses").iterdir()]
    assert not any(b"pump.npz" in content for content in kept)


def test_a_diagnosis_of_what_was_deleted_meanwhile_is_not_kept(workspace, recording, network, monkeypatch):
    load = workspace.sessions.get

    def deleted_meanwhile(variant):
        workspace.recordings.delete(recording.id)
        return load(variant)

    monkeypatch.setattr(workspace.sessions, "get", deleted_meanwhile)
    with pytest.raises(RecordingNotFoundError):
        workspace.diagnose(recording.id, network)

    kept = [path.read_bytes() for path in (workspace.folder / "cache" / "diagnoses").iterdir()]
    assert not any(b"pump.npz" in content for content in kept)


def test_a_deleted_cache_costs_only_time(workspace, recording, network):
    first = workspace.diagnose(recording.id, network)
    shutil.rmtree(workspace.folder / "cache" / "signals")
    for path in (workspace.folder / "cache" / "diagnoses").iterdir():
        path.unlink()

    again = workspace.diagnose(recording.id, network)

    np.testing.assert_array_equal(again.probabilities.round(6), first.probabilities.round(6))


def test_what_can_not_be_diagnosed_says_why(workspace, network, tmp_path):
    path = tmp_path / "short.npz"
    np.savez(path, vibration=NOISE[:500])
    short = workspace.recordings.add(path, path.name).row
    with pytest.raises(SamplingRateMissingError, match=r"short\.npz"):
        workspace.diagnose(short.id, network)

    workspace.recordings.describe(short.id, Description(sampling_rate_hz=12_000.0))

    with pytest.raises(TooShortError):
        workspace.diagnose(short.id, network)
