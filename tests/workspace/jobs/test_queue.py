from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.errors import JobLimitError, JobNotFoundError, JobStateError, RecipeError
from workspace.jobs.claims import Claims
from workspace.jobs.context import RunningJob
from workspace.jobs.presence import become_worker
from workspace.jobs.rows import LOG_LINES, Claim, write_log


@pytest.fixture
def claims(queue):
    return Claims(queue.workspace.database)


@pytest.fixture
def run_next(queue, claims, tmp_path):
    """Begin the next job, and finish it unless told not to."""

    def run(*, finish=True):
        claim = claims.claim(claims.next().job_id)
        if finish:
            number = queue.get(claim.job_id).parameters["number"]
            RunningJob(queue.workspace.database, claim, tmp_path).finish({"number": number})
        return claim

    return run


def ids(jobs):
    return [job.id for job in jobs]


def test_a_job_that_was_asked_for_waits_as_its_kind_describes_it(queue):
    submitted = queue.submit("trial", {"number": 7})

    job = submitted.job
    assert not submitted.found
    assert (job.kind, job.title, job.subject, job.state) == ("trial", "Trial", "of 7", "queued")
    assert job.parameters == {"do": "finish", "number": 7}
    assert (job.attempt, job.alone, job.cancelling) == (0, False, False)
    assert (job.progress, job.result, job.error, job.started_at, job.ended_at) == (None,) * 5
    assert job.queued_at.utcoffset().total_seconds() == 0
    assert queue.get(job.id) == job
    assert queue.list() == [job]


def test_what_a_kind_refuses_is_no_job(queue):
    with pytest.raises(RecipeError, match="impossible"):
        queue.submit("trial", {"impossible": True})

    assert queue.list() == []


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_the_same_work_is_found_while_it_waits_runs_or_is_done(queue, run_next, state):
    first = queue.submit("trial", {"number": 1}).job
    if state != "queued":
        run_next(finish=state == "succeeded")

    again = queue.submit("trial", {"number": 1})

    assert (again.found, again.job.id, again.job.state) == (True, first.id, state)


def test_other_work_is_not_found(queue):
    queue.submit("trial", {"number": 1})

    assert not queue.submit("trial", {"number": 2}).found


def test_work_whose_result_is_gone_is_done_again(queue, run_next):
    queue.submit("trial", {"number": 1})
    run_next()
    (queue.workspace.folder / "gone-1").touch()

    assert not queue.submit("trial", {"number": 1}).found


def test_work_that_failed_was_cancelled_or_is_being_cancelled_is_done_again(queue, claims, run_next):
    queue.cancel(queue.submit("trial", {"number": 1}).job.id)
    assert not queue.submit("trial", {"number": 1}).found

    claim = run_next(finish=False)
    with become_worker(queue.workspace.folder):
        assert queue.cancel(claim.job_id).cancelling
    assert not queue.submit("trial", {"number": 1}).found


def test_another_version_of_the_code_does_the_work_again(queue, monkeypatch):
    queue.submit("trial", {"number": 1})
    monkeypatch.setattr("workspace.jobs.queue.__version__", "another")

    assert not queue.submit("trial", {"number": 1}).found


def test_measurements_are_made_each_time(queue, run_next):
    queue.submit("measure", {"number": 1})
    run_next()

    assert not queue.submit("measure", {"number": 1}).found


def test_two_who_ask_for_the_same_at_once_get_one_job(make_queue):
    queues = [make_queue() for _ in range(4)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: queues[number % 4].submit("trial", {"number": 1}), range(24)))

    assert len({answer.job.id for answer in answers}) == 1
    assert sum(not answer.found for answer in answers) == 1


def test_no_more_jobs_wait_than_the_setting_allows(make_queue):
    queue = make_queue(queued_jobs_limit=2)
    first = queue.submit("trial", {"number": 1}).job
    queue.submit("trial", {"number": 2})

    with pytest.raises(JobLimitError, match=r"^2 jobs wait already.*VIBENCH_QUEUED_JOBS_LIMIT\.$"):
        queue.submit("trial", {"number": 3})
    assert queue.submit("trial", {"number": 1}).found

    queue.cancel(first.id)
    queue.submit("trial", {"number": 3})
    with pytest.raises(JobLimitError):
        queue.retry(first.id)


def test_jobs_are_listed_running_first_then_waiting_in_turn_then_the_newest(queue, run_next):
    made = [queue.submit("trial", {"number": number}).job.id for number in range(6)]
    run_next()
    run_next()
    run_next(finish=False)

    assert ids(queue.list()) == [made[2], made[3], made[4], made[5], made[1], made[0]]
    assert ids(queue.list("queued")) == made[3:]
    assert ids(queue.list("succeeded", "running")) == [made[2], made[1], made[0]]
    assert ids(queue.list(limit=2)) == [made[2], made[3]]
    assert queue.list(kind="measure") == []
    assert queue.counts() == {"queued": 3, "running": 1, "succeeded": 2, "failed": 0, "cancelled": 0}


def test_a_job_that_waits_is_cancelled_at_once_and_never_begins(queue, claims):
    job = queue.submit("trial", {}).job

    cancelled = queue.cancel(job.id)

    assert cancelled.state == "cancelled"
    assert cancelled.ended_at is not None
    assert claims.next() is None
    assert claims.claim(job.id) is None
    assert [line.text for line in queue.log(job.id)] == ["Cancelled while it waited."]


def test_a_job_that_has_ended_is_not_cancelled(queue, run_next):
    job = queue.submit("trial", {}).job
    run_next()

    with pytest.raises(JobStateError, match=f"Job {job.id} has succeeded already and can't be cancelled"):
        queue.cancel(job.id)
    assert queue.get(job.id).state == "succeeded"


def test_an_interrupted_job_is_cancelled_at_once_where_no_worker_is_left_to_end_it(queue, run_next):
    job = queue.submit("trial", {}).job
    run_next(finish=False)

    assert queue.cancel(job.id).state == "cancelled"


def test_a_job_that_was_cancelled_waits_again_at_the_end(queue, run_next):
    first = queue.submit("trial", {"number": 1}).job
    second = queue.submit("trial", {"number": 2}).job
    queue.cancel(first.id)

    again = queue.retry(first.id)

    assert (again.state, again.ended_at, again.error) == ("queued", None, None)
    assert ids(queue.list()) == [second.id, first.id]
    with pytest.raises(JobStateError, match="has been queued already and can't be tried again"):
        queue.retry(first.id)


@pytest.mark.parametrize("asked", ["get", "log", "cancel", "retry"])
def test_a_job_that_is_not_there_is_named(queue, asked):
    with pytest.raises(JobNotFoundError, match="no job 0123"):
        getattr(queue, asked)("0123")


def test_every_change_raises_the_revision_and_a_look_does_not(queue, claims, tmp_path):
    seen = [queue.revision()]

    def changed():
        seen.append(queue.revision())
        return seen[-1] > seen[-2]

    job = queue.submit("trial", {}).job
    assert changed()
    queue.list(), queue.get(job.id), queue.log(job.id), queue.counts(), claims.next()
    assert not changed()
    context = RunningJob(queue.workspace.database, claims.claim(job.id), tmp_path)
    assert changed()
    context.progress("working", 1, 2)
    assert changed()
    context.log("so far")
    assert changed()
    context.finish({})
    assert changed()


def test_of_a_long_log_the_newest_lines_are_kept(queue):
    jobs = [queue.submit("trial", {"number": number}).job for number in range(2)]
    with queue.workspace.database.write() as connection:
        for number in range(LOG_LINES + 5):
            for job in jobs:
                write_log(connection, Claim(job.id, 1), f"line {number}")

    for job in jobs:
        lines = queue.log(job.id)
        assert [lines[0].text, lines[-1].text] == ["line 5", f"line {LOG_LINES + 4}"]
        assert len(lines) == LOG_LINES


def test_a_worker_is_alive_as_long_as_it_holds_its_lock(queue):
    assert not queue.worker_alive()
    with become_worker(queue.workspace.folder):
        assert queue.worker_alive()
        assert queue.worker_alive()
    assert not queue.worker_alive()
