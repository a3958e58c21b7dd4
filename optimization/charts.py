"""Figures of a benchmark: pure functions from rows to ``go.Figure``, for pages and reports alike."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from typing import Protocol

import plotly.graph_objects as go

from optimization.chart_labels import LETTER, Place, place_labels
from optimization.measuring.measurement import Row

#: What a figure leaves free on both sides of a logarithmic axis, as a share of its length.
MARGIN = 0.12
LEAST_DECADES = 0.7  #: of a logarithmic axis, so that it has at least two ticks
BAR_WIDTH = 0.62
MOST_LETTERS = 24  #: of a name along the bars
LEAST_BARS_PX = 240  #: of the width in which bars and the texts at their ends are drawn


class Sized(Protocol):
    """What has a weight file."""

    @property
    def size_bytes(self) -> int: ...  # noqa: D102


class Colours(Protocol):
    """The colours that figures are drawn in, as CSS takes them; the theme of a page has them all."""

    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def strong(self) -> str: ...  # noqa: D102
    @property
    def ink(self) -> str: ...  # noqa: D102
    @property
    def accent(self) -> str: ...  # noqa: D102
    @property
    def bad(self) -> str: ...  # noqa: D102


def latency_against_size(
    rows: Sequence[Row], colours: Colours, template: go.layout.Template, *, ship: Row | None = None
) -> go.Figure:
    """Draw the median latency of each variant over its size; what is low and left is small and fast.

    The baseline is a square, a degraded variant open, and the one to ship in the colour of action.

    Parameters
    ----------
    rows : sequence of Row
        Of one batch size and number of threads; at least one.
    colours : Colours
        Of the page's theme or the report's.
    template : plotly template
        Axes, fonts and ground.
    ship : Row or None
        `optimization.measuring.recommendation.recommended`.
    """
    factor, unit = size_unit(rows)
    sizes = [row.size_bytes / factor for row in rows]
    right = max(sizes) * 1.12
    lowest, highest = (log10(pick(row.p50_ms for row in rows)) for pick in (min, max))
    spare = max(MARGIN * (highest - lowest), (LEAST_DECADES - highest + lowest) / 2)
    bottom, top = lowest - spare, highest + spare
    figure = go.Figure(
        go.Scatter(
            x=sizes,
            y=[row.p50_ms for row in rows],
            mode="markers",
            marker={
                "size": 11,
                "symbol": [symbol_of(row) for row in rows],
                "color": [colour_of(row, colours, ship) for row in rows],
                "line": {"width": 2, "color": [colour_of(row, colours, ship) for row in rows]},
            },
            customdata=[escape(row.label) for row in rows],
            hovertemplate=f"%{{customdata}}: %{{x:.3~g}} {unit}, %{{y:.3~g}} ms<extra></extra>",
            cliponaxis=False,
        ),
        layout={"template": template},
    )
    figure.update_xaxes(title={"text": f"Size ({unit})"}, range=[0, right], showgrid=False)
    figure.update_yaxes(
        title={"text": "p50 latency (ms, log)"}, type="log", range=[bottom, top], tickvals=ticks(bottom, top)
    )
    texts = [label_of(row) for row in rows]
    points = [(size / right, (top - log10(row.p50_ms)) / (top - bottom)) for size, row in zip(sizes, rows, strict=True)]
    for row, size, text, place in zip(rows, sizes, texts, place_labels(points, texts), strict=True):
        colour = colours.text if row != ship and not is_degraded(row) else colour_of(row, colours, ship)
        figure.add_annotation(annotation(size, log10(row.p50_ms), text, place, colour, colours.strong))
    return figure


def latency_bars(
    rows: Sequence[Row], colours: Colours, template: go.layout.Template, *, ship: Row | None = None
) -> go.Figure:
    """Draw p50 and p90 of each variant's calls as bars, one behind the other; see `latency_against_size`."""
    texts = [f"{rounded(row.p50_ms)} / {rounded(row.p90_ms)}" for row in rows]
    figure = bars([row.p90_ms for row in rows], texts, [colours.strong] * len(rows), colours, template)
    figure.data[0].update(hovertemplate="p90 %{x:.3~g} ms<extra></extra>")
    figure.add_bar(
        x=[row.p50_ms for row in rows],
        y=list(range(len(rows))),
        orientation="h",
        width=BAR_WIDTH,
        marker={"color": [colour_of(row, colours, ship) for row in rows]},
        hovertemplate="p50 %{x:.3~g} ms<extra></extra>",
    )
    name_bars(figure, rows)
    return figure.update_xaxes(title={"text": "p50 / p90 of a call (ms)"})


def size_bars(
    rows: Sequence[Row], colours: Colours, template: go.layout.Template, *, ship: Row | None = None
) -> go.Figure:
    """Draw the size of each variant's weight file as a bar; see `latency_against_size`."""
    factor, unit = size_unit(rows)
    sizes = [row.size_bytes / factor for row in rows]
    fills = [colour_of(row, colours, ship) for row in rows]
    figure = bars(sizes, [rounded(size) for size in sizes], fills, colours, template)
    figure.data[0].update(hovertemplate=f"%{{x:.3~g}} {unit}<extra></extra>")
    name_bars(figure, rows)
    return figure.update_xaxes(title={"text": f"Size ({unit})"})


def bars(
    values: Sequence[float], texts: Sequence[str], fills: Sequence[str], colours: Colours, template: go.layout.Template
) -> go.Figure:
    """Draw horizontal bars from the top, each with a text at its end."""
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=list(range(len(values))),
            orientation="h",
            width=BAR_WIDTH,
            marker={"color": list(fills)},
            text=list(texts),
            textposition="outside",
            textfont={"color": colours.text, "size": 12},
            cliponaxis=False,
        ),
        layout={"template": template, "barmode": "overlay", "bargap": 0},
    )
    text_px = LETTER * max(map(len, texts))  # room for it beside the longest bar
    return figure.update_xaxes(range=[0, max(values) / (1 - text_px / LEAST_BARS_PX)], nticks=6)


def name_bars(figure: go.Figure, rows: Sequence[Row]) -> None:
    """Write the variants' names along the bars; by number, because two names may be one as plotly shows them."""
    label_bars(figure, [row.label for row in rows])


def label_bars(figure: go.Figure, names: Sequence[str]) -> None:
    """Write names along bars that stand at 0, 1, 2 from the top; a long one is cut, so that the bars have room."""
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[escape(shortened(name)) for name in names],
        ticks="outside",  # unseen, but they keep the names off their bars
        ticklen=6,
        tickcolor="rgba(0,0,0,0)",
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
        fixedrange=True,
    )


def shortened(name: str) -> str:
    """Return a name of at most `MOST_LETTERS` letters, cut where it is longer: ``a-variant-of-a-rather-l…``."""
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"


def annotation(x: float, y: float, text: str, place: Place, colour: str, leader: str) -> dict[str, object]:
    """Return a label as plotly takes it, with a line to its point where it stands further away."""
    said = {"x": x, "y": y, "text": escape(text), "font": {"size": 12, "color": colour}}
    # Plotly anchors a text by the side that faces its point.
    anchor = {"right": "left", "left": "right", "center": "center"}[place.side]
    if place.far:
        lead = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": leader, "standoff": 6}
        return {**said, "showarrow": True, "ax": place.dx, "ay": place.dy, "xanchor": anchor, **lead}
    return {**said, "showarrow": False, "xshift": place.dx, "yshift": -place.dy, "xanchor": anchor, "yanchor": "middle"}


def symbol_of(row: Row) -> str:
    """Return the mark of a variant."""
    shape = "square" if row.verdict == "baseline" else "circle"
    return f"{shape}-open" if is_degraded(row) else shape


def colour_of(row: Row, colours: Colours, ship: Row | None) -> str:
    """Return the colour of a variant: of action for the one to ship, of failure for a degraded one."""
    if row == ship:
        return colours.accent
    return colours.bad if is_degraded(row) else colours.ink


def label_of(row: Row) -> str:
    """Return the label of a variant's point."""
    return f"{row.label}, degraded" if is_degraded(row) else row.label


def is_degraded(row: Row) -> bool:
    """Whether a variant was shown to give other verdicts than its parent."""
    return row.proof.get("verdict") == "degraded"


def size_unit(rows: Sequence[Sized]) -> tuple[float, str]:
    """Return the bytes and the name of the unit that suits the largest variant."""
    return unit_for(max(row.size_bytes for row in rows))


def unit_for(largest_bytes: float) -> tuple[float, str]:
    """Return the bytes and the name of the unit in which files of up to so many bytes are told."""
    return (1e6, "MB") if largest_bytes >= 1e6 else (1e3, "kB")


def rounded(value: float) -> str:
    """Write a number with three digits, and never as a power of ten: ``0.0418``, ``12.3``, ``1234``."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def ticks(bottom: float, top: float) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten between two exponents, thinned to at most seven."""
    for steps in ((1, 2, 5), (1,)):
        values = [step * 10.0**power for power in range(floor(bottom), ceil(top) + 1) for step in steps]
        shown = [value for value in values if bottom <= log10(value) <= top]
        if len(shown) <= 7:
            break
    return shown
