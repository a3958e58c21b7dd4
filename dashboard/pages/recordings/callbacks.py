"""What the page does: each callback reads its inputs, calls one function below, and returns components."""

from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from dashboard.components import UPLOADS_DONE, current_theme, link_button, notice
from dashboard.components.address import ADDRESS
from dashboard.components.waveform import Row, register_zoom
from dashboard.components.words import counted, missing_text
from dashboard.pages.recordings import ids
from dashboard.pages.recordings.address import PATH, View
from dashboard.pages.recordings.answers import description_of, description_of_proposal
from dashboard.pages.recordings.detail import confirmation, detail, follows
from dashboard.pages.recordings.figures import spectra_view, waveform_view
from dashboard.pages.recordings.known import channel_named, known_of, signal_of
from dashboard.pages.recordings.layout import known_rigs
from dashboard.pages.recordings.listing import listing
from dashboard.pages.recordings.reading import options_of
from engine.analysis import analyse
from engine.errors import SignalError
from workspace.recording import RecordingRow
from workspace.workspace import Workspace

ANSWERS = [State(ids.answer_of(field), "value") for field in ids.FIELDS]


def register(app: Dash, workspace: Workspace) -> None:
    """Connect the page to the workspace; ``create_app`` calls this once."""
    register_list(app, workspace)
    register_form(app, workspace)
    register_proposal(app, workspace)
    register_saving(app, workspace)
    register_reading(app, workspace)
    register_deletion(app, workspace)
    register_figures(app, workspace)


def register_list(app: Dash, workspace: Workspace) -> None:
    """Narrow the list, and tell of what was uploaded."""

    @app.callback(
        Output(ids.LISTING, "children"),
        Input(ids.SEARCH, "value"),
        Input(ids.LABEL_FILTER, "value"),
        Input(UPLOADS_DONE, "data"),
        State(ADDRESS, "search"),
        prevent_initial_call=True,
    )
    def narrow(search: str | None, label: str | None, uploaded: object, address: str | None) -> object:  # noqa: ARG001
        view = View.of_address(address)
        page = 1 if ctx.triggered_id in (ids.SEARCH, ids.LABEL_FILTER) else view.page
        return listing(workspace, view.changed(search=search or "", label=chosen(label) or "", page=page))

    # Uploads go on while other pages are shown, where there is no place for news: hence two callbacks.
    @app.callback(
        Output(ids.NEWS, "children"),
        Input(UPLOADS_DONE, "data"),
        State(ADDRESS, "search"),
        prevent_initial_call=True,
    )
    def tell_upload(uploaded: dict[str, Any] | None, address: str | None) -> object:
        view = View.of_address(address)
        # The store outlives the page, so a page that is built anew hears of the last upload once more.
        return news(uploaded, view) if ctx.triggered_id and uploaded and view.recording else no_update

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(UPLOADS_DONE, "data"),
        State(ADDRESS, "pathname"),
        State(ADDRESS, "search"),
        prevent_initial_call=True,
    )
    def choose_upload(uploaded: dict[str, Any] | None, path: str | None, address: str | None) -> object:
        view = View.of_address(address)
        if not uploaded or view.recording or path not in ("/", PATH):
            return no_update
        return view.changed(recording=str(uploaded["recording"])).query()


def news(uploaded: dict[str, Any], view: View) -> Component:
    """Say what became of an upload, while the card shows another recording."""
    name = uploaded["name"]
    words = f"This file is here already, as {name}." if uploaded["duplicate"] else f"{name} was added."
    address = view.changed(recording=str(uploaded["recording"])).address()
    return notice(words, tone="accent", action=link_button("Open", address, small=True))


def register_form(app: Dash, workspace: Workspace) -> None:
    """Show what follows from the answers while they are given, and open what is known for editing."""

    @app.callback(
        Output(ids.FOLLOWS, "children"),
        State(ids.CHOSEN, "data"),
        *(Input(ids.answer_of(field), "value") for field in ids.FIELDS),
        prevent_initial_call=True,
    )
    def preview(recording_id: str, *answers: str | None) -> Component:
        row = workspace.recordings.get(recording_id)
        try:
            said = description_of(row, answered(answers))
        except SignalError as error:
            return notice(str(error), tone="bad")
        return follows(row, said)

    @app.callback(
        Output(ids.FORM, "className"),
        Output(ids.MORE, "open"),
        Input(ids.EDIT, "n_clicks"),
        prevent_initial_call=True,
    )
    def edit(clicks: int | None) -> tuple[object, object]:
        return ("recording-form editing", True) if clicks else (no_update, no_update)

    @app.callback(
        Output(ids.DETAIL, "children", allow_duplicate=True),
        Input(ids.CANCEL, "n_clicks"),
        State(ids.CHOSEN, "data"),
        prevent_initial_call=True,
    )
    def cancel(clicks: int | None, recording_id: str) -> object:
        return detail(workspace.recordings.get(recording_id), known_rigs(workspace)) if clicks else no_update

    @app.callback(Output(ids.PROPOSAL, "hidden"), Input(ids.KNOW_BETTER, "n_clicks"), prevent_initial_call=True)
    def know_better(clicks: int | None) -> object:
        return True if clicks else no_update


def answered(values: Sequence[object]) -> dict[str, str | None]:
    """Return the form's values by field; a browser may send anything."""
    return dict(zip(ids.FIELDS, map(chosen, values), strict=True))


def chosen(value: object) -> str | None:
    """Return what a control holds, ``None`` where that is nothing."""
    return value if isinstance(value, str) and value not in ("", ids.NOT_SAID) else None


def register_proposal(app: Dash, workspace: Workspace) -> None:
    """Keep what was proposed, once it is confirmed."""

    @app.callback(
        Output(ids.DETAIL, "children"),
        Output(ids.LISTING, "children", allow_duplicate=True),
        Input(ids.USE_PROPOSAL, "n_clicks"),
        State(ids.CHOSEN, "data"),
        State(ADDRESS, "search"),
        prevent_initial_call=True,
    )
    def use_proposal(clicks: int | None, recording_id: str, address: str | None) -> tuple[object, object]:
        row = workspace.recordings.get(recording_id)
        if not clicks or row.proposal is None:
            return no_update, no_update
        row = workspace.recordings.describe(row.id, description_of_proposal(row, row.proposal))
        return detail(row, known_rigs(workspace)), listing(workspace, View.of_address(address))


def register_saving(app: Dash, workspace: Workspace) -> None:
    """Keep what the user says."""

    @app.callback(
        Output(ids.DETAIL, "children", allow_duplicate=True),
        Output(ids.LISTING, "children", allow_duplicate=True),
        Output(ids.MESSAGE, "children"),
        Input(ids.SAVE, "n_clicks"),
        State(ids.CHOSEN, "data"),
        State(ADDRESS, "search"),
        *ANSWERS,
        prevent_initial_call=True,
    )
    def save(clicks: int | None, recording_id: str, address: str | None, *answers: object) -> tuple[object, ...]:
        if not clicks:
            return no_update, no_update, no_update
        try:
            row = keep_answers(workspace, recording_id, answers)
        except SignalError as error:
            return no_update, no_update, notice(str(error), tone="bad")
        card = detail(row, known_rigs(workspace), message=notice("Saved.", tone="good"))
        return card, listing(workspace, View.of_address(address)), no_update

    @app.callback(
        Output(ADDRESS, "href", allow_duplicate=True),
        Output(ids.LISTING, "children", allow_duplicate=True),
        Output(ids.MESSAGE, "children", allow_duplicate=True),
        Input(ids.SAVE_AND_DIAGNOSE, "n_clicks"),
        State(ids.CHOSEN, "data"),
        State(ADDRESS, "search"),
        *ANSWERS,
        prevent_initial_call=True,
    )
    def save_and_diagnose(
        clicks: int | None, recording_id: str, address: str | None, *answers: object
    ) -> tuple[object, ...]:
        if not clicks:
            return no_update, no_update, no_update
        view = View.of_address(address)
        try:
            row = keep_answers(workspace, recording_id, answers)
        except SignalError as error:
            return no_update, no_update, notice(str(error), tone="bad")
        if row.missing or row.problem:
            return no_update, listing(workspace, view), not_yet(row)
        return view.changed(recording=row.id).diagnose_address(), no_update, no_update


def register_reading(app: Dash, workspace: Workspace) -> None:
    """Read a text file anew, as its user says that it is laid out."""

    @app.callback(
        Output(ids.DETAIL, "children", allow_duplicate=True),
        Output(ids.LISTING, "children", allow_duplicate=True),
        Output(ids.MESSAGE, "children", allow_duplicate=True),
        Input(ids.READ_AGAIN, "n_clicks"),
        State(ids.CHOSEN, "data"),
        State(ADDRESS, "search"),
        *(State(one, "value") for one in (ids.SEPARATOR, ids.DECIMAL, ids.HEADER_LINES, ids.TIME_COLUMN)),
        prevent_initial_call=True,
    )
    def read_again(clicks: int | None, recording_id: str, address: str | None, *said: object) -> tuple[object, ...]:
        if not clicks:
            return no_update, no_update, no_update
        try:
            row = workspace.recordings.read_again(recording_id, options_of(*said))
        except SignalError as error:
            return no_update, no_update, notice(str(error), tone="bad")
        told = f"Read again: {counted(len(row.channels), 'channel')}."
        card = detail(row, known_rigs(workspace), message=notice(told, tone="good"))
        return card, listing(workspace, View.of_address(address)), no_update


def keep_answers(workspace: Workspace, recording_id: str, answers: Sequence[object]) -> RecordingRow:
    """Describe a recording as its form says; raises `SignalError` if that can't be."""
    row = workspace.recordings.get(recording_id)
    return workspace.recordings.describe(row.id, description_of(row, answered(answers)))


def not_yet(row: RecordingRow) -> Component:
    """Say what keeps a recording from being diagnosed."""
    if row.problem:
        return notice(row.problem, tone="bad")
    return notice(f"Saved. It can be diagnosed once you say its {missing_text(row.missing)}.", tone="warn")


def register_deletion(app: Dash, workspace: Workspace) -> None:
    """Remove a recording, after asking once more."""

    @app.callback(
        Output(ids.CONFIRMATION, "children"),
        Input(ids.DELETE, "n_clicks"),
        State(ids.CHOSEN, "data"),
        prevent_initial_call=True,
    )
    def ask(clicks: int | None, recording_id: str) -> object:
        return confirmation(workspace.recordings.get(recording_id)) if clicks else no_update

    @app.callback(
        Output(ids.CONFIRMATION, "children", allow_duplicate=True),
        Input(ids.KEEP, "n_clicks"),
        prevent_initial_call=True,
    )
    def keep(clicks: int | None) -> object:
        return None if clicks else no_update

    @app.callback(
        Output(ADDRESS, "search", allow_duplicate=True),
        Input(ids.DELETE_FOR_GOOD, "n_clicks"),
        State(ids.CHOSEN, "data"),
        State(ADDRESS, "search"),
        prevent_initial_call=True,
    )
    def delete(clicks: int | None, recording_id: str, address: str | None) -> object:
        if not clicks:
            return no_update
        workspace.recordings.delete(recording_id)
        return View.of_address(address).changed(recording="").query()


def register_figures(app: Dash, workspace: Workspace) -> None:
    """Draw the channel that the form shows as chosen."""
    channel_chosen = Input(ids.answer_of("channel"), "value")

    @app.callback(Output(ids.WAVEFORM_PLACE, "children"), channel_chosen, State(ids.CHOSEN, "data"))
    def show_waveform(channel: str | None, recording_id: str) -> object:
        row = workspace.recordings.get(recording_id)
        shown = channel_named(row, chosen(channel))
        if shown is None:
            return html.P("Choose a channel to see its signal.", className="note")
        known = known_of(row, shown.name)
        drawn = Row(workspace.recordings.channel(row.id, shown.name), known.sampling_rate_hz)
        return waveform_view(row, shown, drawn, known.unit, current_theme())

    @app.callback(Output(ids.SPECTRA, "children"), channel_chosen, State(ids.CHOSEN, "data"))
    def show_spectra(channel: str | None, recording_id: str) -> object:
        row = workspace.recordings.get(recording_id)
        shown = channel_named(row, chosen(channel))
        try:
            signal = signal_of(workspace, row, shown.name) if shown is not None else None
            return None if signal is None else spectra_view(analyse(signal), signal.channels[0].name, current_theme())
        except SignalError as error:
            return notice(str(error), tone="bad")

    def fetch_row(source: Any) -> Row:
        recording_id, channel = source
        row = workspace.recordings.get(recording_id)
        return Row(workspace.recordings.channel(row.id, channel), known_of(row, channel).sampling_rate_hz)

    register_zoom(app, ids.WAVEFORM, fetch_row)
