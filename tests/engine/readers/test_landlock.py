import socket
import subprocess
import sys

import pytest

from engine.readers.landlock import confine_to, landlock_version

pytestmark = pytest.mark.skipif(landlock_version() == 0, reason="this kernel has no Landlock")

ATTEMPT = """
import os, socket, sys
from pathlib import Path
from engine.readers.landlock import confine_to

allowed, other, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
attempts = {
    "read it": lambda: allowed.read_bytes(),
    "read another": lambda: other.read_bytes(),
    "list a folder": lambda: os.listdir(other.parent),
    "write it": lambda: allowed.write_bytes(b""),
    "make a file": lambda: (other.parent / "new").touch(),
    "delete": lambda: other.unlink(),
    "connect": lambda: socket.create_connection(("127.0.0.1", port), timeout=5),
    "signal": lambda: os.kill(os.getppid(), 0),
}
confine_to(allowed)
for name, attempt in attempts.items():
    try:
        attempt()
        print(name, "done")
    except PermissionError:
        print(name, "refused")
"""


@pytest.fixture
def outcome(tmp_path):
    allowed, other = tmp_path / "recording.csv", tmp_path / "secret"
    allowed.write_text("1\n2\n")
    other.write_text("swordfish")
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [str(allowed), str(other), str(server.getsockname()[1])]
        command = [sys.executable, "-c", ATTEMPT, *arguments]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.rsplit(" ", 1) for line in told.splitlines())


def test_the_one_file_can_be_read(outcome):
    assert outcome["read it"] == "done"


@pytest.mark.parametrize("attempt", ["read another", "list a folder", "write it", "make a file", "delete"])
def test_no_other_file_can_be_reached(outcome, attempt):
    assert outcome[attempt] == "refused"


@pytest.mark.skipif(landlock_version() < 4, reason="this kernel's Landlock knows no network")
def test_no_connection_can_be_made(outcome):
    assert outcome["connect"] == "refused"


@pytest.mark.skipif(landlock_version() < 6, reason="this kernel's Landlock knows no signals")
def test_no_other_process_can_be_signalled(outcome):
    assert outcome["signal"] == "refused"


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):  # raised before anything is given up, or the rest of the tests would fail
        confine_to(tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []
