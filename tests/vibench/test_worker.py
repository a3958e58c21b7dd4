import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workspace.jobs.presence import become_worker, worker_runs
from workspace.settings import Settings
from workspace.workspace import Workspace

REPOSITORY = Path(__file__).parents[2]


def waited_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_runs_until_it_is_told_to_stop_and_then_ends_without_a_word(tmp_path, number):
    folder = tmp_path / "workspace"
    command = [sys.executable, "-m", "vibench", "worker", "--workspace", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "VIBENCH_HOST": "0.0.0.0", "VIBENCH_TOKEN": ""}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        waited_for(lambda: worker_runs(folder))
        worker.stderr.readline()  # by then it listens to signals
        begun = time.monotonic()
        worker.send_signal(number)
        assert worker.wait(20) == 0
        assert time.monotonic() - begun < 5
        assert worker.stderr.read() == ""
    assert not worker_runs(folder)


def test_a_second_worker_is_refused_in_one_line(process, tmp_path):
    folder = tmp_path / "workspace"
    with Workspace.open(Settings(_env_file=None, workspace=folder)), become_worker(folder):
        told = process("worker", "--workspace", folder)

    assert told.returncode == 2
    assert told.stderr.splitlines() == [
        f"vibench: A worker runs the jobs of {folder} already, and one is enough; `vibench jobs` shows them."
    ]
