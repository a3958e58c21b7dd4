"""What connects the page to the workspace."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dash import Dash, Input, Output, State, no_update

from dashboard import components as ui
from dashboard.components.address import ADDRESS
from dashboard.components.times import duration_text
from dashboard.pages.benchmark import ids
from dashboard.pages.benchmark.asking import Request, least_seconds, parameters_again
from dashboard.pages.benchmark.downloads import register_downloads
from dashboard.pages.benchmark.found import KIND, Selection, find, measured_by, network_of
from dashboard.pages.benchmark.layout import result_or_purpose, shown_ids
from dashboard.pages.benchmark.live import earlier, live
from dashboard.work import tell_jobs
from engine.errors import VibenchError
from workspace.workspace import Workspace

#: What a request is built of, in the order of its arguments.
ANSWERS = (ids.VARIANTS, ids.BATCHES, ids.THREAD_COUNTS, ids.BASELINE, ids.ROUNDS, ids.WINDOWS, ids.RUNTIMES)


def register(app: Dash, workspace: Workspace) -> None:
    """Connect the page to the workspace; ``create_app`` calls this once."""
    register_downloads(app.server, workspace)
    register_following(app, workspace)
    register_choices(app, workspace)
    register_asking(app, workspace)


def register_following(app: Dash, workspace: Workspace) -> None:
    """Show how far measurements are, and the result as soon as there is one."""

    @app.callback(
        Output(ids.LIVE, "children"),
        Output(ids.RESULT, "children"),
        Output(ids.EARLIER, "children"),
        Output(ids.SHOWN, "data"),
        Input(ui.JOBS_REVISION, "data"),
        State(ids.SELECTION, "data"),
        State(ids.SHOWN, "data"),
        prevent_initial_call=True,
    )
    def follow_jobs(_: object, data: Mapping[str, Any], shown: list[str]) -> tuple[object, ...]:
        found = find(workspace, Selection.of(data))
        by_now = shown_ids(found)
        if by_now == shown and (found.shown or not found.live):
            return live(found), no_update, no_update, no_update
        return live(found), result_or_purpose(found), earlier(found), by_now


def register_choices(app: Dash, workspace: Workspace) -> None:
    """Keep in the address what is chosen to be shown."""

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(ids.BATCH, "value"),
        Input(ids.THREADS, "value"),
        State(ids.SELECTION, "data"),
        prevent_initial_call=True,
    )
    def choose_shape(batch: str, threads: str, data: Mapping[str, Any]) -> object:
        selection = Selection.of(data)
        before = find(workspace, selection).shape
        if (batch, threads) == tuple(map(str, before)):
            return no_update
        return replace(selection, batch=batch, threads=threads).query

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(ids.NETWORK, "value"),
        State(ids.SELECTION, "data"),
        prevent_initial_call=True,
    )
    def choose_network(network: str, data: Mapping[str, Any]) -> object:
        selection = Selection.of(data)
        if network == selection.network:
            return no_update
        return Selection(network, recording=selection.recording).query


def register_asking(app: Dash, workspace: Workspace) -> None:
    """Say the form as a command while it is filled in, and start what it asks for."""

    @app.callback(
        Output(ids.COMMAND, "children"),
        Output(ids.COST, "children"),
        Output(ids.PROBLEM, "children"),
        Output(ids.MEASURE, "disabled"),
        *(Input(answer, "value") for answer in ANSWERS),
    )
    def say_request(*answers: Any) -> tuple[object, ...]:
        try:
            request = Request.of(*answers)
        except VibenchError as error:
            return no_update, None, ui.notice(str(error), tone="warn"), True
        network = request.variants[0].partition("/")[0]
        jobs = [job for job in workspace.jobs.list("succeeded", kind=KIND) if network_of(job) == network]
        earlier_ones = [measured for job in jobs if (measured := measured_by(job))]
        cost = f"At least {duration_text(least_seconds(request, earlier_ones))}."
        return ui.command_words(request.command()), cost, None, False

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Output(ids.FORM, "open"),
        Output(ids.PROBLEM, "children", allow_duplicate=True),
        Input(ids.MEASURE, "n_clicks"),
        State(ids.SELECTION, "data"),
        *(State(answer, "value") for answer in ANSWERS),
        running=[(Output(ids.MEASURE, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def measure(clicks: int | None, data: Mapping[str, Any], *answers: Any) -> tuple[object, ...]:
        if not clicks:
            return no_update, no_update, no_update
        try:
            ask_once(workspace, Request.of(*answers).parameters())
        except VibenchError as error:
            return no_update, no_update, ui.notice(str(error), tone="bad")
        return newest(data), False, None

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(ids.AGAIN, "n_clicks"),
        State(ids.SELECTION, "data"),
        State(ids.SHOWN, "data"),
        running=[(Output(ids.AGAIN, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def measure_again(clicks: int | None, data: Mapping[str, Any], shown: list[str]) -> object:
        if not clicks:
            return no_update
        ask_once(workspace, parameters_again(workspace.jobs.get(shown[0]).parameters))
        return newest(data)


def ask_once(workspace: Workspace, parameters: Mapping[str, Any]) -> None:
    """Start a measurement, unless just that waits or runs: then a button was pressed twice.

    Raises
    ------
    VibenchError
        If it can't be made (`JobQueue.submit`).
    """
    live = workspace.jobs.list("running", "queued", kind=KIND)
    if not any(parameters_again(job.parameters) == parameters for job in live):
        workspace.jobs.submit(KIND, parameters)
    tell_jobs(workspace)


def newest(data: Mapping[str, Any]) -> object:
    """Return the address that shows the newest measurement, where the page does not show that already."""
    selection = Selection.of(data)
    return no_update if not selection.job else replace(selection, job="").query
