from math import log10

import pytest

from optimization.charts import latency_against_size, latency_bars, rounded, size_bars, ticks
from optimization.report import LIGHT, template_of

TEMPLATE = template_of(LIGHT)
EVERY = [latency_against_size, latency_bars, size_bars]


@pytest.fixture
def rows(row, proof):
    return [
        row("onnx", verdict="baseline", proof={}, size_bytes=15_380_000),
        row("int8-static", p50_ms=25, verdict="faster", size_bytes=3_960_000),
        row("pruned", p50_ms=10, verdict="faster", size_bytes=1_050_000, proof=proof(verdict="degraded")),
    ]


def test_latency_is_drawn_over_size_on_a_logarithmic_axis(rows):
    figure = latency_against_size(rows, LIGHT, TEMPLATE, ship=rows[1])
    (points,) = figure.data

    assert list(points.x) == [15.38, 3.96, 1.05]
    assert list(points.y) == [100, 25, 10]
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.xaxis.title.text == "Size (MB)"
    low, high = figure.layout.yaxis.range
    assert low < log10(10) < log10(100) < high


def test_baseline_shipped_and_degraded_are_told_apart_by_shape_and_colour(rows):
    (points,) = latency_against_size(rows, LIGHT, TEMPLATE, ship=rows[1]).data

    assert list(points.marker.symbol) == ["square", "circle", "circle-open"]
    assert list(points.marker.color) == [LIGHT.ink, LIGHT.accent, LIGHT.bad]


def test_every_point_is_labelled_directly_and_the_degraded_one_says_so(rows):
    figure = latency_against_size(rows, LIGHT, TEMPLATE, ship=rows[1])

    assert [label.text for label in figure.layout.annotations] == ["onnx", "int8-static", "pruned, degraded"]
    assert figure.layout.annotations[1].font.color == LIGHT.accent
    assert [label.y for label in figure.layout.annotations] == [log10(100), log10(25), 1]


def test_both_quantiles_are_bars_one_behind_the_other(rows):
    p90, p50 = latency_bars(rows, LIGHT, TEMPLATE).data

    assert list(p50.x) == [100, 25, 10]
    assert list(p90.x) == pytest.approx([110, 27.5, 11])
    assert list(p90.text) == ["100 / 110", "25.0 / 27.5", "10.0 / 11.0"]


def test_sizes_are_bars_in_the_unit_that_suits_them(rows, row):
    assert list(size_bars(rows, LIGHT, TEMPLATE).data[0].x) == [15.38, 3.96, 1.05]

    small = size_bars([row("onnx", size_bytes=220_782)], LIGHT, TEMPLATE)
    assert small.layout.xaxis.title.text == "Size (kB)"
    assert list(small.data[0].text) == ["221"]


@pytest.mark.parametrize("draw", EVERY, ids=lambda draw: draw.__name__)
def test_a_name_is_shown_as_text(draw, row):
    figure = draw([row("<b>onnx</b>"), row("onnx")], LIGHT, TEMPLATE).to_json()

    assert "<b>" not in figure
    assert "\\u003cb" not in figure
    assert "&lt;b&gt;onnx" in figure


@pytest.mark.parametrize("draw", EVERY, ids=lambda draw: draw.__name__)
def test_a_single_variant_is_drawn_too(draw, row):
    assert draw([row("onnx")], LIGHT, TEMPLATE).data


def test_numbers_have_three_digits_and_no_power_of_ten():
    values = (0.04175, 0.5, 1.05, 12.34, 99.99, 123.4, 31520.9)

    assert [rounded(value) for value in values] == ["0.0418", "0.500", "1.05", "12.3", "100", "123", "31521"]


@pytest.mark.parametrize(("low", "high"), [(8, 40), (0.04, 0.3), (0.5, 2.5), (0.05, 5_000)])
def test_a_logarithmic_axis_has_a_few_round_ticks(low, high):
    shown = ticks(log10(low), log10(high))

    assert 2 <= len(shown) <= 7
    assert all(low <= tick <= high for tick in shown)
