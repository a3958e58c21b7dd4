"""A workspace that is prepared once, and `vibench` called as people call it: here, or as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vibench.main import main

REPOSITORY = Path(__file__).parents[2]
RECORDINGS = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def workspace_folder(tmp_path_factory):
    """The folder of a workspace, made by whichever command needs it first."""
    return tmp_path_factory.mktemp("home") / "workspace"


@pytest.fixture
def vibench(workspace_folder, monkeypatch, capfd):
    """Call the command line inside this process; returns status, standard output and standard error."""
    monkeypatch.setenv("VIBENCH_WORKSPACE", str(workspace_folder))

    def call(*words, status=0):
        got = main([str(word) for word in words])
        captured = capfd.readouterr()
        assert got == status, captured
        return captured

    return call


@pytest.fixture
def vibench_json(vibench):
    """Call the command line with ``--json`` and return the documents on standard output."""

    def call(*words, status=0):
        return [json.loads(line) for line in vibench(*words, "--json", status=status).out.splitlines()]

    return call


@pytest.fixture
def process(workspace_folder, tmp_path):
    """Run the command line as a process of its own, in an empty folder."""

    def call(*words, **environment):
        return subprocess.run(
            [sys.executable, "-m", "vibench", *map(str, words)],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY), "VIBENCH_WORKSPACE": str(workspace_folder)} | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    """Path of a simulated recording of each condition."""
    folder = tmp_path_factory.mktemp("simulated")
    for condition in ("normal", "inner", "outer", "ball"):
        words = ["simulate", "rolling", "--condition", condition, "--seconds", "4", "--seed", "3"]
        assert main([*words, "--out", str(folder / f"{condition}.npz")]) == 0
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="session")
def real():
    """Folder of the real recordings, where this machine has them."""
    if not RECORDINGS.is_dir():
        pytest.skip("the real recordings are not on this machine (../shared/data)")
    return RECORDINGS
