import numpy as np

from dashboard.app import keep_recording
from engine import __version__
from workspace.jobs.presence import become_worker


def test_a_living_server_says_its_version(make_client):
    assert make_client().get("/health").json == {"status": "ok", "version": __version__}


def test_a_workspace_without_networks_is_not_ready_and_says_why(make_client):
    answer = make_client().get("/ready")

    assert answer.status_code == 503
    assert "no network" in answer.json["reason"]


def test_without_a_worker_it_is_not_ready_and_says_why(make_client, untrained_variants):
    client = make_client()
    workspace = client.application.extensions["workspace"]
    workspace.variants.add(untrained_variants[0])

    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "No worker runs" in answer.json["reason"]

    with become_worker(workspace.folder):
        assert client.get("/ready").json == {"status": "ready"}


def test_a_database_that_fails_is_told_without_its_address(make_client, caplog):
    client = make_client()
    workspace = client.application.extensions["workspace"]
    workspace.database.close()
    (workspace.folder / "vibench.db").write_bytes(b"overwritten" * 1000)

    answer = client.get("/ready")

    assert answer.status_code == 503
    assert answer.json["reason"] == "The database can't be used; the log says why."
    assert str(workspace.folder) in caplog.text


def test_a_recording_is_downloaded_under_its_name_as_an_attachment(make_client, tmp_path):
    client = make_client()
    workspace = client.application.extensions["workspace"]
    path = tmp_path / "upload.part"
    np.save(path.with_suffix(".npy"), np.sin(np.arange(5000, dtype=np.float32)))
    name = 'Prüfstand 3 "left"; <b>.npy'
    content = path.with_suffix(".npy").read_bytes()
    kept = keep_recording(workspace, path.with_suffix(".npy"), name)
    digest = workspace.recordings.get(kept["recording"]).sha256

    answer = client.get(f"/blobs/{digest}")

    assert answer.data == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''Pr%C3%BCfstand%203" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_content_that_nothing_names_is_not_served(make_client):
    assert make_client().get("/blobs/" + "0" * 64).status_code == 404
