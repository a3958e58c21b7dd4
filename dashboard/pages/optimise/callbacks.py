"""What connects the page to the workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dash import ALL, Dash, Input, Output, State, no_update

from dashboard import components as ui
from dashboard.components.address import ADDRESS
from dashboard.pages.models.calibration import chosen_ids, offered
from dashboard.pages.models.ids import RECORDINGS_OF
from dashboard.pages.optimise import ids
from dashboard.pages.optimise.asking import Request
from dashboard.pages.optimise.downloads import register_downloads
from dashboard.pages.optimise.form import own_recordings
from dashboard.pages.optimise.found import KIND, Selection, find
from dashboard.pages.optimise.layout import result_or_purpose, shown_ids
from dashboard.pages.optimise.live import earlier, live
from dashboard.work import tell_jobs
from engine.errors import VibenchError
from workspace.workspace import Workspace

LISTS = {"type": RECORDINGS_OF, "label": ALL}
#: Everything that the form holds, in the order in which `request_of` takes it.
CONTROLS = (
    (ids.NETWORK, "value"),
    (ids.BATCH, "value"),
    (ids.THREADS, "value"),
    (ids.FLIPS, "value"),
    (ids.LATENCY, "value"),
    (ids.SIZE, "value"),
    (ids.MINUTES, "value"),
    (ids.SOURCE, "value"),
    (LISTS, "value"),
    (ids.RESAMPLE, "value"),
)


def register(app: Dash, workspace: Workspace) -> None:
    """Connect the page to the workspace; ``create_app`` calls this once."""
    register_downloads(app.server, workspace)
    register_following(app, workspace)
    register_choices(app, workspace)
    register_asking(app, workspace)


def register_following(app: Dash, workspace: Workspace) -> None:
    """Show how far searches are, and the answer as soon as there is one; without one, the form once more."""

    @app.callback(
        Output(ids.LIVE, "children"),
        Output(ids.RESULT, "children"),
        Output(ids.EARLIER, "children"),
        Output(ids.SHOWN, "data"),
        Output(ids.FORM, "open", allow_duplicate=True),
        Input(ui.JOBS_REVISION, "data"),
        State(ids.SELECTION, "data"),
        State(ids.SHOWN, "data"),
        prevent_initial_call=True,
    )
    def follow_jobs(_: object, data: Mapping[str, Any], shown: list[str]) -> tuple[object, ...]:
        found = find(workspace, Selection.of(data))
        by_now, open_ = shown_ids(found), True if found.came_to_none else no_update
        if by_now == shown and (found.shown or not found.live):
            return live(found), no_update, no_update, no_update, open_
        return live(found), result_or_purpose(found), earlier(found), by_now, open_


def register_choices(app: Dash, workspace: Workspace) -> None:
    """Keep in the address what is shown, and offer the recordings of the workspace."""

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(ids.AGAINST, "value"),
        State(ids.SELECTION, "data"),
        prevent_initial_call=True,
    )
    def choose_axis(against: str, data: Mapping[str, Any]) -> object:
        selection = Selection.of(data)
        return no_update if against == selection.axis else replace(selection, against=against).query

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(ids.NETWORK, "value"),
        State(ids.SELECTION, "data"),
        prevent_initial_call=True,
    )
    def choose_network(network: str, data: Mapping[str, Any]) -> object:
        selection = Selection.of(data)
        return no_update if network == selection.model else replace(selection, model=network, job="").query

    @app.callback(
        Output(ids.RECORDINGS, "children"),
        Output(ids.RECORDINGS, "hidden"),
        Output(ids.RESAMPLE_PLACE, "hidden"),
        Input(ids.SOURCE, "value"),
        Input(ids.RESAMPLE, "value"),
        State(LISTS, "value"),
        State(ids.NETWORK, "value"),
        prevent_initial_call=True,
    )
    def offer(source: str, resample: Sequence[str] | None, values: list[list[str] | None], name: str) -> object:
        if source != ids.OWN:
            return no_update, True, True
        found, card, chosen = offered(workspace, name, values)
        return own_recordings(found, card, chosen, resample=bool(resample)), False, not found.others


def register_asking(app: Dash, workspace: Workspace) -> None:
    """Say the form as a command while it is filled in, and start what it asks for."""

    @app.callback(
        Output(ids.COMMAND, "children"),
        Output(ids.PROBLEM, "children"),
        Output(ids.SEARCH, "disabled"),
        *(Input(*control) for control in CONTROLS),
    )
    def say_request(*answers: Any) -> tuple[object, ...]:
        try:
            return ui.command_words(request_of(answers).command()), None, False
        except VibenchError as error:
            return no_update, ui.notice(str(error), tone="warn"), True

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Output(ids.FORM, "open"),
        Output(ids.PROBLEM, "children", allow_duplicate=True),
        Input(ids.SEARCH, "n_clicks"),
        State(ids.SELECTION, "data"),
        *(State(*control) for control in CONTROLS),
        running=[(Output(ids.SEARCH, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def search(clicks: int | None, data: Mapping[str, Any], *answers: Any) -> tuple[object, ...]:
        if not clicks:
            return no_update, no_update, no_update
        try:
            submitted = workspace.jobs.submit(KIND, request_of(answers).parameters())
        except VibenchError as error:
            return no_update, no_update, ui.notice(str(error), tone="bad")
        tell_jobs(workspace)
        selection = Selection.of(data)
        said = None
        if submitted.found:
            what = "Its answer is shown above." if submitted.job.state == "succeeded" else "It waits or runs already."
            said = ui.notice(what, title="The same was asked before.", tone="accent")
        there = no_update if selection.job == submitted.job.id else replace(selection, job=submitted.job.id).query
        return there, submitted.found, said


def request_of(answers: Sequence[Any]) -> Request:
    """Read the controls, in the order of `CONTROLS`; raises `SearchError` if a value can't be."""
    *asked, source, recordings, resample = answers
    chosen = chosen_ids(recordings) if source == ids.OWN else None
    return Request.of(*asked, recordings=chosen, resample=bool(resample))
