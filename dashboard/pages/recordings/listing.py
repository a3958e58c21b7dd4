"""The list of recordings: what is there, and what state it is in."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components import Column, Row, class_badge, link_button, state, table
from dashboard.components.aria import aria
from dashboard.components.words import LABEL_TITLES, counted, grouped, missing_text
from dashboard.pages.recordings import ids
from dashboard.pages.recordings.address import View
from dashboard.pages.recordings.known import known_of
from engine.description import LABELS
from workspace.recording import RecordingRow
from workspace.workspace import Workspace

PAGE_LENGTH = 50
COLUMNS = (
    Column("Recording", class_name="name"),
    Column("Label"),
    Column("Rate", unit="Hz", numeric=True),
    Column("Duration", unit="s", numeric=True),
    Column("Channels", numeric=True),
    Column("State"),
)


def listing(workspace: Workspace, view: View) -> list[Component]:
    """Build the table of the recordings that a view narrows the list to, and below it the way to further pages."""
    rows = workspace.recordings.list(view.search, view.label or None)
    if not rows:
        return [nothing_found(view)]
    last_page = -(-len(rows) // PAGE_LENGTH)
    page = min(max(view.page, 1), last_page)
    shown = rows[(page - 1) * PAGE_LENGTH : page * PAGE_LENGTH]
    cells = [Row(cells_of(row, view), chosen=row.id == view.recording) for row in shown]
    return [
        table(COLUMNS, cells, caption="Recordings, the newest first"),
        list_foot(view, page, last_page, len(rows)),
    ]


def cells_of(row: RecordingRow, view: View) -> list[str | Component | None]:
    """Build the cells of one recording; its name is a link that a style sheet stretches over the whole row."""
    name = dcc.Link(row.name, href=view.changed(recording=row.id).address(), className="row-link", title=row.name)
    rate = known_of(row).sampling_rate_hz
    unknown = html.Span("?", className="tone-accent", title="Not known yet")
    return [
        name,
        label_cell(row.description.label),
        unknown if rate is None else grouped(rate),
        unknown if row.duration_s is None else grouped(row.duration_s, 2),
        str(len(row.channels)),
        state_of(row),
    ]


def label_cell(label: str | None) -> Component:
    """Name the known condition."""
    if label is None or label == "unknown":
        return html.Span(label or "not labelled", className="muted")
    return class_badge(label, LABEL_TITLES[label])


def state_of(row: RecordingRow) -> Component:
    """Tell in words whether a recording can be diagnosed; the whole sentence is shown on hover."""
    if row.problem:
        return state("bad", "can't be diagnosed", hint=row.problem)
    if row.missing:
        words = f"{counted(len(row.missing), 'answer')} missing"
        return state("accent", words, hint=f"It can be diagnosed once somebody says its {missing_text(row.missing)}.")
    if known_of(row).unit is None:
        return state("muted", "unit unknown", hint="Can be diagnosed; its level can't tell whether the machine ran.")
    return state("good", "good", hint="Can be diagnosed.")


def list_foot(view: View, page: int, last_page: int, count: int) -> html.Div:
    """Say which part of the list is shown, with links to the parts before and after."""
    first = (page - 1) * PAGE_LENGTH + 1
    words = f"{first} to {min(first + PAGE_LENGTH - 1, count)} of {counted(count, 'recording')}, newest first"
    if last_page == 1:
        return html.Div(
            html.Span(f"{counted(count, 'recording')}, newest first", className="note"), className="list-foot"
        )
    steps = [("Previous", page - 1), ("Next", page + 1)]
    links = [
        link_button(word, view.changed(page=to).address(), small=True) for word, to in steps if 1 <= to <= last_page
    ]
    return html.Div(
        [
            html.Span(words, className="note number"),
            html.Nav(links, className="button-row", **aria(label="Pages of the list")),
        ],
        className="list-foot",
    )


def nothing_found(view: View) -> html.Div:
    """Say that nothing matches, and how to see everything again."""
    everything = dcc.Link("Show all recordings", href=view.changed(search="", label="", page=1).address())
    return html.Div([html.Span("No recording matches. ", className="muted"), everything], className="list-foot")


def label_options() -> Sequence[tuple[str, str]]:
    """Return what the list can be narrowed to."""
    return [(ids.ALL, "all"), *((key, LABEL_TITLES[key]) for key in LABELS)]
