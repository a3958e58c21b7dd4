import pytest
from sqlalchemy import insert, select

from workspace.jobs.claims import Claims
from workspace.jobs.context import Fenced, Pace, RunningJob
from workspace.jobs.job import JobProgress
from workspace.schema import job_log


@pytest.fixture
def claims(queue):
    return Claims(queue.workspace.database)


@pytest.fixture
def begin(queue, claims, tmp_path):
    """Begin the next attempt at a job and return its context."""

    def begin(job_id):
        return RunningJob(queue.workspace.database, claims.claim(job_id), tmp_path)

    return begin


@pytest.fixture
def job_id(queue):
    return queue.submit("trial", {}).job.id


WRITES = {
    "progress": lambda context: context.progress("working", 1, 2),
    "log": lambda context: context.log("I am still here"),
    "finish": lambda context: context.finish({"number": 1}),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("fate", ["started anew", "cancelled", "succeeded"])
def test_a_late_writer_changes_nothing(queue, claims, begin, job_id, write, fate):
    late = begin(job_id)
    if fate == "started anew":
        claims.died(claims.running()[0], "lost")
        begin(job_id)
    elif fate == "cancelled":
        queue.cancel(job_id)  # at once, as no worker is there
    else:
        late.finish({"number": 5})
    before = (queue.get(job_id), queue.log(job_id), queue.revision())

    with pytest.raises(Fenced):
        write(late)

    assert (queue.get(job_id), queue.log(job_id), queue.revision()) == before


def test_a_late_result_undoes_the_rows_that_were_to_be_one_with_it(queue, claims, begin, job_id):
    late = begin(job_id)
    claims.died(claims.running()[0], "lost")
    database = queue.workspace.database

    def keep():
        with database.write() as connection:
            row = {"job_id": job_id, "at": queue.get(job_id).queued_at, "attempt": 1, "text": "a row of another store"}
            connection.execute(insert(job_log).values(row))
            late.finishing({"number": 1})(connection)

    with pytest.raises(Fenced):
        keep()

    with database.read() as connection:
        assert "a row of another store" not in connection.scalars(select(job_log.c.text)).all()
    assert queue.get(job_id).result is None


def test_a_result_and_the_rows_of_another_store_are_kept_together(queue, begin, job_id):
    context = begin(job_id)
    with queue.workspace.database.write() as connection:
        context.finishing({"number": 1})(connection)

    job = queue.get(job_id)
    assert (job.state, job.result, job.progress, job.attempt) == ("succeeded", {"number": 1}, None, 1)
    assert context.finished


def test_who_is_to_end_may_tell_how_far_it_is_but_finish_no_more(queue, begin, job_id):
    from workspace.jobs.presence import become_worker

    context = begin(job_id)
    with become_worker(queue.workspace.folder):
        queue.cancel(job_id)

        context.progress("working", 1, 2)
        with pytest.raises(Fenced):
            context.finish({})


def test_progress_is_kept_at_once_when_something_begins_or_ends_and_rarely_between(queue, begin, job_id, monkeypatch):
    monkeypatch.setattr("workspace.jobs.context.PROGRESS_S", 60)
    context = begin(job_id)

    def kept():
        progress = queue.get(job_id).progress
        return progress.what, progress.done, progress.total

    context.progress("loading", 0, 100)
    assert kept() == ("loading", 0, 100)
    for done in range(1, 100):
        context.progress("loading", done, 100)
    assert kept() == ("loading", 0, 100)
    context.progress("loading", 100, 100)
    assert kept() == ("loading", 100, 100)
    context.progress("thinking", 0, 0)
    assert kept() == ("thinking", 0, 0)


def test_a_database_that_fails_for_a_moment_does_not_end_the_work(queue, begin, job_id, caplog):
    context = begin(job_id)
    with queue.workspace.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE job_revision")

    context.progress("working", 1, 2)

    assert "Progress was not kept" in caplog.text


def test_the_rate_and_the_time_left_are_of_what_is_being_done():
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.at("loading", 10, 110) == JobProgress("loading", 10, 110)
    now[0] = 0.1
    assert pace.at("loading", 20, 110) == JobProgress("loading", 20, 110)  # too early to say
    now[0] = 5.0
    assert pace.at("loading", 60, 110) == JobProgress("loading", 60, 110, per_s=10.0, left_s=5.0)
    assert pace.at("proving", 0, 4) == JobProgress("proving", 0, 4)
    now[0] = 7.0
    assert pace.at("proving", 1, 4) == JobProgress("proving", 1, 4, per_s=0.5, left_s=6.0)
    assert pace.at("proving", 0, 9) == JobProgress("proving", 0, 9)  # a second round of the same
    now[0] = 9.0
    assert pace.at("proving", 4, 0) == JobProgress("proving", 4, 0, per_s=2.0, left_s=None)
