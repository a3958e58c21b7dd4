"""Jobs: what runs, what waits, what failed and why, what is done. Every id of the page stands here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.times import clock_text
from dashboard.pages.jobs import listing
from dashboard.pages.jobs.address import View
from dashboard.pages.jobs.results import outcome
from engine.errors import JobNotFoundError
from engine.variant import Variant
from workspace.jobs.job import ENDED, Job, LogLine, State
from workspace.workspace import Workspace

NEWS = "jobs-news"  #: whether a worker is there
RUNNING = "jobs-running"
OTHERS = "jobs-others"
SHOWN = "jobs-shown"  #: store: what the lists of the others were built from

LOG_LINES = 300
PURPOSE = "Exports, quantisations and benchmarks run as jobs: they go on while this page is closed, and end up here."


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs that the page shows, and how many there are of each state."""

    running: Sequence[Job]
    queued: Sequence[Job]
    failed: Sequence[Job]
    succeeded: Sequence[Job]
    cancelled: Sequence[Job]
    counts: Mapping[State, int]

    def stamp(self) -> str:
        """Return a text that changes whenever something else than the progress of a job does."""
        others = (*self.queued, *self.failed, *self.succeeded, *self.cancelled)
        return " ".join([f"{job.id}:{job.state}:{job.attempt}" for job in others] + [str(self.counts)])


def layout(workspace: Workspace, **query: str) -> Component:
    """Build the page that an address such as ``/jobs?job=ID`` shows."""
    view = View.of(query)
    jobs = jobs_of(workspace, view)
    return html.Div(
        [
            dcc.Store(id=SHOWN, data=jobs.stamp()),
            html.Div(news(worker=workspace.jobs.worker_alive()), id=NEWS),
            html.Div(running(workspace, jobs, view), id=RUNNING, className="stack"),
            html.Div(others(workspace, jobs, view), id=OTHERS, className="stack"),
        ],
        className="stack jobs",
    )


def jobs_of(workspace: Workspace, view: View) -> Jobs:
    """Ask for the jobs that the page shows."""
    counts = workspace.jobs.counts()
    ended = {
        state: workspace.jobs.list(
            state, limit=max(counts.get(state, 0), 1) if view.all == state else listing.NEWEST[state]
        )
        for state in ENDED
    }
    running, queued = workspace.jobs.list("running"), workspace.jobs.list("queued")
    failed, succeeded, cancelled = (latest_first(ended[state]) for state in ("failed", "succeeded", "cancelled"))
    return Jobs(running, queued, failed, succeeded, cancelled, counts)


def latest_first(jobs: Sequence[Job]) -> list[Job]:
    """Return jobs in the order in which they ended, the last one first; they may have waited one for another."""
    return sorted(jobs, key=lambda job: job.ended_at or job.queued_at, reverse=True)


def count_of(workspace: Workspace) -> int:
    """Return how many jobs run or wait, for the navigation."""
    counts = workspace.jobs.counts()
    return counts.get("running", 0) + counts.get("queued", 0)


def news(*, worker: bool) -> Component | None:
    """Say what to do where nobody runs the jobs."""
    return None if worker else ui.no_worker()


def running(workspace: Workspace, jobs: Jobs, view: View) -> list[Component]:
    """Show what runs; where there is no job at all, what jobs are and where to start one."""
    if not any(jobs.counts.values()):
        models = ui.link_button("Go to Models", view.carried("/models"), icon_name="diagram-3", kind="primary")
        return [ui.card(ui.empty_state("list-ol", PURPOSE, title="No jobs yet", action=models))]
    if not jobs.running:
        return [ui.card(title="Running", note="nothing at the moment", class_name="job-idle")]
    panels = [running_job(workspace, job, view) for job in jobs.running]
    at_once = workspace.settings.jobs_at_once
    beside = "one at a time" if at_once == 1 else f"at most {at_once} at a time"
    return [ui.card(*panels, title="Running", note=f"{beside}; a measurement never shares the machine")]


def running_job(workspace: Workspace, job: Job, view: View) -> Component:
    """Show a job that runs, with its log where the address asks for it."""
    is_open = job.id == view.job
    toggle = ui.link_button(
        "Hide log" if is_open else "Log",
        view.address(job="" if is_open else job.id),
        icon_name="chevron-up" if is_open else "chevron-down",
        small=True,
    )
    log = log_view(workspace.jobs.log(job.id), job) if is_open else None
    return ui.job_panel(job, log=log, actions=toggle)


def others(workspace: Workspace, jobs: Jobs, view: View) -> list[Component]:
    """Show the job that the address names, unless it runs, and below it the lists of all that do not run."""
    variants = workspace.variants.list()
    counts = jobs.counts
    shown = [
        chosen(workspace, jobs, variants, view),
        listing.waiting(jobs.queued, view),
        listing.failed(jobs.failed, counts.get("failed", 0), variants, view),
        listing.done(jobs.succeeded, counts.get("succeeded", 0), variants, view),
        listing.cancelled(jobs.cancelled, counts.get("cancelled", 0), view),
    ]
    return [part for part in shown if part is not None]


def chosen(workspace: Workspace, jobs: Jobs, variants: Sequence[Variant], view: View) -> Component | None:
    """Show the job that the address names with its log; one that runs has a panel of its own."""
    if not view.job or any(job.id == view.job for job in jobs.running):
        return None
    close = ui.link_button("Close", view.address(job=""), icon_name="x-lg", small=True)
    try:
        job = workspace.jobs.get(view.job)
    except JobNotFoundError as error:
        return ui.notice(str(error), title="Not found.", action=close)
    came = outcome(job, variants, view).result if job.state == "succeeded" else ""
    facts: list[tuple[str, Component | str]] = [("State", ui.job_state(job)), ("Asked for", clock_text(job.queued_at))]
    if job.ended_at:
        facts.append(("Took", listing.took(job)))
    if job.attempt > 1:
        facts.append(("Attempts", f"{job.attempt}"))
    if came:
        facts.append(("Result", came))
    facts.append(("Id", html.Code(job.id)))
    message = (job.error or {}).get("message")
    return ui.card(
        html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts], className="facts"),
        ui.notice(message, tone="bad") if message else None,
        log_view(workspace.jobs.log(job.id), job),
        title=job.title,
        note=job.subject,
        action=close,
        class_name="job-chosen",
    )


def log_view(lines: Sequence[LogLine], job: Job) -> Component:
    """Show the last lines of a log."""
    if not lines:
        return html.P("Its log is empty so far.", className="note")
    shown: list[Component] = [
        html.Div([html.Span(clock_text(line.at), className="log-time"), html.Span(line.text)])
        for line in lines[-LOG_LINES:]
    ]
    left_out = len(lines) - LOG_LINES
    if left_out > 0:
        command = html.Code(f"vibench jobs show {job.id}")
        shown.insert(0, html.Div(html.Span([f"{left_out} earlier lines: ", command], className="log-time")))
    label = aria(label=f"Log of {job.title} {job.subject}")
    return html.Div(html.Div(shown), className="log", tabIndex=0, role="region", **label)
