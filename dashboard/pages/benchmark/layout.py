"""Benchmark: which variant to ship, measured here, and what is measured at the moment. Every id is in `ids`."""

from dataclasses import asdict

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.pages.benchmark import ids
from dashboard.pages.benchmark.form import form_card
from dashboard.pages.benchmark.found import Found, Selection, find
from dashboard.pages.benchmark.live import earlier, live
from dashboard.pages.benchmark.result import result
from workspace.workspace import Workspace


def layout(workspace: Workspace, **query: str) -> Component:
    """Build the page that an address such as ``/benchmark?model=wdcnn/onnx`` or ``/benchmark?job=ID`` shows."""
    if not workspace.variants.list():
        sentence = "The networks that come with Vibench are added when it starts: stop it and start it again."
        return ui.empty_state("diagram-3", sentence, title="No network yet")
    found = find(workspace, Selection.of(query))
    recordings = [row for row in workspace.recordings.list() if row.problem is None and not row.missing]
    return html.Div(
        [
            dcc.Store(id=ids.SELECTION, data=asdict(found.selection)),
            dcc.Store(id=ids.SHOWN, data=shown_ids(found)),
            html.Div(live(found), id=ids.LIVE, className="stack", **aria(live="polite")),
            html.Div(result_or_purpose(found), id=ids.RESULT, className="stack"),
            form_card(found, workspace.variants.networks(), recordings),
            html.Div(earlier(found), id=ids.EARLIER, className="stack"),
        ],
        className="stack benchmark",
    )


def result_or_purpose(found: Found) -> list[Component]:
    """Build the result, or say what the page is for while there is none."""
    if found.shown is not None:
        return result(found)
    if found.live:
        return []
    title = found.variants[0].card.title
    sentence = (
        f"The variants of {title} are measured side by side on this machine. One sentence then says which to ship: how "
        "much faster it is, and how many verdicts it changes."
    )
    return [
        html.Div([ui.icon("speedometer2"), html.H2("Nothing measured yet"), html.P(sentence)], className="empty-state")
    ]


def shown_ids(found: Found) -> list[str]:
    """Return what the page shows of measurements: the id of the one in full, then those that are listed."""
    return [found.shown[0].id if found.shown else "", *(job.id for job, _ in found.past)]
