from itertools import permutations, product

import numpy as np
import pytest

from dashboard.components.spectra import (
    NARROW,
    WIDE,
    Mark,
    envelope_figure,
    extent,
    line_title,
    marks_of,
    place_labels,
    spectrum_figure,
)
from dashboard.components.theme import DARK, LIGHT
from engine.analysis import Analysis, analyse
from engine.dsp.evidence import FaultLine
from engine.signal import Channel, Signal
from engine.simulation.rolling import RollingBearing, simulate


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(simulate(RollingBearing("inner", duration_s=4, snr_db=10, seed=7)))


def line(name: str, order: float, level_db: float, harmonic: int = 1) -> FaultLine:
    return FaultLine(name, harmonic, order * harmonic, order * harmonic, level_db, chance_db=8.0)


def test_a_sinusoid_stands_at_its_frequency_with_the_band_shaded():
    time = np.arange(48_000) / 12_000
    row = (np.sin(2 * np.pi * 1500 * time) + 1e-3 * np.random.default_rng(0).standard_normal(48_000)).astype(np.float32)

    figure = spectrum_figure(
        analyse(Signal(row, 12_000.0, (Channel("x", unit="g"),))).spectrum, LIGHT, band_hz=(2000, 3000)
    )

    (trace,) = figure.data
    assert trace.x[np.argmax(trace.y)] == pytest.approx(1.5, abs=0.002)
    assert figure.layout.xaxis.title.text == "Frequency (kHz)"
    assert figure.layout.yaxis.title.text == "Density (dB re 1 g²/Hz)"
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (2, 3)


def test_the_rings_stand_on_the_peaks_of_found_lines(analysis):
    figure = envelope_figure(analysis.envelope, analysis.lines, analysis.shaft_speed_hz, LIGHT)

    curve, rings = figure.data[0], figure.data[1]
    for order, level in zip(rings.x, rings.y, strict=True):
        assert curve.y[np.abs(curve.x - order).argmin()] == pytest.approx(level, abs=0.1)
    assert rings.marker.line.color[0] == LIGHT.inner


def test_without_a_speed_the_axis_is_one_of_frequency(analysis):
    figure = envelope_figure(analysis.envelope, (), None, DARK)

    assert figure.layout.xaxis.title.text == "Frequency (Hz)"
    assert not figure.layout.shapes


def test_every_colour_comes_from_the_theme_so_that_the_switch_can_change_it(analysis):
    figure = envelope_figure(analysis.envelope, analysis.lines, analysis.shaft_speed_hz, DARK)

    used = {shape.line.color for shape in figure.layout.shapes}
    used |= {annotation.font.color for annotation in figure.layout.annotations}
    assert used <= set(DARK.tokens().values())


def test_harmonics_are_marked_only_of_a_frequency_that_was_found():
    lines = [line("BPFO", 3.6, 5), line("BPFO", 3.6, 30, 3), line("BPFI", 5.4, 20), line("BPFI", 5.4, 12, 2)]

    marks = marks_of(lines, end=17)

    assert [mark.label for mark in marks] == ["BPFO 3.60", "BPFI 5.40: 20 dB", "2×BPFI"]
    assert [mark.found for mark in marks] == [False, True, True]


def test_the_field_writes_harmonics_of_twice_the_spin_as_multiples_of_it():
    assert [line_title("2xBSF", harmonic) for harmonic in (1, 2)] == ["2×BSF", "4×BSF"]
    assert [line_title("BPFO", harmonic) for harmonic in (1, 3)] == ["BPFO", "3×BPFO"]


def test_neighbouring_labels_get_rows_of_their_own_and_the_strongest_is_on_top():
    lines = [line("BPFO", 3.58, 2), line("BPFI", 5.42, 28), line("2xBSF", 4.71, 3), line("FTF", 0.4, 1)]

    rows = {mark.line.name: mark.row for mark in place_labels(marks_of(lines, 17), 17)}

    assert rows["BPFI"] == 0
    assert len({rows["BPFO"], rows["BPFI"], rows["2xBSF"]}) == 3


def test_labels_that_fit_nowhere_get_a_row_below_all_others():
    crowd = [Mark(line("BPFO", 5 + number / 100, 20), True, "BPFO 5.00") for number in range(5)]

    rows = [mark.row for mark in place_labels(crowd, 17)]

    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("levels", list(product((3, 12, 28), repeat=4)))
def test_whatever_is_found_no_label_is_crossed_in_a_wide_plot_nor_cut_at_the_left_edge(levels):
    orders = {"BPFI": 5.415, "BPFO": 3.585, "2xBSF": 4.714, "FTF": 0.398}
    lines = [line(name, order, level) for (name, order), level in zip(orders.items(), levels, strict=True)]
    end, left_of_plot = 17.06, 55 / NARROW

    placed = place_labels(marks_of(lines, end), end)

    for mark, other in permutations(placed, 2):
        begin, stop = extent(mark, WIDE, end)
        assert not (other.row < mark.row and begin < other.order < stop), f"{other.label} crosses {mark.label}"
    assert all(extent(mark, NARROW, end)[0] > -left_of_plot * end for mark in placed)


def test_a_label_in_a_crowd_is_not_cut_at_the_left_edge():
    crowd = [Mark(line("FTF", 0.3 + number / 100, 20 + number), True, "FTF 0.30: 20 dB") for number in range(5)]

    assert all(extent(mark, NARROW, 17)[0] > -17 * 55 / NARROW for mark in place_labels(crowd, 17))
