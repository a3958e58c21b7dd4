import logging

import pytest

from dashboard.pages import PAGES
from dashboard.work import worker_words
from engine.errors import WorkspaceError

LOOK = ("jobs-revision.data", "jobs-work.data", "jobs-clock.interval")


@pytest.fixture
def client(make_client):
    return make_client(PAGES)


@pytest.fixture
def workspace(client, untrained_variants):
    opened = client.application.extensions["workspace"]
    for variant in untrained_variants:
        opened.variants.add(variant)
    return opened


@pytest.fixture
def job(workspace):
    recipe = [{"pass": "convert_fp16", "parameters": {}}]
    return workspace.jobs.submit("optimize", {"variant": "wdcnn/onnx", "recipe": recipe}).job


@pytest.fixture
def look(client):
    """Ask as an open page does by itself."""

    def ask(revision, work):
        body = {
            "output": f"..{'...'.join(LOOK)}..",
            "outputs": [dict(zip(("id", "property"), name.split("."), strict=True)) for name in LOOK],
            "inputs": [{"id": "jobs-clock", "property": "n_intervals", "value": 1}],
            "state": [
                {"id": "jobs-revision", "property": "data", "value": revision},
                {"id": "jobs-work", "property": "data", "value": work},
            ],
            "changedPropIds": ["jobs-clock.n_intervals"],
        }
        return client.post("/_dash-update-component", json=body)

    return ask


def press(client, job_id, clicks):
    """Press a job's button to end it."""
    identity = {"job": job_id, "type": "job-cancel"}
    name = f'{{"job":"{job_id}","type":"job-cancel"}}'
    body = {
        "output": '{"job":["MATCH"],"type":"job-cancel"}.disabled',
        "outputs": {"id": identity, "property": "disabled"},
        "inputs": [{"id": identity, "property": "n_clicks", "value": clicks}],
        "changedPropIds": [f"{name}.n_clicks"],
    }
    return client.post("/_dash-update-component", json=body)


def test_where_nothing_changed_nothing_is_answered(look, job):
    told = look(None, None).json["response"]

    assert told["jobs-work"]["data"]["queued"] == 1
    assert look(told["jobs-revision"]["data"], told["jobs-work"]["data"]).status_code == 204


def test_the_page_asks_often_only_while_a_job_waits_or_runs(look, workspace, job):
    assert look(None, None).json["response"]["jobs-clock"]["interval"] == 1000
    workspace.jobs.cancel(job.id)
    assert look(None, None).json["response"]["jobs-clock"]["interval"] == 5000


def test_progress_changes_the_revision_alone(look, job):
    told = look(None, None).json["response"]

    assert set(look(-1, told["jobs-work"]["data"]).json["response"]) == {"jobs-revision"}


def test_what_a_page_asks_by_itself_is_not_logged(look, job, caplog, client):
    caplog.set_level(logging.INFO, "dashboard.logs")
    look(None, None)
    assert not [record for record in caplog.records if record.message == "request"]

    press(client, job.id, None)
    assert [record for record in caplog.records if record.message == "request"]


def test_a_database_that_is_away_is_not_told_to_an_open_page(look, workspace, monkeypatch, caplog):
    def fail():
        raise WorkspaceError("The database can't be used.")

    monkeypatch.setattr(workspace.jobs, "revision", fail)

    assert look(1, {}).status_code == 204
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"changedPropIds": 3}', b'{"changedPropIds": [{}]}', b"\xff"])
def test_nonsense_is_still_refused(client, body):
    answer = client.post("/_dash-update-component", data=body, content_type="application/json")

    assert 400 <= answer.status_code < 500


def test_a_job_is_cancelled_from_any_page(client, workspace, job):
    answer = press(client, job.id, 1).json

    assert workspace.jobs.get(job.id).state == "cancelled"
    assert answer["sideUpdate"]["jobs-revision"]["data"] == workspace.jobs.revision()


def test_a_button_that_was_not_pressed_ends_nothing(client, workspace, job):
    press(client, job.id, None)

    assert workspace.jobs.get(job.id).state == "queued"


def test_a_job_that_has_ended_meanwhile_is_told(client, workspace, job):
    workspace.jobs.cancel(job.id)

    assert "has been cancelled already" in press(client, job.id, 1).text


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ({"running": 2, "queued": 1, "worker": True}, ("good", "Worker busy, 2 jobs")),
        ({"running": 0, "queued": 0, "worker": True}, ("muted", "Worker idle")),
        ({"running": 0, "queued": 1, "worker": False}, ("warn", "No worker, 1 job waiting")),
        ({"running": 0, "queued": 0, "worker": False}, ("warn", "No worker")),
    ],
)
def test_the_worker_is_told_in_words(work, words):
    assert worker_words(work) == words
