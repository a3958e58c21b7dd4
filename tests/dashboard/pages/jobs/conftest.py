"""Jobs as values, and a queue that holds them: what the page shows does not depend on how they were run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.errors import JobNotFoundError
from workspace.jobs.job import STATES, Job, JobProgress, LogLine

BEGUN = datetime(2026, 11, 3, 14, 36, 2, tzinfo=UTC)
PROOF = {"verdict": "equivalent", "reasons": ["No verdict flipped."], "runtime": {}}


class Queue:
    """Answers what the page asks, from a list."""

    def __init__(self):
        self.jobs, self.lines, self.alive = [], {}, True

    def get(self, job_id):
        for job in self.jobs:
            if job.id == job_id:
                return job
        raise JobNotFoundError(job_id)

    def list(self, *states, kind=None, limit=200):
        return [job for job in self.jobs if job.state in states][:limit]

    def counts(self):
        return {state: len(self.list(state)) for state in STATES}

    def log(self, job_id):
        return self.lines.get(job_id, [])

    def revision(self):
        return len(self.jobs)

    def worker_alive(self):
        return self.alive


@pytest.fixture
def job():
    """A job that calibrates at the moment."""
    return Job(
        id="k3v9q2",
        kind="optimize",
        title="Static INT8",
        subject="of wdcnn/onnx",
        parameters={"variant": "wdcnn/onnx", "recipe": [{"pass": "quantize_static", "parameters": {}}]},
        state="running",
        alone=False,
        cancelling=False,
        attempt=1,
        progress=JobProgress("Calibrating", 328, 512, 8.43, 21.8),
        result=None,
        error=None,
        queued_at=BEGUN - timedelta(seconds=5),
        started_at=BEGUN,
        ended_at=None,
    )


@pytest.fixture
def ended(job):
    """Return the job as it ended, in that state."""

    def end(state, **values):
        told = {
            "succeeded": {"result": {"variant": "wdcnn/int8-static", "digest": "d" * 64, "size_bytes": 70_123}},
            "failed": {"error": {"code": "calibration-impossible", "message": "No recording gives a window: add one."}},
            "cancelled": {},
        }
        over = {"progress": None, "ended_at": BEGUN + timedelta(seconds=41), **told.get(state, {}), **values}
        return replace(job, state=state, **over)

    return end


@pytest.fixture
def line():
    """Return a line of a log, so many seconds after the job began."""

    def write(text, seconds=0, attempt=1):
        return LogLine(BEGUN + timedelta(seconds=seconds), attempt, text)

    return write


@pytest.fixture
def workspace(make_client, monkeypatch):
    """A workspace whose queue is the test's."""
    opened = make_client().application.extensions["workspace"]
    monkeypatch.setattr(opened, "jobs", Queue(), raising=False)
    return opened
