import pytest

from dashboard.components.theme import DARK, LIGHT
from dashboard.pages.optimise.figures import front_figure
from optimization.searching.question import Limits


@pytest.fixture
def drawn(submit, finish, result):
    from dashboard.pages.optimise.found import Answer

    answer = Answer.of(finish(submit(), result=result))

    def draw(against="size", limits=None, theme=LIGHT):
        return front_figure(answer.candidates, answer.front, answer.ship, against, limits or Limits(), theme)

    return draw


def test_what_was_measured_is_drawn_and_the_one_to_ship_in_the_accent(drawn):
    others, line, front = drawn().data

    assert (list(others.x), list(others.y)) == ([1.0, 0.9], [1.0, 0.34])
    assert (list(line.x), list(line.y)) == ([0.5], [0.34])  # what is larger and slower is there for its error
    assert list(front.marker.color) == [LIGHT.accent, LIGHT.ink]
    assert list(others.customdata) == ["onnx", "int8-static on OpenVINO"]
    assert [note.text for note in drawn().layout.annotations] == ["int8-static", "onnx-conv2d"]


def test_error_is_drawn_in_decibels_below_the_logits(drawn):
    others, line, front = drawn("error").data

    assert (list(line.x), list(line.y)) == ([0.5, 0.8], [-30.0, -60.0])
    assert list(front.y) == [-30.0, -60.0]
    assert list(others.y) == [-60.0, -30.0]
    low, high = drawn("error").layout.yaxis.range
    assert low < -60
    assert high > -30


def test_limits_are_dashed_lines_where_their_axis_is_drawn(drawn):
    def dashed(figure):
        return [shape for shape in figure.layout.shapes if shape.line.dash == "dash"]

    limits = Limits(0.01, 0.6, 0.8)
    assert dashed(drawn()) == []
    assert [(shape.x0, shape.y0) for shape in dashed(drawn("size", limits))] == [(0.6, 0), (0, 0.8)]
    assert [shape.x0 for shape in dashed(drawn("error", limits))] == [0.6]


def test_nothing_that_was_measured_is_an_empty_figure(drawn, result, submit, finish):
    from dashboard.pages.optimise.found import Answer

    blind = [{**one, "ratio": None, "ratio_low": None, "ratio_high": None} for one in result["candidates"]]
    answer = Answer.of(finish(submit(batch=8), result={**result, "candidates": blind, "front": []}))

    figure = front_figure(answer.candidates, answer.front, answer.ship, "size", Limits(), DARK)
    assert [len(trace.x) for trace in figure.data] == [0, 0, 0]
