"""Optimise: the variant to ship, searched within limits and a time. Every id is in `ids`."""

from dataclasses import asdict

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.pages.models.calibration import candidates
from dashboard.pages.optimise import ids
from dashboard.pages.optimise.form import form_card
from dashboard.pages.optimise.found import Found, Selection, find, searchable
from dashboard.pages.optimise.live import earlier, live
from dashboard.pages.optimise.result import result
from workspace.workspace import Workspace


def layout(workspace: Workspace, **query: str) -> Component:
    """Build the page that an address such as ``/optimise?model=wdcnn`` or ``/optimise?job=ID`` shows."""
    if not searchable(workspace):
        sentence = (
            "A search starts from a network in float32 as ONNX. Make one on the page Models: its pass ONNX export."
        )
        models = ui.link_button("Go to Models", "/models", icon_name="diagram-3")
        return ui.empty_state("sliders", sentence, title="No network to start from", action=models)
    found = find(workspace, Selection.of(query))
    return html.Div(
        [
            dcc.Store(id=ids.SELECTION, data=asdict(found.selection)),
            dcc.Store(id=ids.SHOWN, data=shown_ids(found)),
            html.Div(live(found), id=ids.LIVE, className="stack", **aria(live="polite")),
            html.Div(result_or_purpose(found), id=ids.RESULT, className="stack"),
            form_card(found, candidates(workspace, found.network.card)),
            html.Div(earlier(found), id=ids.EARLIER, className="stack"),
        ],
        className="stack benchmark optimise",
    )


def result_or_purpose(found: Found) -> list[Component]:
    """Build the answer, or say what the page is for while there is none."""
    if found.shown is not None:
        return result(found)
    if found.live:
        return []
    sentence = (
        "Variants are made, proven and measured on this machine until the time is over. One sentence then says which "
        "to ship: the fastest that keeps your limits, and how to make it again."
    )
    return [html.Div([ui.icon("sliders"), html.H2("Nothing searched yet"), html.P(sentence)], className="empty-state")]


def shown_ids(found: Found) -> list[str]:
    """Return what the page shows of searches: the id of the one in full, then those that are listed."""
    return [found.shown.job.id if found.shown else "", *(answer.job.id for answer in found.past)]
