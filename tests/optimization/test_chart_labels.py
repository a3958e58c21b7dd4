from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.chart_labels import LETTER, NARROW, WIDE, Box, Place, box_of, mark_of, place_labels

SEVEN = {
    "pytorch": (0.89, 0.08),
    "onnx": (0.89, 0.16),
    "onnx-conv2d": (0.89, 0.21),
    "fp16": (0.44, 0.14),
    "int8-dynamic": (0.23, 0.15),
    "int8-static": (0.23, 0.6),
    "pruned50-int8, degraded": (0.06, 0.92),
}


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_labels_of_a_usual_benchmark_meet_neither_each_other_nor_a_point(size):
    points = list(SEVEN.values())
    places = place_labels(points, list(SEVEN))

    boxes = [box_of(point, text, place, size) for (text, point), place in zip(SEVEN.items(), places, strict=True)]
    assert all(one.shared(other) == 0 for one, other in combinations(boxes, 2))
    assert all(box.shared(mark_of(point, size)) == 0 for box in boxes for point in points)
    assert all(box.shared(Box(0, 0, *size)) == pytest.approx(box.area) for box in boxes)


def test_four_equal_points_are_all_labelled_apart():
    points, texts = [(0.5, 0.5)] * 4, ["pytorch", "onnx", "fp16", "int8"]
    places = place_labels(points, texts)

    boxes = [box_of(point, text, place, NARROW) for point, text, place in zip(points, texts, places, strict=True)]
    assert all(one.shared(other) == 0 for one, other in combinations(boxes, 2))


def test_a_lonely_label_stands_to_the_right_and_at_the_edge_to_the_left():
    assert place_labels([(0.2, 0.5)], ["onnx"])[0].side == "right"
    assert place_labels([(0.99, 0.5)], ["onnx"])[0].side == "left"


def test_only_labels_that_stand_away_need_a_line():
    assert not Place("right", 11, 0).far
    assert Place("right", 11, 45).far


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=8))
def test_every_point_has_a_place(points):
    assert len(place_labels(points, ["label"] * len(points))) == len(points)


def test_a_box_is_as_wide_as_its_text():
    box = box_of((0.5, 0.5), "four", Place("center", 0, 0), (100, 100))

    assert box.right - box.left == 4 * LETTER
    assert (box.left + box.right) / 2 == 50
