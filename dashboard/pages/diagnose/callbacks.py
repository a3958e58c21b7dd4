"""What connects the page to the workspace."""

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, no_update

from dashboard.components.address import ADDRESS
from dashboard.components.waveform import Row, register_zoom, source_of, zoomed
from dashboard.pages.diagnose import layout as page
from dashboard.pages.diagnose import verdict
from dashboard.pages.diagnose.downloads import register_downloads
from dashboard.pages.diagnose.examination import Selection, examine
from engine.errors import VibenchError
from workspace.workspace import Workspace


def register(app: Dash, workspace: Workspace) -> None:
    """Connect the page to the workspace; ``create_app`` calls this once."""
    register_downloads(app.server, workspace)
    register_zoom(app, page.WAVEFORM, lambda source: row_of(workspace, source))

    @app.callback(Output(page.RESULT, "children"), Input(page.SELECTION, "data"))
    def show_diagnosis(data: Mapping[str, Any]) -> object:
        selection = Selection.of(data)
        try:
            return page.result(examine(workspace, selection))
        except VibenchError as error:
            return page.failure(error, selection)

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(verdict.BACKEND, "value"),
        Input(verdict.AGAINST, "value"),
        State(page.SELECTION, "data"),
        prevent_initial_call=True,
    )
    def follow_choice(model: str, against: str | None, data: Mapping[str, Any]) -> object:
        selection = Selection.of(data)
        chosen = selection.choosing(model, "" if against in (None, verdict.NOTHING) else against)
        return no_update if chosen == selection else chosen.query

    @app.callback(
        Output(page.WAVEFORM, "figure", allow_duplicate=True),
        Input(page.ZOOM, "n_clicks"),
        State(source_of(page.WAVEFORM), "data"),
        State(page.PLACES, "data"),
        prevent_initial_call=True,
    )
    def zoom_to_places(clicks: int | None, source: Any, spans: list[list[float]]) -> object:
        if not clicks:
            return no_update
        start, stop = spans[(clicks - 1) % len(spans)]
        patch = zoomed(row_of(workspace, source), start, stop)
        patch["layout"]["xaxis"]["range"] = [start, stop]
        return patch


def row_of(workspace: Workspace, source: Any) -> Row:
    """Return the samples that the waveform shows; ``source`` is the id of a recording."""
    signal, _ = workspace.recordings.signal(str(source))
    return Row(signal.samples[0], signal.sampling_rate)
