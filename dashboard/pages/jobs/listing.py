"""The lists of the page: what waits, what failed, what is done, what was cancelled."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.jobs import cancel_button
from dashboard.components.times import clock_text, duration_text
from dashboard.components.words import counted
from dashboard.pages.jobs.address import View
from dashboard.pages.jobs.results import change_address, outcome
from engine.variant import Variant
from workspace.jobs.job import Job, State

#: Type of the ids of buttons that start a job again.
RETRY = "job-retry"
#: Jobs listed of each state, the newest; a link leads to all.
NEWEST: dict[State, int] = {"failed": 10, "succeeded": 50, "cancelled": 10}

#: Heads of these classes are read out, not seen.
TURN = ui.Column("Turn", class_name="order unseen")
STATE = ui.Column("State", class_name="mark unseen")
ACTION = ui.Column("Action", class_name="act unseen")
JOB = ui.Column("Job", class_name="name")
SUBJECT = ui.Column("On", class_name="subject")

WAITING = (
    TURN,
    JOB,
    SUBJECT,
    ui.Column("Remark", class_name="remark unseen"),
    ui.Column("Asked for", numeric=True, class_name="when"),
    ACTION,
)
DONE = (
    STATE,
    JOB,
    SUBJECT,
    ui.Column("Result", class_name="result"),
    ui.Column("Proof", class_name="proof"),
    ui.Column("Size", numeric=True, class_name="size"),
    ui.Column("Took", numeric=True, class_name="took"),
    ui.Column("Ended", numeric=True, class_name="when"),
)
CANCELLED = (STATE, JOB, SUBJECT, ui.Column("Cancelled", numeric=True, class_name="when"), ACTION)


def waiting(jobs: Sequence[Job], view: View) -> Component | None:
    """List what waits, in the order in which it will run."""
    if not jobs:
        return None
    rows = [
        ui.Row(
            [
                f"{number}.",
                name_link(job, view),
                job.subject,
                ui.badge("runs alone", icon_name="lock", hint="It measures, so that no other job may run beside it.")
                if job.alone
                else None,
                clock_text(job.queued_at),
                cancel_button(job),
            ],
            chosen=job.id == view.job,
        )
        for number, job in enumerate(jobs, start=1)
    ]
    note = f"{counted(len(jobs), 'job')}; kept when the page closes or the server restarts"
    return ui.card(ui.table(WAITING, rows, caption="Jobs that wait"), title="Waiting", note=note, class_name="job-list")


def failed(jobs: Sequence[Job], count: int, variants: Sequence[Variant], view: View) -> Component | None:
    """List what failed, why, and what to do about it."""
    if not jobs:
        return None
    items = [html.Li(failure(job, variants, view), className="failure") for job in jobs]
    return ui.card(
        html.Ul(items, className="failures"),
        title="Failed",
        note="nothing half-written was left behind",
        action=all_link("failed", len(jobs), count, view),
        class_name="job-list",
    )


def failure(job: Job, variants: Sequence[Variant], view: View) -> list[Component]:
    """Tell one job that failed."""
    error = job.error or {}
    change = change_address(job, variants, view)
    act = (
        retry_button(job, "Retry")
        if change is None
        else ui.link_button("Change and start again", change, icon_name="pencil", small=True)
    )
    when = [
        html.Div(clock_text(job.ended_at or job.queued_at)),
        html.Div(f"after {job.attempt} attempts") if job.attempt > 1 else None,
    ]
    return [
        ui.icon("x-circle-fill", label="failed", tone="bad"),
        html.Div(
            [html.Strong(name_link(job, view)), html.Div(job.subject, className="muted")], className="failure-name"
        ),
        html.Div([html.Div(error.get("message", "")), html.Code(error.get("code", ""))], className="failure-why"),
        html.Div(when, className="note number failure-when"),
        html.Div(act, className="failure-act"),
    ]


def done(jobs: Sequence[Job], count: int, variants: Sequence[Variant], view: View) -> Component | None:
    """List what was done, and what came of it."""
    if not jobs:
        return None
    rows = []
    for job in jobs:
        came = outcome(job, variants, view)
        rows.append(
            ui.Row(
                [
                    ui.icon("check-lg", label="done"),
                    name_link(job, view),
                    job.subject,
                    came.result,
                    came.proof,
                    came.size,
                    took(job),
                    clock_text(job.ended_at) if job.ended_at else "",
                ],
                chosen=job.id == view.job,
            )
        )
    return listed(
        "Done", ui.table(DONE, rows, caption="Jobs done, the newest first"), "succeeded", len(jobs), count, view
    )


def cancelled(jobs: Sequence[Job], count: int, view: View) -> Component | None:
    """List what was cancelled."""
    if not jobs:
        return None
    rows = [
        ui.Row(
            [
                ui.icon("dash-lg", label="cancelled"),
                name_link(job, view),
                job.subject,
                clock_text(job.ended_at) if job.ended_at else "",
                retry_button(job, "Start again"),
            ],
            chosen=job.id == view.job,
        )
        for job in jobs
    ]
    inner = ui.table(CANCELLED, rows, caption="Jobs cancelled, the newest first")
    return listed("Cancelled", inner, "cancelled", len(jobs), count, view)


def listed(title: str, inner: Component, state: State, shown: int, count: int, view: View) -> Component:
    """Frame a list of jobs that have ended."""
    note = f"the newest {shown}" if shown < count else counted(count, "job")
    return ui.card(inner, title=title, note=note, action=all_link(state, shown, count, view), class_name="job-list")


def all_link(state: State, shown: int, count: int, view: View) -> Component | None:
    """Lead to all jobs of a state, or back to the newest."""
    if shown < count:
        return ui.link_button(f"All {count}", view.address(all=state), small=True)
    if view.all == state and count > NEWEST[state]:
        return ui.link_button(f"The newest {NEWEST[state]}", view.address(all=""), small=True)
    return None


def name_link(job: Job, view: View) -> Component:
    """Name a job; the link shows its log."""
    return dcc.Link(job.title, href=view.address(job=job.id), className="job-name", title="Show its log")


def retry_button(job: Job, text: str) -> html.Button:
    """Make the button that starts a job again."""
    named = aria(label=f"{text}: {job.title} {job.subject}")
    return ui.button(text, icon_name="arrow-clockwise", small=True, id={"type": RETRY, "job": job.id}, **named)


def took(job: Job) -> str:
    """Write how long a job ran, or has been running."""
    if job.started_at is None:
        return ""
    return duration_text(((job.ended_at or datetime.now(UTC)) - job.started_at).total_seconds())
