import numpy as np
import pytest

from dashboard.pages.diagnose.runs import Difference, differences, runs_of, spans_around

HOP_S = 1024 / 12_000
SURE_NORMAL, SURE_INNER, UNSURE = (0.9, 0.1, 0.0, 0.0), (0.1, 0.9, 0.0, 0.0), (0.1, 0.45, 0.05, 0.4)
SURE_BALL = (0.0, 0.1, 0.0, 0.9)


def test_windows_of_one_class_are_one_run(card, diagnosis_of):
    (run,) = runs_of(diagnosis_of(SURE_INNER, SURE_INNER, SURE_INNER), card)

    assert (run.label, run.uncertain, run.windows) == ("inner", False, 3)
    assert (run.start_s, run.end_s) == pytest.approx((0, 2 * HOP_S + 2048 / 12_000))


def test_a_run_ends_where_the_class_changes_or_becomes_uncertain(card, diagnosis_of):
    runs = runs_of(diagnosis_of(SURE_NORMAL, SURE_NORMAL, SURE_INNER, UNSURE, SURE_INNER), card)

    told = [(run.label, run.uncertain, run.windows) for run in runs]
    assert told == [("normal", False, 2), ("inner", False, 1), ("inner", True, 1), ("inner", False, 1)]
    assert [run.end_s for run in runs[:-1]] == pytest.approx([run.start_s for run in runs[1:]])


def test_windows_that_were_not_judged_leave_a_gap(card, diagnosis_of):
    runs = runs_of(diagnosis_of(SURE_INNER, SURE_INNER, start_s=np.array([0.0, 5 * HOP_S])), card)

    assert len(runs) == 2
    assert runs[0].end_s < runs[1].start_s


def test_no_window_makes_no_run(card, diagnosis_of):
    assert runs_of(diagnosis_of(), card) == []


def test_zooming_shows_an_uncertain_run_with_its_surroundings_inside_the_recording(card, diagnosis_of):
    runs = runs_of(diagnosis_of(UNSURE, SURE_INNER, UNSURE), card)

    first, last = spans_around([run for run in runs if run.uncertain], 0.4)

    assert first == pytest.approx((0.0, 2 * HOP_S))
    assert last[1] == 0.4


def test_windows_of_which_two_variants_differ_are_told_together_while_they_differ_in_the_same(card, diagnosis_of):
    mine = diagnosis_of(SURE_INNER, SURE_INNER, SURE_INNER, SURE_INNER, SURE_NORMAL, SURE_INNER)
    other = diagnosis_of(SURE_INNER, SURE_BALL, SURE_BALL, SURE_NORMAL, SURE_NORMAL, SURE_NORMAL)

    found = differences(mine, other, card)

    assert [(one.label, one.other, one.windows) for one in found] == [
        ("inner", "ball", 2),
        ("inner", "normal", 1),
        ("inner", "normal", 1),
    ]
    assert (found[0].start_s, found[0].end_s) == pytest.approx((HOP_S, 3 * HOP_S))
    assert found[2] == Difference(pytest.approx(5 * HOP_S), pytest.approx(6 * HOP_S), 1, "inner", "normal")


def test_variants_that_judged_different_windows_are_not_held_side_by_side(card, diagnosis_of):
    assert differences(diagnosis_of(SURE_INNER), diagnosis_of(SURE_BALL, SURE_BALL), card) == []
