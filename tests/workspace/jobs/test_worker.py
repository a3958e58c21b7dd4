import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import JobError
from workspace.jobs import worker as worker_module
from workspace.jobs.measuring import measuring
from workspace.jobs.worker import Worker


@pytest.fixture
def gate(tmp_path):
    """A file for which jobs wait."""
    return tmp_path / "gate"


def alive(pid):
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def texts(queue, job_id):
    return [line.text for line in queue.log(job_id)]


def left_in(queue):
    """Every file that jobs left in their scratch."""
    return [path for path in (queue.workspace.folder / "jobs").rglob("*") if path.suffix != ".lock" and path.is_file()]


def test_a_job_is_done_in_a_process_of_its_own_and_leaves_no_file(queue, start_worker, ended, caplog):
    caplog.set_level(logging.INFO)
    start_worker(queue)

    job = ended(queue.submit("trial", {"number": 4}).job.id)

    assert (job.state, job.result, job.attempt, job.progress) == ("succeeded", {"number": 4}, 1, None)
    assert job.queued_at <= job.started_at <= job.ended_at
    assert texts(queue, job.id) == ["Attempt 1 begins.", "Done."]
    queue_is_empty = queue.submit("trial", {"number": 5}).job.id
    ended(queue_is_empty)
    assert f"job {job.id}: a line of output" in caplog.text


def test_a_job_that_runs_is_cancelled_within_two_seconds_and_what_it_started_dies_too(
    queue, start_worker, ended, until
):
    start_worker(queue)
    job = queue.submit("trial", {"do": "start_another"}).job
    (started,) = until(lambda: [text for text in texts(queue, job.id) if text.startswith("started ")])
    grandchild = int(started.split()[1])
    assert alive(grandchild)

    begun = time.monotonic()
    assert queue.cancel(job.id).cancelling
    cancelled = ended(job.id)

    assert time.monotonic() - begun < 2
    assert (cancelled.state, cancelled.cancelling) == ("cancelled", False)
    until(lambda: not alive(grandchild), 2)
    assert texts(queue, job.id)[-2:] == ["Somebody wants it to end.", "Cancelled."]
    until(lambda: left_in(queue) == [])


def test_a_job_that_takes_too_long_is_ended(make_queue, start_worker, until, gate):
    queue = make_queue(job_time_limit_s=1)
    start_worker(queue)
    job = queue.submit("trial", {"do": "wait", "until": str(gate)}).job

    until(lambda: queue.get(job.id).state == "failed")

    assert "more than 1 s" in queue.get(job.id).error["message"]
    assert queue.get(job.id).attempt == 1


def test_a_job_whose_process_dies_is_started_again(queue, start_worker, ended, gate):
    start_worker(queue)

    job = ended(queue.submit("trial", {"do": "die_once", "until": str(gate)}).job.id)

    assert (job.state, job.attempt) == ("succeeded", 2)
    assert "Its process died (killed, as the system does for want of memory)" in " ".join(texts(queue, job.id))


def test_a_job_whose_process_always_dies_has_failed_with_its_last_words(queue, start_worker, ended, until):
    start_worker(queue)

    job = ended(queue.submit("trial", {"do": "leave"}).job.id, 60)

    assert (job.state, job.attempt, job.error["code"]) == ("failed", 3, "job-crashed")
    assert "exit status 7: these are my last words" in job.error["message"]
    until(lambda: left_in(queue) == [])


@pytest.mark.parametrize(
    ("do", "code", "words"),
    [
        ("refuse", "recipe-invalid", "sparsity can't be 3: between 0 and 1."),
        ("fill_disk", "workspace-unusable", "is full"),
        ("fill_memory", "job-limit", "more memory than there is"),
        ("stumble", "bug", "ValueError: nobody thought of this"),
        ("nothing", "bug", "without a result"),
    ],
)
def test_an_error_ends_a_job_at_its_first_attempt_with_a_sentence(
    queue, start_worker, ended, until, caplog, do, code, words
):
    caplog.set_level(logging.INFO)
    start_worker(queue)

    job = ended(queue.submit("trial", {"do": do}).job.id)

    assert (job.state, job.attempt, job.error["code"]) == ("failed", 1, code)
    assert words in job.error["message"]
    assert texts(queue, job.id)[-1] == f"Failed: {job.error['message']}"
    if code == "bug":
        number = job.error["message"].removesuffix(".").rpartition(" ")[2]
        until(lambda: f"bug {number}" in caplog.text)
        until(lambda: "Traceback" in caplog.text)


def test_jobs_run_one_after_the_other_the_oldest_first(queue, start_worker, ended):
    made = [queue.submit("trial", {"number": number}).job.id for number in range(3)]
    start_worker(queue)

    jobs = [ended(job_id) for job_id in made]

    assert jobs[0].ended_at <= jobs[1].started_at
    assert jobs[1].ended_at <= jobs[2].started_at


def test_what_measures_runs_alone_and_holds_up_what_was_asked_for_later(make_queue, start_worker, until, gate):
    queue = make_queue(jobs_at_once=3)
    start_worker(queue)
    before = [queue.submit("trial", {"do": "wait", "until": str(gate), "number": number}).job.id for number in (1, 2)]
    until(lambda: queue.counts()["running"] == 2)
    measure = queue.submit("measure", {"do": "wait", "until": str(gate)}).job.id
    after = [queue.submit("trial", {"number": number}).job.id for number in (3, 4)]

    gate.touch()
    until(lambda: queue.counts()["succeeded"] == 5)

    measured = queue.get(measure)
    assert all(queue.get(job_id).ended_at <= measured.started_at for job_id in before)
    assert all(queue.get(job_id).started_at >= measured.ended_at for job_id in after)


def test_no_job_begins_while_a_command_measures(queue, start_worker, ended):
    with measuring(queue.workspace.folder, alone=True):
        stop = start_worker(queue)
        job = queue.submit("trial", {}).job
        time.sleep(5 * worker_module.POLL_S)
        assert queue.get(job.id).state == "queued"
        assert texts(queue, job.id) == ["It waits for a command that measures to end."]  # said once, however long

    assert ended(job.id).state == "succeeded"
    stop()


def test_a_command_that_measures_waits_for_the_jobs_that_run(queue, start_worker, until, gate):
    from workspace.jobs.measuring import try_measuring

    start_worker(queue)
    queue.submit("trial", {"do": "wait", "until": str(gate)})
    until(lambda: queue.counts()["running"])
    assert try_measuring(queue.workspace.folder, alone=True) is None
    try_measuring(queue.workspace.folder, alone=False).close()

    gate.touch()
    with measuring(queue.workspace.folder, alone=True):
        assert queue.counts()["succeeded"] == 1


def test_a_worker_that_stops_lets_its_job_wait_for_the_next_one(queue, start_worker, ended, until, gate):
    stop = start_worker(queue)
    job = queue.submit("trial", {"do": "wait", "until": str(gate)}).job
    until(lambda: queue.get(job.id).progress)

    stop()

    waiting = queue.get(job.id)
    assert (waiting.state, waiting.progress) == ("queued", None)
    assert not queue.worker_alive()
    assert left_in(queue) == []
    gate.touch()
    start_worker(queue)
    assert ended(job.id).attempt == 2


def test_one_worker_a_workspace_is_enough(queue, start_worker, until, monkeypatch):
    monkeypatch.setattr("workspace.jobs.presence.PATIENCE_S", 0.1)
    start_worker(queue)
    until(queue.worker_alive)

    with pytest.raises(JobError, match=r"A worker runs the jobs of .* already"):
        Worker(queue.workspace).run()


def test_with_a_killed_worker_its_job_dies_and_the_next_worker_starts_it_again(
    queue, trial, start_worker, ended, until, gate
):
    job = queue.submit("trial", {"do": "start_another"}).job
    with subprocess.Popen([*trial.COMMAND, "worker", str(queue.workspace.folder)]) as worker:
        until(lambda: len(queue.log(job.id)) == 2)
        (child,) = children_of(worker.pid)
        (grandchild,) = children_of(child)
        worker.kill()
    try:
        until(lambda: not alive(child), 2)
        until(lambda: not queue.worker_alive(), 2)
        assert queue.get(job.id).state == "running"
        assert left_in(queue) != []

        start_worker(queue)
        until(lambda: queue.get(job.id).attempt == 2)
        assert "Its process died (the worker ended); it will be started again." in texts(queue, job.id)
        queue.cancel(job.id)
        ended(job.id)
        until(lambda: left_in(queue) == [])
    finally:
        os.kill(grandchild, signal.SIGKILL)  # this one did not ask to end with its parent


def test_a_database_that_cannot_be_used_for_a_while_is_waited_for(
    queue, start_worker, ended, until, caplog, monkeypatch
):
    monkeypatch.setattr(worker_module, "TROUBLE_S", 0.05)
    start_worker(queue)
    until(queue.worker_alive)
    with queue.workspace.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE job RENAME TO job_away")
    until(lambda: "No job can be started or ended" in caplog.text)
    time.sleep(3 * worker_module.POLL_S)
    assert caplog.text.count("No job can be started or ended") == 1  # said once, however long
    with queue.workspace.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE job_away RENAME TO job")

    assert ended(queue.submit("trial", {}).job.id).state == "succeeded"


def test_the_process_of_a_job_loads_no_module_from_the_folder_it_happens_to_be_in(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    from workspace.jobs.children import CHILD, same_imports

    told = subprocess.run(
        [*CHILD], cwd=tmp_path, env=same_imports(os.environ), input=b"{}", capture_output=True, check=False
    )

    assert CHILD[0] == sys.executable
    assert b"the wrong json" not in told.stderr
    assert b"KeyError: 'parent'" in told.stderr
