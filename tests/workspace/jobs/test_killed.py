"""Nothing that was acknowledged is lost or doubled, however often web, worker and job are killed."""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from workspace.settings import Settings
from workspace.workspace import Workspace

REPOSITORY = Path(__file__).parents[3]
#: How often each is killed, and until how long after it has come to life: a job takes a few seconds.
KILLS = {"web": 14, "worker": 8, "job": 18}
LONGEST_WAIT_S = {"web": 0.5, "worker": 2.0, "job": 3.0}
JOBS = 6
SERVING = """
from functools import partial
from dashboard.server import serve
from vibench.serve import worker_of
from workspace.settings import load_settings
from workspace.workspace import Workspace
settings = load_settings()
serve(settings, Workspace.open, partial(print, flush=True), worker_of(settings))
"""


@pytest.fixture
def workspace(tmp_path, untrained_variants):
    with Workspace.open(Settings(_env_file=None, workspace=tmp_path / "workspace")) as workspace:
        for variant in untrained_variants:
            workspace.variants.add(variant)
        yield workspace


@pytest.fixture
def server(workspace, tmp_path):
    """`vibench serve`, without the networks and recordings that it would begin with."""
    (tmp_path / "tmp").mkdir()
    environment = {
        **os.environ,
        "VIBENCH_WORKSPACE": str(workspace.folder),
        "VIBENCH_PORT": "0",
        "PYTHONPATH": str(REPOSITORY),
        "TMPDIR": str(tmp_path / "tmp"),
    }
    told = tmp_path / "told"
    with told.open("w") as output, (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", SERVING], env=environment, stdout=output, stderr=log)
    process.told, process.log = told, tmp_path / "log"
    yield process
    process.terminate()
    process.wait(20)


def children_of(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def victims(main):
    """Return the processes that there are: ``web``, ``worker``, ``job``."""
    found = {}
    for pid in children_of(main):
        command = command_of(pid)
        if b"worker" in command:
            found["worker"] = pid
            for child in children_of(pid):
                if b"workspace.jobs.child" in command_of(child):
                    found["job"] = child
        elif b"-c" in command:
            found["web"] = pid
    return found


def kill_one(main, name, after_s, until):
    """Wait for a process and a moment longer, then kill it; return whether it was still there."""
    pid = until(lambda: victims(main).get(name))
    time.sleep(after_s)
    if victims(main).get(name) != pid:
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def submit(queue, number):
    recipe = [{"pass": "convert_fp16", "parameters": {}}]
    return queue.submit("optimize", {"variant": "wdcnn/onnx", "recipe": recipe, "name": f"half-{number}"}).job.id


def kill_at_random_moments(server, queue, until):
    """Ask for jobs while processes are killed; return the jobs' ids, and the results that were seen meanwhile."""
    moments = random.Random(40)
    names = [name for name, times in KILLS.items() for _ in range(times)]
    moments.shuffle(names)
    acknowledged, seen = [], {}
    for turn, name in enumerate(names):
        killed = False
        while not killed:
            if queue.counts()["queued"] == 0 or turn >= len(acknowledged) * len(names) // JOBS:
                acknowledged.append(submit(queue, len(acknowledged)))
            killed = kill_one(server.pid, name, moments.uniform(0, LONGEST_WAIT_S[name]), until)
            seen |= {job.id: job.result for job in queue.list("succeeded")}
            retry_crashed(queue)
    return acknowledged, seen


def retry_crashed(queue):
    """Try again what was killed at each of its attempts; nothing else fails."""
    for job in queue.list("failed"):
        assert job.error["code"] == "job-crashed", job.error
        queue.retry(job.id)


def finish(queue, until):
    """Wait for every job."""

    def done():
        retry_crashed(queue)
        counts = queue.counts()
        return counts["queued"] + counts["running"] == 0

    until(done, 300)


def test_killed_at_forty_random_moments_no_result_is_lost_or_doubled(server, workspace, until, tmp_path):
    from engine.runtimes import load

    queue = workspace.jobs
    until(lambda: "http" in server.told.read_text() or server.poll() is not None)

    acknowledged, seen = kill_at_random_moments(server, queue, until)
    finish(queue, until)

    jobs = {job.id: job for job in queue.list("succeeded")}
    assert sorted(jobs) == sorted(acknowledged)
    assert all([line.text for line in queue.log(job_id)].count("Done.") == 1 for job_id in acknowledged)
    assert {job_id: jobs[job_id].result for job_id in seen} == seen
    # Each made its variant, once, and that is whole.
    made = {job.result["variant"]: job.result["digest"] for job in jobs.values()}
    kept = {variant.full_name: variant.digest for variant in workspace.variants.list()}
    assert sorted(made) == sorted(f"wdcnn/half-{number}" for number in range(len(acknowledged)))
    assert made == {name: digest for name, digest in kept.items() if "half" in name}
    assert len(kept) == len(made) + 2
    for name in made:
        variant = workspace.variants.find(name)
        variant.check_weights()
        load(variant).close()
    # Nothing half-written is left, in the workspace or beside it.
    assert left_over(workspace, tmp_path / "tmp") == []
    with workspace.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    # And the server goes on.
    address = server.told.read_text().split()[-1]
    with urllib.request.urlopen(f"{address}/ready", timeout=10) as answer:
        assert answer.status == 200


def left_over(workspace, temporary):
    """Every file that should have been for a moment only."""
    jobs = [path for path in (workspace.folder / "jobs").rglob("*") if path.is_file() and path.suffix != ".lock"]
    blobs = [path for path in (workspace.folder / "blobs").rglob("*") if path.name.startswith("unfinished")]
    marks = list((workspace.folder / "blobs" / "changing").iterdir())
    return jobs + blobs + marks + list(temporary.iterdir())
