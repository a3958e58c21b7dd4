"""A recording's samples over time, in as many points as a screen has room for, whatever its length.

The server keeps nothing between two zooms: the browser says which span it shows, and the samples of just that span
are read from disk and thinned out.
"""

import base64
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from dash import Dash, Input, Output, Patch, State, dcc, no_update
from numpy.typing import NDArray

from dashboard.components.theme import Theme, template_of
from dashboard.components.words import channel_title
from engine.dsp.downsample import minmax_lttb

#: Twice the width of a screen; more points change no pixel and make every zoom slower.
POINTS = 4000
RANGE = re.compile(r"xaxis\d*\.range(?:\[([01])\])?")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One channel to draw.

    Attributes
    ----------
    samples : ndarray of float32, shape (N,)
        A memory map will do; only the shown span is read.
    sampling_rate : float or None
        In Hz; ``None`` draws over sample numbers.
    """

    samples: NDArray[np.float32]
    sampling_rate: float | None

    @property
    def end(self) -> float:
        """Place of the last sample on the time axis."""
        return (len(self.samples) - 1) / (self.sampling_rate or 1.0)


def waveform_figure(row: Row, theme: Theme, *, name: str, unit: str | None) -> go.Figure:
    """Draw a whole channel; a user zooms along time only.

    Parameters
    ----------
    row : Row
        The samples.
    theme : Theme
        Its colours.
    name, unit : str
        Of the channel, for the axis.
    """
    figure = go.Figure(waveform_trace(row, theme), layout={"template": template_of(theme), "dragmode": "zoom"})
    title = "Sample" if row.sampling_rate is None else "Time (s)"
    # The range is said, not left to plotly, because a reset of the zoom then names it.
    figure.update_xaxes(title_text=title, range=[0.0, row.end], showgrid=False)
    figure.update_yaxes(title_text=channel_title(name, unit), fixedrange=True, nticks=5)
    return figure


def waveform_trace(row: Row, theme: Theme) -> go.Scatter:
    """Return the line of a whole channel, for figures that show more below the same time axis."""
    times, values = span_of(row, 0.0, row.end)
    hover = (
        "%{y:.4g} at %{x:.5~g} s<extra></extra>" if row.sampling_rate else "%{y:.4g} at sample %{x:d}<extra></extra>"
    )
    line = {"width": 0.7, "color": theme.ink}
    return go.Scatter(x=times, y=values, mode="lines", line=line, hovertemplate=hover)


def span_of(row: Row, start: float, stop: float) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return times, of shape (P,), and values of a channel from ``start`` to ``stop`` and a sample beyond either.

    P is at most 4000; what sticks out stays.
    """
    rate = row.sampling_rate or 1.0
    first = max(math.floor(start * rate), 0)
    last = min(math.ceil(stop * rate) + 1, len(row.samples))
    span = np.asarray(row.samples[first:last])
    kept = minmax_lttb(span, POINTS)
    return (kept + first) / rate, span[kept]


def shown_span(relayout: Mapping[str, Any], end: float) -> tuple[float, float] | None:
    """Return the span that the browser shows after the user moved the figure.

    ``None`` if the time axis did not move, or if what came is no span of this recording.
    """
    if any(key.startswith("xaxis") and key.endswith("autorange") for key in relayout):
        return 0.0, end
    edges: dict[str, Any] = {}
    for key, value in relayout.items():
        found = RANGE.fullmatch(key)
        if found and found[1]:
            edges[found[1]] = value
        elif found and isinstance(value, list) and len(value) == 2:
            edges = dict(zip("01", value, strict=True))
    try:
        start, stop = float(edges["0"]), float(edges["1"])
    except (KeyError, TypeError, ValueError):
        return None
    if not (math.isfinite(start) and math.isfinite(stop)):
        return None
    start, stop = max(start, 0.0), min(stop, end)
    return (start, stop) if start < stop else None


def source_of(graph_id: str) -> str:
    """Return the id of the store that says which row a graph shows."""
    return f"{graph_id}-source"


def waveform_source(graph_id: str, source: Any = None) -> dcc.Store:
    """Make the store beside a graph that says which row it shows, in whatever words ``fetch_row`` understands."""
    return dcc.Store(id=source_of(graph_id), data=source)


def register_zoom(app: Dash, graph_id: str, fetch_row: Callable[[Any], Row]) -> None:
    """Draw a waveform anew, in full detail, whenever the user zooms or pans.

    Parameters
    ----------
    app : Dash
        The dashboard.
    graph_id : str
        Of a graph whose first trace is a `waveform_trace`; beside it lies its `waveform_source`.
    fetch_row : callable
        Returns the row that the source names; it comes from the browser, so it may be anything.
    """

    @app.callback(
        Output(graph_id, "figure", allow_duplicate=True),
        Input(graph_id, "relayoutData"),
        State(source_of(graph_id), "data"),
        prevent_initial_call=True,
    )
    def zoom(relayout: dict[str, Any] | None, source: Any) -> object:
        if source is None or not any(key.startswith("xaxis") for key in relayout or {}):
            return no_update
        row = fetch_row(source)
        span = shown_span(relayout or {}, row.end)
        return no_update if span is None else zoomed(row, *span)


def zoomed(row: Row, start: float, stop: float) -> Patch:
    """Return what changes in a figure that shows a span of its waveform."""
    times, values = span_of(row, start, stop)
    patch = Patch()
    patch["data"][0]["x"] = packed(times)
    patch["data"][0]["y"] = packed(values)
    return patch


def packed(array: NDArray[Any]) -> dict[str, str]:
    """Return an array in the form that plotly.js unpacks: a twentieth of the work of a list of numbers."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {"dtype": f"{array.dtype.kind}{array.dtype.itemsize}", "bdata": base64.b64encode(little.tobytes()).decode()}
