"""The front of a search, drawn: pure functions from what was tried to ``go.Figure``."""

from collections.abc import Sequence
from html import escape
from math import log10

import plotly.graph_objects as go

from dashboard.components.theme import Theme, template_of
from optimization.chart_labels import place_labels
from optimization.charts import MARGIN, annotation, shortened, ticks
from optimization.measuring.candidate import on_runtime
from optimization.searching.candidates import SAME_DB, Tried
from optimization.searching.question import Limits

HEIGHT = 340
LEAST_DECADES = 0.6
LEAST_DB = 20.0  #: of the axis of errors
TITLES = {"size": "Size over that in float32", "error": f"Error of the logits (dB, {-SAME_DB:g} or less is none)"}


def front_figure(
    tried: Sequence[Tried], front: Sequence[Tried], ship: Tried, against: str, limits: Limits, theme: Theme
) -> go.Figure:
    """Draw what was measured: latency to the right, size or error upwards, so that lower left is better.

    What nothing beats in the two that are drawn is a line, the one to ship has the colour of action; what was sent off
    is grey. Dashed lines are limits.

    Parameters
    ----------
    tried : sequence of Tried
        All; those count that were measured.
    front : sequence of Tried
        Of these, those that nothing beats.
    ship : Tried
        Of these, the one to ship.
    against : {"size", "error"}
        What is drawn upwards.
    limits : Limits
        That were asked for.
    theme : Theme
        Its colours.
    """
    measured = [one for one in tried if one.ratio is not None and (one.proof or against == "size")]
    others = [one for one in measured if one not in front and one is not ship]
    named = list(dict.fromkeys([one.number for one in front] + [ship.number] * (ship.ratio is not None)))
    marked = [one for one in measured if one.number in named]
    figure = go.Figure(layout={"template": template_of(theme)})
    figure.add_trace(points(others, against, [theme.control] * len(others), 7))
    line = steps_down([one for one in front if one in measured], against)
    figure.add_scatter(
        x=[latency(one) for one in line], y=[height(one, against) for one in line], mode="lines", hoverinfo="skip",
        line={"color": theme.strong, "width": 1, "shape": "hv"},
    )  # fmt: skip
    figure.add_trace(points(marked, against, [theme.accent if one is ship else theme.ink for one in marked], 11))
    if measured:
        axes(figure, measured, against)
        name_points(figure, marked, ship, against, theme)
    draw_limits(figure, against, limits, theme)
    figure.update_layout(margin={"l": 56, "r": 16, "t": 12, "b": 44})
    return figure


def steps_down(front: Sequence[Tried], against: str) -> list[Tried]:
    """Return those of the front that nothing beats in the two that are drawn, the fastest first."""
    line: list[Tried] = []
    for one in sorted(front, key=lambda one: (latency(one), height(one, against))):
        if not line or height(one, against) < height(line[-1], against):
            line.append(one)
    return line


def points(shown: Sequence[Tried], against: str, colours: Sequence[str], size: int) -> go.Scatter:
    """Draw candidates as dots that tell their names on hover."""
    return go.Scatter(
        x=[latency(one) for one in shown],
        y=[height(one, against) for one in shown],
        mode="markers",
        marker={"size": size, "color": list(colours)},
        customdata=[escape(title(one)) for one in shown],
        hovertemplate="%{customdata}: %{x:.3~g} of the latency, %{y:.3~g}<extra></extra>",
        cliponaxis=False,
    )


def axes(figure: go.Figure, measured: Sequence[Tried], against: str) -> None:
    """Give every dot, and a text beside it, room."""
    left, right = exponents(measured)
    low, high = heights(measured, against)
    figure.update_xaxes(
        title={"text": "Latency over that in float32 (log)"}, type="log", range=[left, right],
        tickvals=ticks(left, right), showgrid=False,
    )  # fmt: skip
    figure.update_yaxes(title={"text": TITLES[against]}, range=[low, high], nticks=6)


def exponents(measured: Sequence[Tried]) -> tuple[float, float]:
    """Return the ends of the axis of latencies, as powers of ten."""
    least, most = (log10(pick(1.0, *(latency(one) for one in measured))) for pick in (min, max))
    spare = max(MARGIN * (most - least), (LEAST_DECADES - most + least) / 2)
    return least - spare, most + spare


def heights(measured: Sequence[Tried], against: str) -> tuple[float, float]:
    """Return the ends of the other axis."""
    values = [height(one, against) for one in measured]
    if against == "size":
        return 0.0, 1.12 * max(1.0, *values)
    spare = max(MARGIN * (max(values) - min(values)), (LEAST_DB - max(values) + min(values)) / 2)
    return min(values) - spare, max(values) + spare


def name_points(figure: go.Figure, marked: Sequence[Tried], ship: Tried, against: str, theme: Theme) -> None:
    """Write the names of the front where there is room."""
    low, high = figure.layout.yaxis.range
    left, right = figure.layout.xaxis.range
    texts = [shortened(title(one)) for one in marked]
    at = [
        ((log10(latency(one)) - left) / (right - left), (high - height(one, against)) / (high - low)) for one in marked
    ]
    for one, text, place in zip(marked, texts, place_labels(at, texts), strict=True):
        colour = theme.accent if one is ship else theme.text
        where = log10(latency(one)), height(one, against)
        figure.add_annotation(annotation(*where, text, place, colour, theme.strong))


def draw_limits(figure: go.Figure, against: str, limits: Limits, theme: Theme) -> None:
    """Draw what was asked for as dashed lines, and float32 as a hairline."""
    figure.add_shape(
        type="line", x0=1, x1=1, y0=0, y1=1, yref="paper", line={"color": theme.line, "width": 1}, layer="below"
    )
    dashed = {"color": theme.control, "width": 1, "dash": "dash"}
    if limits.latency_ratio is not None:
        figure.add_shape(
            type="line", x0=limits.latency_ratio, x1=limits.latency_ratio, y0=0, y1=1, yref="paper", line=dashed
        )
    if against == "size" and limits.size_ratio is not None:
        figure.add_shape(type="line", y0=limits.size_ratio, y1=limits.size_ratio, x0=0, x1=1, xref="paper", line=dashed)


def title(one: Tried) -> str:
    """Name a candidate, and what executed it unless that was the usual runtime."""
    return on_runtime(one.name, one.runtime)


def latency(one: Tried) -> float:
    """Return the ratio of a candidate that was measured."""
    assert one.ratio is not None
    return one.ratio.median


def height(one: Tried, against: str) -> float:
    """Return what is drawn upwards."""
    return one.size_ratio if against == "size" else one.error_db
