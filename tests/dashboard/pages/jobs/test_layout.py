import json
from dataclasses import replace
from datetime import timedelta

from dashboard.pages.jobs import layout as page
from dashboard.pages.jobs.address import View


def text(component):
    return json.dumps(component, default=lambda value: value.to_plotly_json(), ensure_ascii=False)


def test_an_empty_page_says_what_jobs_are_and_where_to_start_one(workspace):
    shown = text(page.layout(workspace))

    assert "No jobs yet" in shown
    assert '"/models"' in shown
    assert shown.count("button-primary") == 1


def test_without_a_worker_the_page_says_what_to_do(workspace):
    workspace.jobs.alive = False

    assert "vibench worker" in text(page.layout(workspace))
    workspace.jobs.alive = True
    assert "vibench worker" not in text(page.layout(workspace))


def test_every_job_stands_under_its_state(workspace, job, ended):
    workspace.jobs.jobs = [
        job,
        replace(job, id="waiting", state="queued"),
        ended("failed", id="failed"),
        ended("succeeded", id="done"),
        ended("cancelled", id="cancelled"),
    ]
    shown = text(page.layout(workspace))

    places = [shown.index(f'"children": "{title}"') for title in ("Running", "Waiting", "Failed", "Done", "Cancelled")]
    assert places == sorted(places)


def test_the_log_of_a_running_job_is_shown_where_the_address_asks_for_it(workspace, job, line):
    workspace.jobs.jobs, workspace.jobs.lines = [job], {job.id: [line("window 328 of 512")]}

    assert "window 328 of 512" in text(page.layout(workspace, job=job.id))
    assert "window 328 of 512" not in text(page.layout(workspace))


def test_a_job_that_does_not_run_is_shown_in_full(workspace, ended, line):
    failed = ended("failed")
    workspace.jobs.jobs, workspace.jobs.lines = [failed], {failed.id: [line("Attempt 1 begins.")]}
    shown = text(page.layout(workspace, job=failed.id, recording="abc"))

    assert "Attempt 1 begins." in shown
    assert shown.count("No recording gives a window: add one.") == 2  # in full, and in the list
    assert '"/jobs?recording=abc"' in shown  # closes it


def test_an_id_that_no_job_has_is_told_on_the_page(workspace, job):
    workspace.jobs.jobs = [job]

    assert "There is no job nope" in text(page.layout(workspace, job="nope"))


def test_a_long_log_shows_its_end_and_how_to_see_the_rest(job, line):
    shown = text(page.log_view([line(f"line {number}.") for number in range(1000)], job))

    assert '"line 999."' in shown
    assert '"line 0."' not in shown
    assert "700 earlier lines" in shown
    assert "vibench jobs show k3v9q2" in shown


def test_all_jobs_of_a_state_are_shown_where_the_address_asks_for_it(workspace, ended):
    workspace.jobs.jobs = [ended("succeeded", id=f"id-{number}") for number in range(60)]

    assert len(page.jobs_of(workspace, View()).succeeded) == 50
    assert len(page.jobs_of(workspace, View(all="succeeded")).succeeded) == 60
    assert len(page.jobs_of(workspace, View(all="nonsense")).succeeded) == 50


def test_what_ended_last_stands_first(workspace, ended):
    first, last = ended("cancelled", id="first"), ended("cancelled", id="last")
    workspace.jobs.jobs = [first, replace(last, ended_at=last.ended_at + timedelta(seconds=5))]

    assert [job.id for job in page.jobs_of(workspace, View()).cancelled] == ["last", "first"]


def test_progress_alone_leaves_the_lists_as_they_are(workspace, job, ended):
    workspace.jobs.jobs = [job, ended("failed", id="other")]
    before = page.jobs_of(workspace, View()).stamp()
    workspace.jobs.jobs[0] = replace(job, progress=replace(job.progress, done=400))
    assert page.jobs_of(workspace, View()).stamp() == before

    workspace.jobs.jobs[1] = ended("failed", id="other", attempt=2)
    assert page.jobs_of(workspace, View()).stamp() != before


def test_the_navigation_counts_what_runs_and_waits(workspace, job, ended):
    workspace.jobs.jobs = [job, replace(job, id="waiting", state="queued"), ended("succeeded", id="done")]

    assert page.count_of(workspace) == 2
