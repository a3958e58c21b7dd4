from dataclasses import replace

import numpy as np
import pytest

from dashboard.components.theme import LIGHT
from dashboard.components.waveform import Row
from dashboard.pages.diagnose.figures import runs_of, two_likeliest, uncertain_labels, uncertain_spans, waveform_figure
from engine.diagnosis import Diagnosis

HOP_S = 1024 / 12_000
SURE_NORMAL, SURE_INNER, UNSURE = (0.9, 0.1, 0.0, 0.0), (0.1, 0.9, 0.0, 0.0), (0.1, 0.45, 0.05, 0.4)


def diagnosis_of(*rows: tuple[float, ...], start_s: np.ndarray | None = None) -> Diagnosis:
    return Diagnosis(
        recording={"channel": "DE_time", "unit": "g"},
        model={},
        verdict=None,
        classes=("normal", "inner", "outer", "ball"),
        window_length=2048,
        window_hop=1024,
        start_s=np.arange(len(rows)) * HOP_S if start_s is None else start_s,
        probabilities=np.array(rows).reshape(-1, 4),
        cautions=(),
        timing_ms={},
    )


def test_windows_of_one_class_are_one_run(card):
    (run,) = runs_of(diagnosis_of(SURE_INNER, SURE_INNER, SURE_INNER), card)

    assert (run.label, run.uncertain, run.windows) == ("inner", False, 3)
    assert (run.start_s, run.end_s) == pytest.approx((0, 2 * HOP_S + 2048 / 12_000))


def test_a_run_ends_where_the_class_changes_or_becomes_uncertain(card):
    runs = runs_of(diagnosis_of(SURE_NORMAL, SURE_NORMAL, SURE_INNER, UNSURE, SURE_INNER), card)

    told = [(run.label, run.uncertain, run.windows) for run in runs]
    assert told == [("normal", False, 2), ("inner", False, 1), ("inner", True, 1), ("inner", False, 1)]
    assert [run.end_s for run in runs[:-1]] == pytest.approx([run.start_s for run in runs[1:]])


def test_windows_that_were_not_judged_leave_a_gap(card):
    runs = runs_of(diagnosis_of(SURE_INNER, SURE_INNER, start_s=np.array([0.0, 5 * HOP_S])), card)

    assert len(runs) == 2
    assert runs[0].end_s < runs[1].start_s


def test_no_window_makes_no_run(card):
    assert runs_of(diagnosis_of(), card) == []


def test_an_uncertain_run_names_what_it_wavers_between(card):
    (run,) = runs_of(diagnosis_of(UNSURE), card)

    assert two_likeliest(run, ("normal", "inner", "outer", "ball")) == "inner 0.45, ball 0.40"


def test_zooming_shows_an_uncertain_run_with_its_surroundings_inside_the_recording(card):
    runs = runs_of(diagnosis_of(UNSURE, SURE_INNER, UNSURE), card)

    first, last = uncertain_spans(runs, 0.4)

    assert first == pytest.approx((0.0, 2 * HOP_S))
    assert last[1] == 0.4


def test_waveform_and_strip_share_the_time_axis(card):
    row = Row(np.sin(np.arange(12_000, dtype=np.float32)), 12_000.0)
    diagnosis = diagnosis_of(SURE_NORMAL, SURE_INNER, UNSURE, SURE_INNER)

    figure = waveform_figure(row, runs_of(diagnosis, card), diagnosis, LIGHT)

    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert {trace.xaxis for trace in figure.data} <= {None, "x"}
    assert [bar.marker.color for bar in bars] == [LIGHT.normal, LIGHT.inner, LIGHT.inner]
    assert [bar.marker.pattern.shape for bar in bars] == [None, None, "/"]
    assert figure.layout.yaxis.title.text == "DE_time (g)"
    assert sum(len(bar.base) for bar in bars) == 4


def test_labels_of_uncertain_runs_neither_meet_nor_reach_over_the_ends(card):
    rows = [UNSURE, *[SURE_INNER] * 20, UNSURE, SURE_INNER, UNSURE, *[SURE_INNER] * 20, UNSURE]
    runs = runs_of(diagnosis_of(*rows), card)

    labels = uncertain_labels(runs, ("normal", "inner", "outer", "ball"), runs[-1].end_s, LIGHT)

    assert list(labels.textposition) == ["top right", "top center", "top left"]
    assert set(labels.text) == {"uncertain: inner 0.45, ball 0.40"}


def test_a_channels_name_is_text_and_never_markup(card):
    row = Row(np.ones(12_000, np.float32), 12_000.0)
    diagnosis = replace(diagnosis_of(SURE_INNER), recording={"channel": "<b>acc</b>", "unit": "g"})

    figure = waveform_figure(row, runs_of(diagnosis, card), diagnosis, LIGHT)

    assert figure.layout.yaxis.title.text == "&lt;b&gt;acc&lt;/b&gt; (g)"
