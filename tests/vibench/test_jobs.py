import pytest

from workspace.jobs.claims import Claims
from workspace.jobs.context import RunningJob
from workspace.settings import Settings
from workspace.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, monkeypatch, untrained_variants):
    """A workspace of the test's own, in which nothing but two variants is."""
    monkeypatch.setenv("VIBENCH_WORKSPACE", str(tmp_path / "own"))
    with Workspace.open(Settings(_env_file=None)) as workspace:
        for variant in untrained_variants:
            workspace.variants.add(variant)
        yield workspace


@pytest.fixture
def job(workspace):
    recipe = [{"pass": "convert_fp16", "parameters": {}}]
    return workspace.jobs.submit("optimize", {"variant": "wdcnn/onnx", "recipe": recipe}).job


@pytest.fixture
def vibench(workspace, vibench, monkeypatch):
    """The command line, on that workspace."""
    monkeypatch.setenv("VIBENCH_WORKSPACE", str(workspace.folder))
    return vibench


def test_an_empty_queue_is_an_empty_list(vibench, vibench_json):
    assert vibench_json("jobs") == [[]]
    assert vibench("jobs").out == "There is no job; the pages Models and Benchmark start them.\n"


def test_jobs_are_listed_with_what_they_do_and_why_they_wait(vibench, vibench_json, job):
    told = vibench("jobs", "list").out

    _, line, hint = told.splitlines()
    assert line.split()[:2] == [job.id, "queued"]
    assert line.endswith("FP16 of wdcnn/onnx")
    assert "vibench worker" in hint
    ((listed,),) = vibench_json("jobs", "list")
    assert (listed["id"], listed["kind"], listed["state"]) == (job.id, "optimize", "queued")
    assert listed["queued_at"] == job.queued_at.isoformat()


def test_a_job_is_shown_with_its_progress_and_log(vibench, vibench_json, workspace, job, tmp_path):
    context = RunningJob(workspace.database, Claims(workspace.database).claim(job.id), tmp_path)
    context.progress("Comparing windows", 3, 9)
    context.log("a line\nof two")
    assert "No worker runs, so none of these goes on" in vibench("jobs").out  # it was interrupted

    told = vibench("jobs", "show", job.id).out

    assert told.startswith("FP16 of wdcnn/onnx: running\n  Comparing windows, 3 of 9\n")
    assert told.endswith("a line of two\n")
    (shown,) = vibench_json("jobs", "show", job.id)
    assert shown["progress"]["done"] == 3
    assert shown["parameters"]["variant"] == "wdcnn/onnx"
    assert [line["text"] for line in shown["log"]] == ["Attempt 1 begins.", "a line\nof two"]


def test_a_job_is_cancelled_and_tried_again(vibench, workspace, job):
    assert vibench("jobs", "cancel", job.id).out == f"{job.id} FP16 of wdcnn/onnx: cancelled\n"
    assert "has been cancelled already" in vibench("jobs", "cancel", job.id, status=2).err
    assert vibench("jobs", "retry", job.id).out == f"{job.id} FP16 of wdcnn/onnx: queued\n"
    assert workspace.jobs.get(job.id).state == "queued"


def test_what_a_job_failed_of_is_told(vibench, workspace, job):
    claims = Claims(workspace.database)
    claims.ran_out_of_time(claims.claim(job.id), 5)

    told = " ".join(vibench("jobs", "show", job.id).out.split())

    assert "failed It took more than 5 s: raise VIBENCH_JOB_TIME_LIMIT_S" in told


def test_a_job_that_is_not_there_is_one_line(vibench, vibench_json):
    (line,) = vibench("jobs", "show", "0123", status=2).err.splitlines()
    assert "no job 0123" in line
    (error,) = vibench_json("jobs", "cancel", "0123", status=2)
    assert error["error"]["code"] == "job-not-found"
