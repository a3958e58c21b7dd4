"""What the frame knows of jobs: it asks once a second while one waits or runs, and pages listen to it."""

import logging
from collections.abc import Mapping
from typing import Any

from dash import MATCH, Dash, Input, Output, State, ctx, dcc, html, no_update, set_props
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from flask import Flask, request

from dashboard.components.jobs import CANCEL, JOBS_REVISION
from dashboard.components.words import counted
from dashboard.errors import CALLBACKS
from dashboard.logs import UNLOGGED
from engine.errors import VibenchError
from workspace.workspace import Workspace

logger = logging.getLogger(__name__)

#: Store of the frame: how many jobs are in each state, and whether a worker is there.
WORK = "jobs-work"
CLOCK = "jobs-clock"
WORKER = "worker-state"
#: What changes without anybody touching the page.
BY_ITSELF = (f"{CLOCK}.n_intervals", f"{JOBS_REVISION}.data", f"{WORK}.data")
BUSY_MS = 1000
QUIET_MS = 5000


def work_watch(workspace: Workspace) -> list[Component]:
    """Return what watches the jobs: one clock, and the stores that it keeps up to date."""
    try:
        revision, work = jobs_now(workspace)
    except VibenchError:  # the page that follows says so, inside the frame
        revision, work = 0, {}
    return [
        dcc.Interval(id=CLOCK, interval=interval_ms(work)),
        dcc.Store(id=JOBS_REVISION, data=revision),
        dcc.Store(id=WORK, data=work),
    ]


def jobs_now(workspace: Workspace) -> tuple[int, dict[str, Any]]:
    """Return the revision of the jobs, and what the navigation tells of them, as plain JSON."""
    revision = workspace.jobs.revision()
    counts = {str(state): count for state, count in workspace.jobs.counts().items()}
    return revision, {**counts, "worker": workspace.jobs.worker_alive()}


def interval_ms(work: Mapping[str, Any]) -> int:
    """Return how often to ask: often only while something may happen."""
    return BUSY_MS if work.get("queued") or work.get("running") else QUIET_MS


def tell_jobs(workspace: Workspace) -> None:
    """Tell the page that asks of a change at once; called in a callback that has started or ended a job."""
    revision, work = jobs_now(workspace)
    set_props(JOBS_REVISION, {"data": revision})
    set_props(WORK, {"data": work})
    set_props(CLOCK, {"interval": interval_ms(work)})


def register_work(app: Dash, workspace: Workspace) -> None:
    """Keep the stores up to date, and end the jobs whose button is pressed on whatever page."""
    leave_unlogged(app.server)

    # ``assets/frame.js`` knows this callback by its first output, and keeps still where it fails.
    @app.callback(
        Output(JOBS_REVISION, "data"),
        Output(WORK, "data"),
        Output(CLOCK, "interval"),
        Input(CLOCK, "n_intervals"),
        State(JOBS_REVISION, "data"),
        State(WORK, "data"),
        prevent_initial_call=True,
    )
    def look(_ticks: int | None, seen: int | None, known: Mapping[str, Any] | None) -> tuple[object, ...]:
        try:
            revision, work = jobs_now(workspace)
        except VibenchError as error:  # whoever uses the page is told, not whoever only has it open
            logger.debug("The jobs can't be looked at: %s", error)
            raise PreventUpdate from error
        if revision == seen and work == known:
            raise PreventUpdate
        if work == known:
            return revision, no_update, no_update
        return revision, work, interval_ms(work)

    @app.callback(
        Output({"type": CANCEL, "job": MATCH}, "disabled"),
        Input({"type": CANCEL, "job": MATCH}, "n_clicks"),
        prevent_initial_call=True,
    )
    def cancel(clicks: int | None) -> object:
        if not clicks or not isinstance(ctx.triggered_id, Mapping):
            return no_update
        workspace.jobs.cancel(str(ctx.triggered_id["job"]))
        tell_jobs(workspace)
        return True


def leave_unlogged(server: Flask) -> None:
    """Mark the requests that an open page makes by itself: a line a second would hide all others."""

    @server.before_request
    def mark() -> None:
        if request.path != CALLBACKS or request.method != "POST":
            return
        body = request.get_json(silent=True)
        changed = body.get("changedPropIds") if isinstance(body, dict) else None
        if isinstance(changed, list) and changed and all(name in BY_ITSELF for name in changed):
            request.environ[UNLOGGED] = True


def worker_state(work: Mapping[str, Any]) -> html.Div:
    """Say what the worker does."""
    tone, words = worker_words(work)
    dot = html.Span(className=f"dot dot-{tone}")
    return html.Div([dot, html.Span(words, className="word")], className="worker", title=words)


def worker_words(work: Mapping[str, Any]) -> tuple[str, str]:
    """Return the tone and the words for the state of the worker."""
    running, queued = int(work.get("running", 0)), int(work.get("queued", 0))
    if not work["worker"]:
        return "warn", f"No worker, {counted(queued, 'job')} waiting" if queued else "No worker"
    return ("good", f"Worker busy, {counted(running, 'job')}") if running else ("muted", "Worker idle")
