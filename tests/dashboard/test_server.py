import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from dashboard.server import address_of, listen
from engine.errors import SettingsError

REPOSITORY = Path(__file__).parents[2]
SERVING = """
from functools import partial
from dashboard.server import serve
from workspace.settings import load_settings
from workspace.workspace import Workspace
serve(load_settings(), Workspace.open, partial(print, flush=True))
"""


@pytest.fixture
def server(tmp_path):
    """A served dashboard, and the address that it announced."""
    environment = {
        **os.environ,
        "VIBENCH_WORKSPACE": str(tmp_path / "workspace"),
        "VIBENCH_PORT": "0",
        "VIBENCH_LOG_FORMAT": "json",
        "PYTHONPATH": str(REPOSITORY),
        "HOME": "/nonexistent",
    }
    command = [sys.executable, "-c", SERVING]
    log, told = tmp_path / "log", tmp_path / "told"
    with log.open("w") as errors, told.open("w") as output:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=output, stderr=errors)
    process.log = log
    deadline = time.monotonic() + 60
    while not told.read_text().endswith("\n"):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(log.read_text())
        time.sleep(0.1)
    process.address = told.read_text().removeprefix("Vibench is at ").strip()
    yield process
    process.terminate()  # gunicorn takes its worker with it, which a kill would leave behind
    process.wait(15)


def test_a_server_answers_at_the_address_that_it_announced_and_stops_when_told(server):
    with urllib.request.urlopen(f"{server.address}/health", timeout=10) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(server.address, timeout=10) as answer:
        assert b"Vibench" in answer.read()

    server.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    assert server.wait(15) == 0
    assert time.monotonic() - begun < 10
    assert '"path": "/"' in server.log.read_text()


def test_a_port_that_is_taken_is_named_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"Port {port} is taken by another program"):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_named_in_one_sentence():
    with pytest.raises(SettingsError, match=r"192\.0\.2\.1 is no address of this machine"):
        listen("192.0.2.1", 0)


def test_an_address_is_written_as_a_browser_takes_it():
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert address_of(listener, "127.0.0.1") == f"http://127.0.0.1:{port}"
        assert address_of(listener, "::1") == f"http://[::1]:{port}"


@pytest.mark.parametrize(("host", "address"), [("0.0.0.0", "127.0.0.1"), ("", "127.0.0.1"), ("::", "[::1]")])
def test_of_every_address_the_announced_one_is_let_in(make_client, host, address):
    with listen("127.0.0.1", 0) as listener:
        announced = address_of(listener, host)
        assert announced == f"http://{address}:{listener.getsockname()[1]}"
    client = make_client(host=host, token="t" * 32)

    assert client.get("/health", base_url=announced).status_code == 200
