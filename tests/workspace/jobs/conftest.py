"""Jobs that do what a test wants, in a workspace of its own, and the worker that runs them."""

import importlib.util
import threading
import time
from pathlib import Path

import pytest

from workspace.jobs.queue import JobQueue
from workspace.jobs.worker import Worker
from workspace.settings import Settings
from workspace.workspace import Workspace


@pytest.fixture(scope="session")
def trial():
    """The module beside this file."""
    spec = importlib.util.spec_from_file_location("trial", Path(__file__).with_name("trial.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def make_queue(tmp_path, trial):
    """Open a workspace with the settings of the test, and return the queue of its trial jobs."""
    opened = []

    def make(**settings):
        workspace = Workspace.open(Settings(_env_file=None, workspace=tmp_path / "workspace", **settings))
        opened.append(workspace)
        workspace.jobs = JobQueue(workspace, trial.KINDS)
        workspace.jobs.workspace = workspace  # for tests that look behind it
        return workspace.jobs

    yield make
    for workspace in opened:
        workspace.close()


@pytest.fixture
def queue(make_queue):
    return make_queue()


@pytest.fixture
def start_worker(trial):
    """Run a worker for a queue until the test is over, or until the returned function is called."""
    stops = []

    def start(queue):
        worker = Worker(queue.workspace, trial.COMMAND)
        thread = threading.Thread(target=worker.run)
        thread.start()

        def stop():
            worker.stop()
            thread.join()

        stops.append(stop)
        return stop

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def until():
    """Wait until a condition holds, and return what it returned."""

    def wait(condition, timeout_s=60):
        deadline = time.monotonic() + timeout_s
        while not (found := condition()):
            assert time.monotonic() < deadline, "it did not come to that"
            time.sleep(0.02)
        return found

    return wait


@pytest.fixture
def ended(queue, until):
    """Wait until a job has ended, and return it."""

    def wait(job_id, timeout_s=60):
        until(lambda: queue.get(job_id).ended_at, timeout_s)
        return queue.get(job_id)

    return wait
