"""Figures of spectra: pure functions from what `engine.dsp` found to ``go.Figure``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, permutations, product
from typing import Literal, get_args

import numpy as np
import plotly.graph_objects as go

from dashboard.components.theme import Theme, template_of
from dashboard.components.words import counted
from engine.dsp.downsample import minmax
from engine.dsp.envelope import EnvelopeSpectrum
from engine.dsp.evidence import FaultLine, above_floor_db
from engine.dsp.spectrum import Spectrum

Anchor = Literal["left", "center", "right"]

#: Class whose colour a fault frequency has; the cage, which no network here answers, stays muted.
CLASS_OF_LINE = {"BPFI": "inner", "BPFO": "outer", "2xBSF": "ball"}
POINTS = 6000  #: of a spectrum, as a browser draws them quickly
HARMONICS_SHOWN = 3.15  #: of the highest fault frequency
ORDERS_SHOWN, HZ_SHOWN = 20.0, 600.0  #: without fault lines, with and without a speed
LEAST_TOP_DB = 18.0
#: A plot's size in px, by which labels are placed so that they don't meet, and what they take. On a screen so narrow
#: that harmonics would meet the style sheet hides theirs; the fault frequencies' own labels stay.
WIDE, NARROW, HEIGHT, MARGIN, LETTER, LABEL_HEIGHT = 560, 270, 210, 50, 7.0, 17


def spectrum_figure(spectrum: Spectrum, theme: Theme, *, band_hz: tuple[float, float] | None = None) -> go.Figure:
    """Draw the power spectral density of the first channel in dB; ``band_hz`` is shaded as the demodulated band."""
    density = spectrum.values[0, 1:]
    density_db = 10 * np.log10(np.maximum(density, density.max() * 1e-12))
    frequency = spectrum.frequency_hz[1:]
    scale, unit = (1e3, "kHz") if frequency[-1] >= 2e3 else (1.0, "Hz")
    kept = minmax(density_db.astype(np.float32), POINTS)
    lowest, highest = float(density_db.min()), float(density_db.max())
    figure = go.Figure(
        go.Scatter(
            x=(frequency[kept] / scale).astype(np.float32),
            y=density_db[kept].astype(np.float32),
            line={"color": theme.ink, "width": 1},
            hovertemplate=f"%{{x:.3~f}} {unit}, %{{y:.1f}} dB<extra></extra>",
        ),
        layout={"template": template_of(theme)},
    )
    headroom = 0.14 * (highest - lowest)
    figure.update_xaxes(title={"text": f"Frequency ({unit})"}, range=[0, float(frequency[-1]) / scale], showgrid=False)
    figure.update_yaxes(
        title={"text": f"Density (dB re 1 {spectrum.unit})"}, range=[lowest - headroom / 3, highest + headroom]
    )
    if band_hz is not None:
        lower, upper = (edge / scale for edge in band_hz)
        figure.add_vrect(x0=lower, x1=upper, fillcolor=theme.accent_soft, line_width=0, layer="below")
        share = (lower + upper) / 2 / (float(frequency[-1]) / scale)
        # Near the ends of the axis the words would reach over them.
        anchor = "left" if share < 0.25 else "right" if share > 0.75 else "center"
        place = {"left": lower, "center": (lower + upper) / 2, "right": upper}[anchor]
        figure.add_annotation(
            text="demodulated band", x=place, xanchor=anchor, y=1, yref="paper", yanchor="top", showarrow=False
        )
    return figure


def envelope_figure(
    envelope: EnvelopeSpectrum, lines: Sequence[FaultLine], shaft_speed_hz: float | None, theme: Theme
) -> go.Figure:
    """Draw the envelope spectrum of the first channel above its floor, with a bearing's fault lines.

    A line that was found has a ring on its peak, and so have its harmonics; one without a ring is seen to be absent.

    Parameters
    ----------
    envelope : EnvelopeSpectrum
        Of the recording.
    lines : sequence of FaultLine
        As `engine.dsp.evidence.fault_lines` found them; empty where speed or bearing are unknown.
    shaft_speed_hz : float or None
        Makes the axis one of orders; in Hz without it.
    theme : Theme
        Its colours.
    """
    unit_hz = shaft_speed_hz or 1.0
    place = envelope.frequency_hz / unit_hz
    end = min(span_of(lines, shaft_speed_hz), float(place[-1]))
    shown = place <= end
    place, level_db = place[shown], above_floor_db(envelope)[0][shown]
    kept = minmax(level_db.astype(np.float32), POINTS)
    unit = "orders" if shaft_speed_hz else "Hz"
    figure = go.Figure(
        go.Scatter(
            x=place[kept].astype(np.float32),
            y=level_db[kept].astype(np.float32),
            line={"color": theme.ink, "width": 1},
            hovertemplate=f"%{{x:.2f}} {unit}, %{{y:.1f}} dB<extra></extra>",
        ),
        layout={"template": template_of(theme)},
    )
    marks = place_labels(marks_of(lines, end), end)
    rows = 1 + max((mark.row for mark in marks), default=-1)
    highest = max(float(level_db.max()), LEAST_TOP_DB) + 1
    top = highest / (1 - rows * LABEL_HEIGHT / HEIGHT)
    title = "Order (multiples of shaft speed)" if shaft_speed_hz else "Frequency (Hz)"
    figure.update_xaxes(title={"text": title}, range=[0, end], showgrid=False)
    ticks = list(range(0, int(highest) + 1, 10))
    figure.update_yaxes(title={"text": "Above floor (dB)"}, range=[0, top], tickvals=ticks, fixedrange=True)
    draw_lines(figure, marks, top, theme)
    draw_labels(figure, marks, top, theme)
    return figure


def spectrum_note(spectrum: Spectrum) -> str:
    """Say how a spectrum was made and what it can tell apart."""
    return f"Welch, {spectrum.resolution_hz:.3g} Hz bins"


def envelope_note(envelope: EnvelopeSpectrum) -> str:
    """Say how an envelope spectrum was made and what it can tell apart."""
    lower, upper = (f"{edge / 1e3:.2g}" for edge in envelope.band_hz)
    made = "prewhitened, " if envelope.prewhitened else ""
    if envelope.revolutions is None or envelope.resolution_orders is None:
        span, resolution = f"{envelope.seconds:.3g} s", f"{envelope.resolution_hz:.2g} Hz"
    else:
        span = counted(round(envelope.revolutions), "revolution")
        resolution = f"{envelope.resolution_orders:.2g} orders"
    return f"{made}demodulated {lower} to {upper} kHz, {span}, resolution {resolution}"


def line_title(name: str, harmonic: int = 1) -> str:
    """Return how people write a fault frequency: ``2×BSF``, and its second harmonic ``4×BSF``."""
    factor, base = (2, "BSF") if name == "2xBSF" else (1, name)
    times = factor * harmonic
    return base if times == 1 else f"{times}×{base}"


def line_colour(name: str, theme: Theme) -> str:
    """Return the colour of the class that a fault frequency speaks for."""
    return theme.of_class(CLASS_OF_LINE[name]) if name in CLASS_OF_LINE else theme.muted


def is_found(line: FaultLine) -> bool:
    """Whether a line stands higher than noise alone reaches."""
    return line.level_db > line.chance_db


@dataclass(frozen=True, slots=True)
class Mark:
    """A fault line in the figure: found with a ring, or absent.

    Its label stands in a row counted from the top; ``anchor`` is the end of the label that the line stands at.
    """

    line: FaultLine
    found: bool
    label: str
    row: int = 0
    anchor: Anchor = "center"

    @property
    def order(self) -> float:
        """Where it stands."""
        return self.line.found_order if self.found else self.line.expected_order

    @property
    def is_first(self) -> bool:
        """Whether it is a fault frequency itself, no harmonic."""
        return self.line.harmonic == 1

    @property
    def title(self) -> str:
        """What the field calls it."""
        return line_title(self.line.name, self.line.harmonic)


def marks_of(lines: Sequence[FaultLine], end: float) -> list[Mark]:
    """Return the marks up to an order, from left to right: each fault frequency, and what harmonics were found of it.

    Harmonics of a frequency that itself was not found are left out: in many bearings those of two fall together.
    """
    marks = []
    for name, group in groupby(lines, key=lambda line: line.name):
        first, *others = group
        place = f"{line_title(name)} {first.expected_order:.2f}"
        marks.append(Mark(first, is_found(first), f"{place}: {first.level_db:.0f} dB" if is_found(first) else place))
        if is_found(first):
            harmonics = [line for line in others if is_found(line)]
            marks += [Mark(line, True, line_title(name, line.harmonic)) for line in harmonics]
    return sorted((mark for mark in marks if mark.order <= end), key=lambda mark: mark.order)


def place_labels(marks: Sequence[Mark], end: float) -> list[Mark]:
    """Give each mark a row and side on which its label meets no other label and no line.

    The strongest fault frequency comes first and is on top, then the others outward from it; where their labels would
    meet even in a wide plot, they take another order. Harmonics come last, from left to right.
    """
    firsts = [mark for mark in marks if mark.is_first]
    if not firsts:
        return []
    middle = max(firsts, key=lambda mark: (mark.found, mark.line.level_db)).order
    outward = sorted(firsts, key=lambda mark: abs(mark.order - middle))
    turns = product(permutations(outward), (NARROW, WIDE))
    tries = (place_in_turn(turn, middle, end, narrowest) for turn, narrowest in turns)
    placed = next((placed for placed in tries if len(placed) == len(firsts)), [])
    harmonics = sorted((mark for mark in marks if not mark.is_first), key=lambda mark: mark.order)
    for mark in [*outward[len(placed) :], *harmonics]:
        below = replace(mark, row=max((one.row + 1 for one in placed), default=0), anchor="left")
        placed.append(first_fit(mark, placed, len(marks), middle, end, WIDE) or below)
    return placed


def place_in_turn(marks: Sequence[Mark], middle: float, end: float, narrowest: int) -> list[Mark]:
    """Place marks in the order given, up to the first that finds no place."""
    placed: list[Mark] = []
    for mark in marks:
        fitting = first_fit(mark, placed, len(marks), middle, end, narrowest)
        if fitting is None:
            break
        placed.append(fitting)
    return placed


def first_fit(mark: Mark, placed: Sequence[Mark], rows: int, middle: float, end: float, narrowest: int) -> Mark | None:
    """Return a mark in the topmost of so many rows in which it fits, if possible centred, else away from the middle."""
    away: Anchor = "left" if mark.order > middle else "right"
    anchors = sorted(get_args(Anchor), key=lambda anchor: (anchor != "center", anchor != away))
    candidates = (replace(mark, row=row, anchor=anchor) for row, anchor in product(range(rows), anchors))
    return next((one for one in candidates if fits(one, placed, end, narrowest)), None)


def is_clipped(mark: Mark, end: float) -> bool:
    """Whether a mark's label reaches over the left edge of the figure on a narrow screen."""
    return extent(mark, NARROW, end)[0] < -MARGIN * end / NARROW


def fits(mark: Mark, placed: Sequence[Mark], end: float, narrowest: int) -> bool:
    """Whether a mark's label stays inside the figure and meets nothing that was placed, and its line no label below.

    ``narrowest`` is the width in px of the narrowest plot in which that holds between fault frequencies.
    """
    if is_clipped(mark, end):
        return False
    for other in placed:
        width = narrowest if mark.is_first and other.is_first else WIDE
        (left, right), (other_left, other_right) = extent(mark, width, end), extent(other, width, end)
        if mark.row == other.row and left < other_right and other_left < right:
            return False
        if (other.row < mark.row and left < other.order < right) or (
            mark.row < other.row and other_left < mark.order < other_right
        ):
            return False
    return True


def extent(mark: Mark, width: int, end: float) -> tuple[float, float]:
    """Return from where to where a mark's label reaches, in a plot so many px wide."""
    letter = LETTER * end / width
    long = (len(mark.label) + 1) * letter
    begin = {"left": -letter / 2, "center": -long / 2, "right": letter / 2 - long}[mark.anchor]
    return mark.order + begin, mark.order + begin + long


def span_of(lines: Sequence[FaultLine], shaft_speed_hz: float | None) -> float:
    """Return how far the axis reaches: to the third harmonic of the highest fault frequency."""
    if not shaft_speed_hz:
        return HZ_SHOWN
    highest = max((line.expected_order for line in lines if line.harmonic == 1), default=0.0)
    return HARMONICS_SHOWN * highest or ORDERS_SHOWN


def draw_lines(figure: go.Figure, marks: Sequence[Mark], top: float, theme: Theme) -> None:
    """Draw the fault lines from their rings up to their labels; absent ones, dotted, from the bottom."""
    for mark in marks:
        begin = mark.line.level_db if mark.found else 0.0
        end = label_place(mark, top) - row_height(top) / 2
        width, dash = (1.25, "solid") if mark.found else (1, "dot")
        line = {"color": line_colour(mark.line.name, theme), "width": width, "dash": dash}
        figure.add_shape(type="line", x0=mark.order, x1=mark.order, y0=begin, y1=end, line=line)
    found = [mark for mark in marks if mark.found]
    if not found:
        return
    colours = [line_colour(mark.line.name, theme) for mark in found]
    figure.add_scatter(
        x=[mark.order for mark in found],
        y=[mark.line.level_db for mark in found],
        mode="markers",
        marker={"size": 9, "color": theme.surface, "line": {"width": 2, "color": colours}},
        hovertext=[
            f"{mark.title} found at {mark.order:.2f} orders (geometry: {mark.line.expected_order:.2f}), "
            f"{mark.line.level_db:.1f} dB above the floor"
            for mark in found
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )


def draw_labels(figure: go.Figure, marks: Sequence[Mark], top: float, theme: Theme) -> None:
    """Write the names of the fault lines: those of harmonics as points, which the style sheet can hide."""
    for mark in marks:
        if mark.is_first:
            figure.add_annotation(
                text=f"<b>{mark.label}</b>" if mark.found else mark.label, x=mark.order, y=label_place(mark, top),
                showarrow=False, xanchor=mark.anchor, xshift={"left": -4, "center": 0, "right": 4}[mark.anchor],
                font={"color": line_colour(mark.line.name, theme)},
            )  # fmt: skip
    harmonics = [mark for mark in marks if not mark.is_first]
    side_of = {"left": "middle right", "center": "middle center", "right": "middle left"}
    figure.add_scatter(
        x=[mark.order for mark in harmonics],
        y=[label_place(mark, top) for mark in harmonics],
        mode="text",
        text=[mark.label for mark in harmonics],
        textposition=[side_of[mark.anchor] for mark in harmonics],
        textfont={"color": [line_colour(mark.line.name, theme) for mark in harmonics]},
        hoverinfo="skip",
        cliponaxis=False,
    )


def label_place(mark: Mark, top: float) -> float:
    """Return where a mark's label stands on the axis of levels."""
    return top - (mark.row + 0.5) * row_height(top)


def row_height(top: float) -> float:
    """Return the height of a row of labels, in dB."""
    return top * LABEL_HEIGHT / HEIGHT
