import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from workspace.jobs.presence import worker_runs
from workspace.locking import file_lock

REPOSITORY = Path(__file__).parents[2]


def address_in(output, server):
    """Wait for the address that the server prints."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+", output.read_text()):
            return found.group()
        time.sleep(0.2)
    raise AssertionError(output.read_text())


def status_of(address):
    """Return status and text of an answer."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def is_free(lock):
    with file_lock(lock, wait=False) as free:
        return free


@pytest.fixture
def serving(tmp_path):
    """Serve a workspace in a process of its own; returns the process and where its output goes."""

    @contextmanager
    def serve(*words):
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "VIBENCH_WORKSPACE": str(tmp_path / "workspace")}
        command = [sys.executable, "-m", "vibench", "serve", "--port", "0", *words]
        output = tmp_path / "output"
        with (
            output.open("w") as written,
            subprocess.Popen(
                command,
                cwd=tmp_path,
                env=environment,
                stdout=written,
                stderr=written,
                start_new_session=True,  # a terminal of its own, so to say: what it starts is interrupted with it
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where tests run unattended
            ) as server,
        ):
            try:
                yield server, output
            finally:
                server.terminate()  # gunicorn takes its worker with it, which a kill would leave behind

    return serve


def test_serve_prepares_its_workspace_runs_a_worker_and_stops_cleanly_when_told(serving, tmp_path):
    with serving() as (server, output):
        address = address_in(output, server)
        assert status_of(f"{address}/health")[0] == 200
        deadline = time.monotonic() + 60
        while status_of(f"{address}/ready")[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0
        assert "SIG" not in output.read_text()  # gunicorn tells of a worker that crashed on its way out
        assert "Traceback" not in output.read_text()
        assert not worker_runs(tmp_path / "workspace")

    with serving("--no-worker") as (server, output):
        status, text = status_of(f"{address_in(output, server)}/ready")
        assert (status, "No worker runs" in text) == (503, True)
        assert "the worker of" not in output.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_ends_it_while_it_prepares_ends_all_that_it_started(serving, tmp_path, number):
    with serving() as (server, output):
        deadline = time.monotonic() + 60
        while "Making the forms" not in output.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        if number == signal.SIGINT:
            os.killpg(server.pid, number)  # as a terminal does
        else:
            server.send_signal(number)
        server.wait(timeout=20)
        deadline = time.monotonic() + 10
        while not (free := is_free(tmp_path / "workspace" / ".seeding.lock")) and time.monotonic() < deadline:
            time.sleep(0.05)

    assert free
    assert "Traceback" not in output.read_text()


def test_serve_refuses_to_let_strangers_in(process):
    told = process("serve", "--host", "0.0.0.0", VIBENCH_TOKEN="")

    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert "VIBENCH_TOKEN" in line


def test_a_workspace_that_belongs_to_something_else_is_one_line(process, tmp_path):
    (tmp_path / "thesis.txt").touch()

    told = process("serve", "--workspace", tmp_path)

    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert "thesis.txt" in line


def test_an_impossible_port_is_one_line(process):
    told = process("serve", "--port", "99999")

    assert told.returncode == 2
    assert len(told.stderr.splitlines()) == 1
