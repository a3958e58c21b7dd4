import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask

from dashboard import components as ui
from dashboard.components.jobs import cancel_button, rate_of
from dashboard.components.times import clock_text, duration_text
from engine.machine import this_machine
from optimization.verification import runtime_key
from workspace.jobs.job import STATES, Job, JobProgress

BEGUN = datetime(2026, 11, 3, 14, 36, 2, tzinfo=UTC)
JOB = Job(
    id="k3v9q2",
    kind="optimize",
    title="Static INT8",
    subject="of wdcnn/onnx",
    parameters={},
    state="running",
    alone=False,
    cancelling=False,
    attempt=1,
    progress=JobProgress("Calibrating", 328, 512, 8.43, 21.8),
    result=None,
    error=None,
    queued_at=BEGUN,
    started_at=BEGUN,
    ended_at=None,
)


def text(component):
    return json.dumps(component, default=lambda value: value.to_plotly_json(), ensure_ascii=False)


def test_a_running_job_says_what_it_does_how_fast_and_how_long():
    shown = text(ui.job_panel(JOB))

    for words in (
        "Static INT8",
        "of wdcnn/onnx",
        "Calibrating, 328 of 512 windows",
        "8.4 windows per second",
        "22 s left",
        "64 %",
    ):
        assert f'"{words}"' in shown
    assert '"/jobs?job=k3v9q2"' in shown


def test_a_bar_says_what_it_shows_and_never_more_than_all():
    bar = ui.progress_bar(600, 512, "Progress of Static INT8").to_plotly_json()["props"]

    assert (bar["value"], bar["max"], bar["aria-label"]) == ("512", "512", "Progress of Static INT8")


def test_a_job_whose_length_nobody_knows_has_a_bar_without_a_value():
    shown = text(ui.job_panel(replace(JOB, progress=JobProgress("Exporting", 0, 0))))

    assert '"Exporting"' in shown
    assert '"value"' not in shown
    assert "%" not in shown
    assert "left" not in shown


def test_a_job_that_has_said_nothing_yet_is_starting():
    assert '"Starting"' in text(ui.job_panel(replace(JOB, progress=None)))


def test_what_is_nearly_done_has_under_a_second_left():
    shown = text(ui.job_panel(replace(JOB, progress=replace(JOB.progress, left_s=0.0))))

    assert '"under 1 s left"' in shown


def test_a_further_attempt_is_told():
    assert "attempt 2, the one before did not finish" in text(ui.job_panel(replace(JOB, attempt=2)))


def test_a_waiting_job_can_be_cancelled_and_has_no_bar():
    shown = text(ui.job_panel(replace(JOB, state="queued", progress=None, started_at=None)))

    assert '{"type": "job-cancel", "job": "k3v9q2"}' in shown
    assert "Progress" not in shown


def test_a_job_is_cancelled_once():
    button = cancel_button(replace(JOB, cancelling=True)).to_plotly_json()["props"]

    assert button["disabled"] is True
    assert "Cancelling" in text(button["children"])
    assert "being cancelled" in text(ui.job_state(replace(JOB, cancelling=True)))


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_an_icon_and_a_word(state):
    shown = text(ui.job_state(replace(JOB, state=state)))

    assert "icon-" in shown
    assert len(json.loads(shown)["props"]["children"][1]["props"]["children"]) > 3


@pytest.mark.parametrize(
    ("verdict", "tone"), [("equivalent", "tone-good"), ("degraded", "tone-bad"), ("undecided", "tone-warn")]
)
def test_a_proof_is_told_by_icon_colour_and_word(verdict, tone):
    proof = {"verdict": verdict, "reasons": ["Two verdicts flipped."], "runtime": runtime_key(this_machine())}
    shown = text(ui.proof_badge(proof))

    assert f'"{verdict}"' in shown
    assert tone in shown
    assert "Two verdicts flipped." in shown


def test_a_proof_made_elsewhere_says_so():
    proof = {"verdict": "equivalent", "reasons": [], "runtime": {"instruction_sets": "none"}}

    assert '"equivalent elsewhere"' in text(ui.proof_badge(proof))
    assert "tone-good" not in text(ui.proof_badge(proof))


def test_what_was_not_proven_says_so():
    assert '"not proven"' in text(ui.proof_badge({}))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (3, "3.0 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (78, "1 min 18 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (100_000, "1 d 3 h"),
    ],
)
def test_durations_are_written_as_people_say_them(seconds, words):
    assert duration_text(seconds) == words


def test_slow_work_is_told_by_the_minute():
    assert rate_of(JobProgress("", 0, 0, 0.2)) == "12 per minute"
    assert rate_of(JobProgress("", 0, 0, 12_345.0)) == "12\u202f345 per second"


def asked_from(zone):
    return Flask("asked").test_request_context(headers={"Cookie": f"zone={zone}"} if zone else {})


def test_moments_are_told_by_the_clock_of_the_browser():
    with asked_from("Asia/Kathmandu"):
        assert clock_text(BEGUN, BEGUN + timedelta(hours=1)) == "20:21:02"
        assert clock_text(BEGUN, BEGUN + timedelta(days=1)) == "3 Nov, 20:21"
        assert clock_text(BEGUN, BEGUN + timedelta(days=100)) == "3 Nov 2026, 20:21"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "x" * 300])
def test_a_browser_whose_zone_is_not_known_is_shown_this_machines_time(zone):
    with asked_from(zone):
        assert clock_text(BEGUN, BEGUN) == f"{BEGUN.astimezone():%H:%M:%S}"


def test_the_day_changes_where_the_browser_is():
    evening = datetime(2026, 11, 3, 23, 30, tzinfo=timezone(timedelta(hours=0)))
    with asked_from("Asia/Kathmandu"):
        assert clock_text(evening, evening - timedelta(hours=12)).startswith("4 Nov,")
