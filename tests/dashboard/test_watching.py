import os
import signal
import subprocess
import sys
import time

import pytest

from dashboard import watching
from dashboard.watching import WatchedWorker
from workspace.jobs.presence import become_worker

SLEEPING = (sys.executable, "-c", "import time; time.sleep(60)")
PARENT = """
import sys, time
from pathlib import Path
from dashboard.watching import WatchedWorker
watched = WatchedWorker((sys.executable, "-c", "import time; time.sleep(60)"), Path(sys.argv[1]))
watched.keep_running()
print(watched._process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "jobs").mkdir()
    return tmp_path


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def watch(folder, now):
    """A watched worker, by a clock of its own; it is ended with the test."""
    made = []

    def watch(command=SLEEPING):
        made.append(WatchedWorker(command, folder, clock=lambda: now[0]))
        return made[-1]

    yield watch
    for watched in made:
        watched.stop()
        watched.wait()


def pid_of(watched):
    return watched._process and watched._process.pid


def kill(watched):
    os.kill(pid_of(watched), signal.SIGKILL)
    watched._process.wait()


def test_a_worker_is_started_once_and_again_when_it_has_died(watch, now):
    watched = watch()
    watched.keep_running()
    first = pid_of(watched)
    watched.keep_running()
    assert pid_of(watched) == first

    now[0] += watching.STEADY_S + 1
    kill(watched)
    watched.keep_running()
    assert pid_of(watched) is None
    now[0] += watching.FIRST_PAUSE_S
    watched.keep_running()
    assert pid_of(watched) not in (None, first)


def test_a_worker_that_dies_at_once_is_started_ever_more_rarely(watch, now):
    watched = watch()
    pauses = []
    for _ in range(6):
        watched.keep_running()
        kill(watched)
        died_at = now[0]
        watched.keep_running()
        while pid_of(watched) is None:
            now[0] += 0.5
            watched.keep_running()
        pauses.append(now[0] - died_at)

    assert pauses == [1, 2, 4, 8, watching.LONGEST_PAUSE_S, watching.LONGEST_PAUSE_S]


def test_no_worker_is_started_where_somebody_elses_is_there(watch, folder):
    watched = watch()
    with become_worker(folder):
        watched.keep_running()
        assert pid_of(watched) is None

    watched.keep_running()
    assert pid_of(watched) is not None


def test_a_worker_that_does_not_end_when_told_is_killed(watch, monkeypatch):
    monkeypatch.setattr(watching, "GRACE_S", 0.1)
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    watched = watch((sys.executable, "-c", script))
    watched.keep_running()
    process = watched._process

    watched.stop()
    watched.wait()

    assert process.returncode < 0


def test_a_worker_ends_with_its_server_even_when_that_is_killed(folder):
    with subprocess.Popen([sys.executable, "-c", PARENT, folder], stdout=subprocess.PIPE, text=True) as parent:
        worker = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{worker}"):  # noqa: PTH110
        assert time.monotonic() < deadline
        time.sleep(0.02)
