"""The waveform with what the network says of each of its windows, on one time axis."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.components.theme import Theme, template_of
from dashboard.components.waveform import Row, waveform_trace
from dashboard.components.words import channel_title
from engine.card import ModelCard
from engine.diagnosis import CLASS_TITLES, Diagnosis

#: Shares of the height: what the strip of classes takes, and where the waveform begins above it and above its labels.
STRIP_TOP, BOTTOM, BOTTOM_ABOVE_LABELS = 0.18, 0.25, 0.36
#: A run without fault that is narrower than this share of the recording has no room for its words.
NARROWEST_NORMAL = 0.55
#: Share of the recording that the label of an uncertain run takes.
UNCERTAIN_LABEL = 0.31


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Windows in a row whose most probable class is the same, all of them sure or all of them uncertain.

    Attributes
    ----------
    start_s, end_s : float
        What it covers of the recording: each window up to the beginning of the next, the last one whole.
    label : str
        The class.
    uncertain : bool
        Whether no class reaches the card's threshold.
    windows : int
        How many.
    probabilities : ndarray of float64, shape (K,)
        Their mean, one a class.
    """

    start_s: float
    end_s: float
    label: str
    uncertain: bool
    windows: int
    probabilities: NDArray[np.float64]


def runs_of(diagnosis: Diagnosis, card: ModelCard) -> list[Run]:
    """Return the windows of a diagnosis as runs, in their order; windows that were not judged leave gaps."""
    count = len(diagnosis.start_s)
    if not count:
        return []
    hop_s = card.hop / card.sampling_rate_hz
    best = diagnosis.probabilities.argmax(axis=1)
    uncertain = uncertain_windows(diagnosis, card)
    gap = np.diff(diagnosis.start_s) > 1.5 * hop_s
    changes = np.flatnonzero((np.diff(best) != 0) | (np.diff(uncertain.astype(int)) != 0) | gap) + 1
    edges = [0, *changes.tolist(), count]
    runs = [
        Run(
            start_s=float(diagnosis.start_s[first]),
            end_s=float(diagnosis.start_s[last - 1]) + hop_s,
            label=diagnosis.classes[best[first]],
            uncertain=bool(uncertain[first]),
            windows=last - first,
            probabilities=diagnosis.probabilities[first:last].mean(axis=0),
        )
        for first, last in pairwise(edges)
    ]
    runs[-1] = replace(runs[-1], end_s=float(diagnosis.start_s[-1]) + card.window_s)
    return runs


def uncertain_windows(diagnosis: Diagnosis, card: ModelCard) -> NDArray[np.bool_]:
    """Return for each window, shape (W,), whether no class reaches the card's threshold."""
    return np.asarray(diagnosis.probabilities.max(axis=1, initial=0.0) < card.threshold)


def waveform_figure(row: Row, runs: Sequence[Run], diagnosis: Diagnosis, theme: Theme) -> go.Figure:
    """Draw the waveform, and below it on the same time axis a strip of the classes.

    Parameters
    ----------
    row : Row
        The samples.
    runs : sequence of Run
        As `runs_of` found them.
    diagnosis : Diagnosis
        Names the channel and the classes.
    theme : Theme
        Its colours.
    """
    # A run without room for its word has none until one zooms in.
    uniform = {"mode": "hide", "minsize": 10}
    layout = {"template": template_of(theme), "barmode": "overlay", "bargap": 0, "uniformtext": uniform}
    figure = go.Figure(waveform_trace(row, theme), layout=layout)
    classes = diagnosis.classes
    for uncertain in (False, True):
        for key in classes:
            of_class = [run for run in runs if run.label == key and run.uncertain is uncertain]
            if of_class:
                figure.add_trace(strip_trace(of_class, classes, theme))
    figure.add_trace(uncertain_labels(runs, classes, row.end, theme))
    for run in runs:
        if run.label == "normal" and not run.uncertain and run.end_s - run.start_s > NARROWEST_NORMAL * row.end:
            # On the grey itself no text reaches the contrast that small letters need.
            figure.add_annotation(
                text=CLASS_TITLES["normal"], x=(run.start_s + run.end_s) / 2, y=0, yref="y2", showarrow=False,
                font={"color": theme.text}, bgcolor=theme.surface, borderpad=3,
            )  # fmt: skip
    bottom = BOTTOM_ABOVE_LABELS if any(run.uncertain for run in runs) else BOTTOM
    channel, unit = diagnosis.recording["channel"], diagnosis.recording["unit"]
    # The range is said, not left to plotly, because a reset of the zoom then names it.
    figure.update_xaxes(title={"text": "Time (s)"}, range=[0.0, row.end], anchor="y2")
    figure.update_layout(
        yaxis={
            "domain": [bottom, 1], "title": {"text": channel_title(channel, unit)}, "fixedrange": True,
            "nticks": 5, "showgrid": False,
        },
        yaxis2={"domain": [0, STRIP_TOP], "visible": False, "fixedrange": True, "range": [-0.5, 0.5]},
    )  # fmt: skip
    return figure


def strip_trace(runs: Sequence[Run], classes: Sequence[str], theme: Theme) -> go.Bar:
    """Draw runs of one class, all of them sure, or all of them uncertain and therefore hatched."""
    first = runs[0]
    colour = theme.of_class(first.label)
    hatch = {"shape": "/", "size": 5, "solidity": 0.35, "bgcolor": theme.surface, "fgcolor": theme.muted}
    word = "" if first.uncertain or first.label == "normal" else CLASS_TITLES[first.label]
    return go.Bar(
        orientation="h",
        base=[run.start_s for run in runs],
        x=[run.end_s - run.start_s for run in runs],
        y=[0] * len(runs),
        width=1,
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


def hover_text(run: Run, classes: Sequence[str]) -> str:
    """Say what a run is: its span, its windows, and the two likeliest classes."""
    windows = "1 window" if run.windows == 1 else f"{run.windows} windows, on average"
    doubt = "uncertain, " if run.uncertain else ""
    return f"{run.start_s:.2f} to {run.end_s:.2f} s, {windows}: {doubt}{two_likeliest(run, classes)}"


def two_likeliest(run: Run, classes: Sequence[str]) -> str:
    """Return the two most probable classes with their probabilities: ``inner 0.54, ball 0.41``."""
    first, second = np.argsort(run.probabilities)[::-1][:2]
    return ", ".join(f"{classes[number]} {run.probabilities[number]:.2f}" for number in (first, second))


def uncertain_labels(runs: Sequence[Run], classes: Sequence[str], duration_s: float, theme: Theme) -> go.Scatter:
    """Write above each uncertain run what it wavers between, but not where the label would meet the one before.

    They are points of a trace, for the style sheet hides those on a narrow screen.
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
        y=[0.5] * len(labelled),
        yaxis="y2",
        mode="text",
        text=[text for _, _, text in labelled],
        textposition=[position for _, position, _ in labelled],
        textfont={"color": theme.muted},
        hoverinfo="skip",
        cliponaxis=False,
    )


def uncertain_spans(runs: Sequence[Run], duration_s: float) -> list[tuple[float, float]]:
    """Return what to show of the recording for each uncertain run: it in the middle third."""
    spans = []
    for run in runs:
        if run.uncertain:
            margin = run.end_s - run.start_s
            spans.append((max(run.start_s - margin, 0.0), min(run.end_s + margin, duration_s)))
    return spans
