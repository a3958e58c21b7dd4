import itertools
import json
from dataclasses import replace

import pytest
from dash import html
from plotly.utils import PlotlyJSONEncoder

from dashboard.pages.benchmark.table import Axis, comparison, flips, proof, times_faster
from optimization.measuring.recommendation import recommended


def text_of(component) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder)


def words_of(component) -> str:
    """What can be read of a component, without its attributes."""
    children = getattr(component, "children", component)
    if isinstance(children, list | tuple):
        return " ".join(words_of(child) for child in children if child is not None)
    return words_of(children) if hasattr(children, "children") else str(children or "")


def test_every_variant_has_a_row_and_the_one_to_ship_is_chosen(measured):
    built = comparison(measured, (1, 1), recommended(measured, 1, 1))

    lines = [one for one in built._traverse() if isinstance(one, html.Tr)][1:]
    assert [words_of(line.children[0]).strip() for line in lines] == ["pytorch", "onnx", "int8-static"]
    assert [line.className for line in lines] == ["", "", "chosen"]


def test_every_measured_number_says_how_it_was_measured(measured):
    built = comparison(measured, (1, 1), None)

    line = [one for one in built._traverse() if isinstance(one, html.Tr)][-1]
    without = [cell for cell in line.children if not getattr(cell.children, "title", None)]
    assert [cell.className for cell in without] == ["ladder"]
    assert "200 interleaved rounds" in text_of(line)


@pytest.mark.parametrize(
    ("ratio", "said"), [(0.25, "4.0 3.8 to 4.2"), (0.8, "1.25 1.19 to 1.32"), (6.4, "0.156 0.149 to 0.164")]
)
def test_a_ratio_is_told_as_times_faster_with_the_digits_that_it_deserves(measured, ratio, said):
    row = replace(measured.rows[2], ratio=ratio, ratio_low=ratio * 0.95, ratio_high=ratio * 1.05)

    assert words_of(times_faster(row, "how")) == said


def test_an_interval_is_told_from_a_point(measured):
    row = replace(measured.rows[2], ratio=1 / 4.401, ratio_low=1 / 4.42, ratio_high=1 / 4.38)

    assert words_of(times_faster(row, "how")) == "4.40 4.38 to 4.42"


def test_sizes_are_told_in_the_unit_of_the_largest(measured):
    assert "Size  kB" in words_of(comparison(measured, (1, 1), None))
    larger = replace(measured, rows=tuple(replace(row, size_bytes=4_000_000) for row in measured.rows))
    assert "Size  MB" in words_of(comparison(larger, (1, 1), None))


def heads_of(built):
    return [words_of(one) for one in built._traverse() if isinstance(one, html.Th)]


def test_the_runtime_is_named_in_words_where_it_is_not_the_usual_one(measured):
    elsewhere = replace(measured.rows[2], runtime="openvino")
    built = comparison(replace(measured, rows=(*measured.rows[:2], elsewhere)), (1, 1), None)

    lines = [one for one in built._traverse() if isinstance(one, html.Tr)][1:]
    assert [words_of(line.children[0]).split() for line in lines] == [
        ["pytorch"],
        ["onnx"],
        ["int8-static", "on", "OpenVINO"],
    ]


def test_the_best_in_float32_has_a_column_where_it_is_not_the_baseline(measured):
    interval = {"ratio_to_best_fp32_low": 1.24, "ratio_to_best_fp32_high": 1.26, "verdict_to_best_fp32": "slower"}
    beside = [replace(row, best_fp32="onnx-conv2d", ratio_to_best_fp32=1.25, **interval) for row in measured.rows]
    built = comparison(replace(measured, rows=tuple(beside)), (1, 1), None)

    assert not any("float32" in head for head in heads_of(comparison(measured, (1, 1), None)))
    assert any("Than the best" in head for head in heads_of(built))
    assert "compared with onnx-conv2d" in text_of(built)
    assert "1.25 times slower [1.24 to 1.26]." in text_of(built)


def test_a_forecast_stands_beside_what_was_measured(measured):
    rows = tuple(replace(row, forecast=row.ratio * 1.25) for row in measured.rows)
    built = comparison(replace(measured, rows=rows), (1, 1), None)

    assert not any("Forecast" in head for head in heads_of(comparison(measured, (1, 1), None)))
    assert any("Forecast" in head for head in heads_of(built))
    assert "The ratio missed by 25 %." in text_of(built)


def test_real_time_and_the_share_of_a_hop_are_told_and_a_dash_where_they_were_not_measured(measured):
    known = tuple(replace(row, realtime_factor=2133.4, hop_share=0.000469, p99_ms=57.3) for row in measured.rows)
    built = comparison(replace(measured, rows=known), (1, 1), None)

    assert " 2133 " in words_of(built)
    assert "It is 0.05 % of a hop." in text_of(built)
    assert "99 of 100 took no longer than 57.3 ms." in text_of(built)
    assert "–" in words_of(comparison(measured, (1, 1), None))


def test_the_network_as_it_was_trained_is_called_the_original(measured):
    trained = replace(measured.rows[0], backend="pytorch")

    assert words_of(proof(trained)) == "original"
    assert words_of(proof(measured.rows[1])) == "not proven"


def test_the_axis_holds_every_interval_and_marks_one_where_it_is(measured):
    axis = Axis.of(measured.rows)

    assert axis.place(axis.low) == 0
    assert axis.place(axis.high) == pytest.approx(100)
    assert all(0 <= axis.place(1 / edge) <= 100 for row in measured.rows for edge in (row.ratio_low, row.ratio_high))
    assert axis.marks() == [1.0, 2]


def test_a_dot_stands_on_its_interval_with_what_is_faster_at_the_right(measured):
    axis, ship = Axis.of(measured.rows), measured.rows[2]

    *_, whisker, dot = axis.dot(ship, ship=True).children

    left, width, place = (
        float(text.rstrip("%")) for text in (whisker.style["left"], whisker.style["width"], dot.style["left"])
    )
    assert axis.place(1) < left < place < left + width
    assert (left, left + width) == pytest.approx((axis.place(3.81), axis.place(4.21)), abs=0.1)
    assert dot.className == "dot ship"


def test_marks_never_run_into_each_other():
    axis = Axis(0.01, 100.0)

    places = [axis.place(mark) for mark in axis.marks()]
    assert min(right - left for left, right in itertools.pairwise(places)) > 12


def test_flipped_verdicts_are_told_in_red_with_what_they_may_be_in_truth(measured):
    row = replace(measured.rows[2], proof={**measured.rows[2].proof, "flips": 3, "flips_upper_bound": 0.182})

    assert words_of(flips(row)) == "3 of 40"
    assert "At most 18.2 % in truth" in text_of(flips(row))
    assert "tone-bad" in text_of(flips(row))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "equivalent"),
        ({"stale": True}, "equivalent elsewhere"),
        ({"verdict": "degraded"}, "degraded"),
        ({"verdict": "undecided"}, "undecided"),
    ],
)
def test_a_proof_is_told_as_it_was_when_the_variant_was_measured(measured, change, said):
    row = replace(measured.rows[2], proof={**measured.rows[2].proof, **change})

    assert words_of(proof(row)).strip() == said


def test_a_variant_without_a_proof_says_so(measured):
    assert words_of(proof(measured.rows[0])) == "not proven"
    assert words_of(flips(measured.rows[0])) == "–"
