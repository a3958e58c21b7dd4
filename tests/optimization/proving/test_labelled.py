"""How right two variants are, by known answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.proving.comparison import Pair, WindowComparison
from optimization.proving.labelled import Accuracy, LabelComparison, compare_labels, mcnemar_p
from optimization.recording_set import SetRecording

CLASSES = ("normal", "inner", "outer", "ball")


def answered(was, became):
    return Pair(was, became, WindowComparison(1, 1.0, None, 0.0, 1.0), 1.0, 0.0, 0.5, 0.0)


def recording(label, *, simulated=False):
    return SetRecording("a", "0" * 64, pytest.fail, 12_000.0, label, simulated=simulated)


def compared(*rows):
    """Rows of label, the parent's answer and the variant's."""
    return compare_labels([recording(row[0]) for row in rows], [answered(*row[1:]) for row in rows], CLASSES)


def test_accuracy_and_recall_are_counted_for_both():
    found = compared(
        ("inner", "inner", "inner"),
        ("inner", "inner", "inconclusive"),
        ("ball", "inner", "ball"),
        ("normal", "normal", "normal"),
    )

    assert found.accuracy == Accuracy(4, 3, 3)
    assert found.recall == {"normal": Accuracy(1, 1, 1), "inner": Accuracy(2, 2, 1), "ball": Accuracy(1, 0, 1)}
    assert (found.only_parent_right, found.only_variant_right, found.mcnemar_p) == (1, 1, 1.0)
    assert found.of == "recordings"
    assert (found.accuracy.parent, found.recall["inner"].variant) == (0.75, 0.5)


def test_measured_recordings_speak_alone_where_there_are_any():
    members = [recording("inner"), recording("ball", simulated=True), recording(None)]
    pairs = [answered("inner", "inner"), answered("outer", "outer"), answered("outer", "outer")]

    assert compare_labels(members, pairs, CLASSES).accuracy == Accuracy(1, 1, 1)
    assert compare_labels(members[1:], pairs[1:], CLASSES).accuracy == Accuracy(1, 0, 0)
    assert compare_labels(members[1:], pairs[1:], CLASSES).of == "simulated"
    assert compare_labels(members[2:], pairs[2:], CLASSES) is None


def test_a_condition_that_is_no_class_is_left_out_and_told():
    found = compared(("cage", "inner", "inner"), ("inner", "inner", "inner"))

    assert found.accuracy.recordings == 1
    assert found.unknown_labels == ("cage",)


@pytest.mark.parametrize(
    ("only_one", "only_other", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 5, 1.0), (6, 0, 0.03125), (0, 6, 0.03125), (9, 2, 0.0654296875), (28, 0, 2**-27)],
)
def test_mcnemars_p_is_the_known_one(only_one, only_other, p):
    assert mcnemar_p(only_one, only_other) == pytest.approx(p)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_mcnemars_p_is_a_probability_and_the_same_from_both_sides(only_one, only_other):
    p = mcnemar_p(only_one, only_other)

    assert 0 <= p <= 1
    assert p == mcnemar_p(only_other, only_one)


def test_what_was_counted_is_read_back():
    found = compared(("inner", "inner", "outer"), ("cage", "ball", "ball"))

    assert LabelComparison.from_json(found.to_json()) == found
    with pytest.raises(ValueError, match="at least one"):
        Accuracy.from_json({"recordings": 0, "parent_right": 0, "variant_right": 0})
