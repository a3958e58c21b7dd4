"""The waveform with what each variant says of its windows, on one time axis."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from dashboard.components.theme import Theme, template_of
from dashboard.components.waveform import Row, waveform_trace
from dashboard.components.words import channel_title, counted, figure_text
from dashboard.pages.diagnose.runs import Difference, Run
from engine.diagnosis import CLASS_TITLES, Diagnosis

#: Height of the figure in px with one strip of classes, and what a second one adds.
HEIGHT, SECOND_STRIP = 300, 48
#: Shares of the height: what the strips of classes take, and where the waveform begins above them, and above their
#: labels; with one strip and with two.
STRIP_TOP, BOTTOM, BOTTOM_ABOVE_LABELS = (0.18, 0.3), (0.25, 0.36), (0.36, 0.45)
#: Heights of a strip and of a mark where two strips differ, in distances from one strip to the next.
STRIP_OF_TWO, MARK = 0.8, 0.2
#: A run without fault that is narrower than this share of the recording has no room for its words.
NARROWEST_NORMAL = 0.55
#: Share of the recording that the label of an uncertain run takes.
UNCERTAIN_LABEL = 0.31


@dataclass(frozen=True, slots=True)
class Strip:
    """What one variant says of the windows; ``name`` stands at the left of its strip where there are two."""

    name: str
    runs: Sequence[Run]


def waveform_figure(
    row: Row, strips: Sequence[Strip], diagnosis: Diagnosis, theme: Theme, *, differing: Sequence[Difference] = ()
) -> go.Figure:
    """Draw the waveform, and below it on the same time axis a strip of the classes for each of one or two variants.

    Parameters
    ----------
    row : Row
        The samples.
    strips : sequence of Strip
        One, or two of the same classes, from the top.
    diagnosis : Diagnosis
        The first one's; names the channel and the classes.
    theme : Theme
        Its colours.
    differing : sequence of Difference
        Where the two differ; marked between the strips.
    """
    # A run without room for its word has none until one zooms in.
    uniform = {"mode": "hide", "minsize": 10}
    layout = {"template": template_of(theme), "barmode": "overlay", "bargap": 0, "uniformtext": uniform}
    figure = go.Figure(waveform_trace(row, theme), layout=layout)
    places = range(len(strips) - 1, -1, -1)
    for place, strip in zip(places, strips, strict=True):
        draw_strip(figure, strip, place, diagnosis.classes, theme, height=1 if len(strips) == 1 else STRIP_OF_TWO)
    if differing:
        figure.add_trace(difference_trace(differing, [strip.name for strip in strips], theme))
    top = places[0] + (0.5 if len(strips) == 1 else STRIP_OF_TWO / 2)
    figure.add_trace(uncertain_labels(strips[0].runs, diagnosis.classes, row.end, theme, height=top))
    channel, unit = diagnosis.recording["channel"], diagnosis.recording["unit"]
    labelled = any(run.uncertain for run in strips[0].runs)
    bottom = (BOTTOM_ABOVE_LABELS if labelled else BOTTOM)[len(strips) - 1]
    # The range is said, not left to plotly, because a reset of the zoom then names it.
    figure.update_xaxes(title={"text": "Time (s)"}, range=[0.0, row.end], anchor="y2")
    figure.update_layout(
        yaxis={
            "domain": [bottom, 1], "title": {"text": channel_title(channel, unit)}, "fixedrange": True,
            "nticks": 5, "showgrid": False,
        },
        yaxis2={
            "domain": [0, STRIP_TOP[len(strips) - 1]], "visible": len(strips) > 1, "showgrid": False,
            "fixedrange": True, "range": [-0.5, places[0] + 0.5], "tickvals": list(places),
            "ticktext": [figure_text(strip.name) for strip in strips], "tickfont": {"color": theme.text},
            "ticks": "outside", "ticklen": 6, "tickcolor": "rgba(0,0,0,0)",  # unseen: they keep names off the strips
        },
    )  # fmt: skip
    return figure


def draw_strip(
    figure: go.Figure, strip: Strip, place: int, classes: Sequence[str], theme: Theme, *, height: float
) -> None:
    """Add a strip to the figure, its middle at ``place`` of the second axis."""
    for uncertain in (False, True):
        for key in classes:
            of_class = [run for run in strip.runs if run.label == key and run.uncertain is uncertain]
            if of_class:
                figure.add_trace(strip_trace(of_class, place, classes, theme, height=height))
    end = max((run.end_s for run in strip.runs), default=0.0)
    for run in strip.runs:
        if run.label == "normal" and not run.uncertain and run.end_s - run.start_s > NARROWEST_NORMAL * end:
            # On the grey itself no text reaches the contrast that small letters need.
            figure.add_annotation(
                text=CLASS_TITLES["normal"], x=(run.start_s + run.end_s) / 2, y=place, yref="y2", showarrow=False,
                font={"color": theme.text}, bgcolor=theme.surface, borderpad=2,
            )  # fmt: skip


def strip_trace(runs: Sequence[Run], place: int, classes: Sequence[str], theme: Theme, *, height: float) -> go.Bar:
    """Draw runs of one class, all of them sure, or all of them uncertain and therefore hatched."""
    first = runs[0]
    colour = theme.of_class(first.label)
    hatch = {"shape": "/", "size": 5, "solidity": 0.35, "bgcolor": theme.surface, "fgcolor": theme.muted}
    word = "" if first.uncertain or first.label == "normal" else CLASS_TITLES[first.label]
    return go.Bar(
        orientation="h",
        base=[run.start_s for run in runs],
        x=[run.end_s - run.start_s for run in runs],
        y=[place] * len(runs),
        width=height,
        yaxis="y2",
        marker={"color": colour, "line": {"width": 0}, **({"pattern": hatch} if first.uncertain else {})},
        text=[word] * len(runs),
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": theme.on_class},
        hovertext=[hover_text(run, classes) for run in runs],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def difference_trace(differing: Sequence[Difference], names: Sequence[str], theme: Theme) -> go.Bar:
    """Mark between two strips where they differ."""
    return go.Bar(
        orientation="h",
        base=[place.start_s for place in differing],
        x=[place.end_s - place.start_s for place in differing],
        y=[0.5] * len(differing),
        width=MARK,
        yaxis="y2",
        marker={"color": theme.text, "line": {"width": 0}},
        hovertext=[difference_text(place, names) for place in differing],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def difference_text(place: Difference, names: Sequence[str]) -> str:
    """Say where two variants differ, and in what."""
    first, second = (figure_text(name) for name in names)
    windows = counted(place.windows, "window")
    return f"{place.start_s:.2f} to {place.end_s:.2f} s, {windows}: {first} {place.label}, {second} {place.other}"


def hover_text(run: Run, classes: Sequence[str]) -> str:
    """Say what a run is: its span, its windows, and the two likeliest classes."""
    windows = "1 window" if run.windows == 1 else f"{run.windows} windows, on average"
    doubt = "uncertain, " if run.uncertain else ""
    return f"{run.start_s:.2f} to {run.end_s:.2f} s, {windows}: {doubt}{two_likeliest(run, classes)}"


def two_likeliest(run: Run, classes: Sequence[str]) -> str:
    """Return the two most probable classes with their probabilities: ``inner 0.54, ball 0.41``."""
    first, second = np.argsort(run.probabilities)[::-1][:2]
    return ", ".join(f"{classes[number]} {run.probabilities[number]:.2f}" for number in (first, second))


def uncertain_labels(
    runs: Sequence[Run], classes: Sequence[str], duration_s: float, theme: Theme, *, height: float
) -> go.Scatter:
    """Write above each uncertain run what it wavers between, but not where the label would meet the one before.

    They are points of a trace at ``height`` of the second axis, for the style sheet hides those on a narrow screen.
    """
    width = UNCERTAIN_LABEL * duration_s
    free_from, labelled = 0.0, []
    for run in runs:
        middle = (run.start_s + run.end_s) / 2
        position, begin = "top center", middle - width / 2
        if begin < 0:
            position, begin = "top right", middle
        elif begin + width > duration_s:
            position, begin = "top left", middle - width
        if run.uncertain and begin >= free_from:
            labelled.append((middle, position, f"uncertain: {two_likeliest(run, classes)}"))
            free_from = begin + width
    return go.Scatter(
        x=[middle for middle, _, _ in labelled],
        y=[height] * len(labelled),
        yaxis="y2",
        mode="text",
        text=[text for _, _, text in labelled],
        textposition=[position for _, position, _ in labelled],
        textfont={"color": theme.muted},
        hoverinfo="skip",
        cliponaxis=False,
    )
