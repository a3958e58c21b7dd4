import pytest

from workspace.jobs.claims import Claims
from workspace.jobs.job import ATTEMPTS
from workspace.jobs.presence import become_worker


@pytest.fixture
def claims(queue):
    return Claims(queue.workspace.database)


@pytest.fixture
def job_id(queue):
    return queue.submit("trial", {}).job.id


def test_jobs_have_their_turn_in_the_order_in_which_they_were_asked_for(queue, claims):
    made = [queue.submit(kind, {"number": number}).job.id for number, kind in enumerate(["measure", "trial", "trial"])]

    turns = []
    while (waiting := claims.next()) is not None:
        turns.append(waiting.job_id)
        claims.claim(waiting.job_id)

    assert turns == made


def test_each_start_takes_the_next_number_and_only_what_waits_is_started(queue, claims, job_id):
    first = claims.claim(job_id)
    assert claims.claim(job_id) is None
    claims.died(first, "lost")
    second = claims.claim(job_id)

    assert (first.attempt, second.attempt) == (1, 2)
    job = queue.get(job_id)
    assert (job.state, job.attempt) == ("running", 2)
    assert job.started_at >= job.queued_at
    assert claims.running() == [second]


def test_a_job_keeps_its_turn_when_its_process_dies(queue, claims, job_id):
    queue.submit("trial", {"number": 2})
    claims.died(claims.claim(job_id), "lost")

    assert claims.next().job_id == job_id


def test_a_job_whose_process_dies_at_every_attempt_has_failed_and_says_why(queue, claims, job_id):
    for _ in range(ATTEMPTS):
        assert queue.get(job_id).state == "queued"
        claims.died(claims.claim(job_id), "SIGSEGV")

    job = queue.get(job_id)
    assert job.state == "failed"
    assert job.error["code"] == "job-crashed"
    assert "died at each of 3 attempts (SIGSEGV)" in job.error["message"]
    assert [line.text for line in queue.log(job_id)] == [
        "Attempt 1 begins.",
        "Its process died (SIGSEGV); it will be started again.",
        "Attempt 2 begins.",
        "Its process died (SIGSEGV); it will be started again.",
        "Attempt 3 begins.",
        f"Failed: {job.error['message']}",
    ]


def test_a_job_that_is_tried_again_has_all_its_attempts_and_later_numbers(queue, claims, job_id):
    for _ in range(ATTEMPTS):
        claims.died(claims.claim(job_id), "SIGSEGV")
    queue.retry(job_id)

    claim = claims.claim(job_id)
    claims.died(claim, "SIGSEGV")

    assert claim.attempt == ATTEMPTS + 1
    assert queue.get(job_id).state == "queued"


def test_a_worker_that_stops_takes_no_attempt_from_a_job(queue, claims, job_id):
    for _ in range(ATTEMPTS + 2):
        claims.put_back(claims.claim(job_id))

    assert queue.get(job_id).state == "queued"


def test_a_job_that_takes_too_long_has_failed_and_names_the_setting(queue, claims, job_id):
    claims.ran_out_of_time(claims.claim(job_id), 5)

    error = queue.get(job_id).error
    assert error["code"] == "job-limit"
    assert error["message"].startswith("It took more than 5 s: raise VIBENCH_JOB_TIME_LIMIT_S")


@pytest.mark.parametrize("put_down", ["died", "ran_out_of_time", "put_back"])
def test_whatever_ends_a_job_that_is_to_be_cancelled_it_is_cancelled(queue, claims, job_id, put_down):
    claim = claims.claim(job_id)
    with become_worker(queue.workspace.folder):
        queue.cancel(job_id)
    assert claims.running(cancelling=True) == [claim]

    getattr(claims, put_down)(*{"died": [claim, "killed"], "ran_out_of_time": [claim, 5]}.get(put_down, [claim]))

    job = queue.get(job_id)
    assert (job.state, job.cancelling, job.error) == ("cancelled", False, None)
    assert job.ended_at is not None


def test_the_end_of_an_attempt_that_counts_no_longer_changes_nothing(queue, claims, job_id):
    first = claims.claim(job_id)
    claims.died(first, "lost")
    claims.claim(job_id)
    before = queue.get(job_id)

    claims.died(first, "lost again")
    claims.ran_out_of_time(first, 5)
    claims.put_back(first)

    assert queue.get(job_id) == before
