"""How jobs look wherever a page shows one: a bar, a panel, a state, and the proof that came of it."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component

from dashboard.components.aria import aria
from dashboard.components.cards import Tone, card, notice, state
from dashboard.components.controls import button, link_button
from dashboard.components.icons import icon
from dashboard.components.times import clock_text, duration_text
from dashboard.components.words import grouped
from engine.machine import Machine, this_machine
from optimization import verification as proofs
from workspace.jobs.job import Job, JobProgress

#: Store of the frame that holds the number of the last change of any job; pages that show jobs listen to its ``data``.
JOBS_REVISION = "jobs-revision"
#: Type of the ids of buttons that end a job; the frame serves them on every page.
CANCEL = "job-cancel"

Proof = Literal["equivalent", "degraded", "undecided"]

STATES: Mapping[str, tuple[str, Tone, str]] = {
    "queued": ("waiting", "muted", "hourglass-split"),
    "running": ("running", "accent", "play-fill"),
    "succeeded": ("done", "good", "check-lg"),
    "failed": ("failed", "bad", "x-circle-fill"),
    "cancelled": ("cancelled", "muted", "dash-lg"),
}
PROOFS: Mapping[str, Tone] = {"equivalent": "good", "degraded": "bad", "undecided": "warn"}
PROOF_ICONS: Mapping[str, str] = {
    "equivalent": "check-circle-fill",
    "degraded": "x-circle-fill",
    "undecided": "question-circle",
}
STALE = (
    "This was proven on a processor with other instruction sets, or with another runtime or version of it: "
    "make the variant again to prove it here."
)

#: What is counted, by the text of a step (`optimization.progress`).
UNITS: Mapping[str, str] = {"Calibrating": "windows", "Measuring": "rounds"}


def progress_bar(done: int, total: int, label: str) -> html.Progress:
    """Draw how much of something is done; a ``total`` of 0 says that nobody knows.

    ``label`` is what a screen reader says for it.
    """
    amounts: dict[str, Any] = {"value": str(min(done, total)), "max": str(total)} if total > 0 else {}
    return html.Progress(**amounts, **aria(label=label))


def job_state(job: Job) -> html.Span:
    """Tell where a job stands, by shape, colour and word."""
    word, tone, name = STATES[job.state]
    shown = "being cancelled" if job.cancelling and job.state == "running" else word
    return html.Span([icon(name, tone=tone), html.Span(shown)], className=f"state tone-{tone}")


def proof_badge(verification: Mapping[str, Any]) -> html.Span:
    """Tell the verdict of a proof (`Verification.to_json`), and where it no longer holds; why, on hover."""
    if not verification:
        return html.Span("not proven", className="muted")
    verdict = str(verification["verdict"])
    if proofs.is_stale(verification, this_machine_once()):
        return state("muted", f"{verdict} elsewhere", hint=STALE)
    tone = PROOFS[verdict]
    hint = " ".join(str(reason) for reason in verification.get("reasons", ())) or None
    return html.Span(
        [icon(PROOF_ICONS[verdict], tone=tone), html.Span(verdict)], className=f"state tone-{tone}", title=hint
    )


@cache
def this_machine_once() -> Machine:
    """Return the fingerprint of this machine, which does not change while it runs."""
    return this_machine()


def job_panel(job: Job, *, log: Component | None = None, actions: Component | None = None) -> html.Div:
    """Show a job that waits or runs: what it is, how far it is and how long it will take, with a way to end it.

    Parameters
    ----------
    job : Job
        As it is at this moment; a page builds the panel anew with every `JOBS_REVISION`.
    log : Component, optional
        Shown below.
    actions : Component, optional
        In place of the link to the job's log.
    """
    title = html.Div([html.H3(job.title), html.Span(job.subject, className="muted")], className="job-title")
    look = link_button("Log", job_address(job), icon_name="chevron-down", small=True) if actions is None else actions
    buttons = html.Div([look, cancel_button(job)], className="button-row")
    return html.Div(
        [html.Div([title, buttons], className="job-head"), *how_far(job), log], className=f"job-panel job-{job.state}"
    )


def no_worker() -> html.Div:
    """Say what to do where nobody runs the jobs."""
    words: list[str | Component] = ["Jobs wait until there is one: start it with ", html.Code("vibench worker"), "."]
    return notice(words, title="No worker is running.")


def live_jobs(jobs: Sequence[Job], *, worker: bool, lost: Component | None = None) -> list[Component]:
    """Build panels of jobs that wait or run.

    Parameters
    ----------
    jobs : sequence of Job
        Those of a page.
    worker : bool
        Whether there is one to run them; what to do is said where there is none.
    lost : Component, optional
        What is told of one that ended without a result (`lost_job`).
    """
    told = [*([] if worker else [no_worker()]), *([] if lost is None else [lost])]
    panels = [job_panel(job) for job in jobs]
    return [*told, card(*panels, class_name="live-jobs")] if panels else told


def lost_job(job: Job, *, cancelled: str, failed: str) -> html.Div:
    """Say why a job ended without a result, with a link to its log.

    Parameters
    ----------
    job : Job
        One that failed or was cancelled.
    cancelled : str
        Sentence for a cancelled one.
    failed : str
        Title for one that failed; its error is the sentence.
    """
    log = link_button("Log and retry", job_address(job), icon_name="list-ol", small=True)
    if job.state == "cancelled":
        return notice(cancelled, tone="muted", action=log)
    return notice(job.error["message"] if job.error else "Nobody knows why.", title=failed, tone="bad", action=log)


def job_address(job: Job) -> str:
    """Return where a job and its log are shown."""
    return f"/jobs?job={job.id}"


def cancel_button(job: Job) -> html.Button:
    """Make the button that ends a job; the frame listens to it, whatever page it stands on."""
    text = "Cancelling" if job.cancelling else "Cancel"
    called = aria(label=f"Cancel {job.title} {job.subject}")
    return button(
        text,
        icon_name="x-lg",
        kind="danger" if job.state == "running" else "plain",
        small=True,
        id={"type": CANCEL, "job": job.id},
        disabled=job.cancelling,
        **({} if job.cancelling else called),
    )


def how_far(job: Job) -> list[Component]:
    """Return the bar of a job and the line below it."""
    if job.state == "queued":
        return [html.Div([job_state(job), html.Span(f"asked for {clock_text(job.queued_at)}")], className="job-line")]
    progress = job.progress or JobProgress("Starting", 0, 0)
    share = f"{progress.done / progress.total:.0%}".replace("%", " %") if progress.total else None
    bar = progress_bar(progress.done, progress.total, f"Progress of {job.title} {job.subject}")
    started = f"started {clock_text(job.started_at)}" if job.started_at else ""
    facts = [
        html.Span(done_text(job, progress), className="job-what"),
        html.Span(rate_of(progress)) if progress.per_s else None,
        html.Strong(left_text(progress.left_s), title="Of this step, at the rate so far")
        if progress.left_s is not None
        else None,
        html.Span(started) if started else None,
        html.Span(f"attempt {job.attempt}, the one before did not finish") if job.attempt > 1 else None,
    ]
    return [
        html.Div([bar, html.Strong(share) if share else None], className="job-bar"),
        html.Div([fact for fact in facts if fact is not None], className="job-line"),
    ]


def done_text(job: Job, progress: JobProgress) -> str:
    """Write what a job does at the moment: ``Calibrating, 328 of 512 windows``."""
    if job.cancelling:
        return "Being cancelled"
    if not progress.total:
        return progress.what
    return " ".join([f"{progress.what},", grouped(progress.done), "of", grouped(progress.total), *unit_of(progress)])


def rate_of(progress: JobProgress) -> str:
    """Write how fast a job is: ``8.4 windows per second``, ``12 per minute``."""
    per_s = progress.per_s or 0.0
    amount, time = (per_s, "second") if per_s >= 1 else (per_s * 60, "minute")
    return " ".join([grouped(amount, 1 if amount < 10 else 0), *unit_of(progress), "per", time])


def unit_of(progress: JobProgress) -> list[str]:
    """Return what a job's steps are counted in, as one word; none where its text names no unit."""
    return [UNITS[progress.what]] if progress.what in UNITS else []


def left_text(seconds: float) -> str:
    """Write how long a step still takes: ``1 min 18 s left``."""
    return "under 1 s left" if seconds < 1 else f"{duration_text(seconds)} left"
