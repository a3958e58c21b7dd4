"""The one way a graph gets onto a page."""

from typing import Any

import plotly.graph_objects as go
from dash import dcc, html

from dashboard.components.aria import aria
from dashboard.components.theme import current_theme, template_of

#: Without plotly's button that uploads a chart to its cloud, which is on unless switched off.
CONFIG = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "showTips": False,
    "displayModeBar": False,
}
ZOOM_BUTTONS = [["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"], ["toImage"]]


def graph(
    figure: go.Figure | None,
    component_id: str,
    label: str,
    *,
    height: int = 280,
    zoom: bool = False,
) -> html.Div:
    """Put a figure onto a page.

    Callbacks may replace the property ``figure``; the theme switch recolours whatever is there, so a figure is drawn
    in the colours of `current_theme()` and needs no callback of its own for it.

    Parameters
    ----------
    figure : plotly figure or None
        ``None`` leaves the place empty until a callback fills it.
    component_id : str
        Of the ``dcc.Graph``.
    label : str
        What the figure shows, in words, for those who can't see it.
    height : int
        In px.
    zoom : bool
        Whether the user may zoom, pan and save the picture; else the graph only answers to hovering.
    """
    shown = empty_figure() if figure is None else figure
    if zoom:
        shown.update_layout(dragmode="zoom")
    buttons = {"displayModeBar": "hover", "modeBarButtons": ZOOM_BUTTONS} if zoom else {}
    settings: Any = CONFIG | buttons | {"doubleClick": "reset" if zoom else False}
    inner = dcc.Graph(id=component_id, figure=shown, config=settings, responsive=True, style={"height": height})
    # A picture may not hold the buttons that a graph to zoom in has.
    return html.Div(inner, className="graph", role="group" if zoom else "img", **aria(label=label))


def empty_figure() -> go.Figure:
    """Return a figure without axes, for the time before there is something to draw."""
    figure = go.Figure(layout={"template": template_of(current_theme())})
    return figure.update_xaxes(visible=False).update_yaxes(visible=False)
