from dataclasses import replace

import numpy as np
import pytest

from dashboard.components.theme import LIGHT
from dashboard.components.waveform import Row
from dashboard.pages.diagnose.figures import Strip, two_likeliest, uncertain_labels, waveform_figure
from dashboard.pages.diagnose.runs import differences, runs_of

CLASSES = ("normal", "inner", "outer", "ball")
SURE_NORMAL, SURE_INNER, UNSURE = (0.9, 0.1, 0.0, 0.0), (0.1, 0.9, 0.0, 0.0), (0.1, 0.45, 0.05, 0.4)


@pytest.fixture
def row() -> Row:
    return Row(np.sin(np.arange(12_000, dtype=np.float32)), 12_000.0)


def test_an_uncertain_run_names_what_it_wavers_between(card, diagnosis_of):
    (run,) = runs_of(diagnosis_of(UNSURE), card)

    assert two_likeliest(run, CLASSES) == "inner 0.45, ball 0.40"


def test_waveform_and_strip_share_the_time_axis(card, diagnosis_of, row):
    diagnosis = diagnosis_of(SURE_NORMAL, SURE_INNER, UNSURE, SURE_INNER)

    figure = waveform_figure(row, [Strip("ONNX", runs_of(diagnosis, card))], diagnosis, LIGHT)

    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert {trace.xaxis for trace in figure.data} <= {None, "x"}
    assert [bar.marker.color for bar in bars] == [LIGHT.normal, LIGHT.inner, LIGHT.inner]
    assert [bar.marker.pattern.shape for bar in bars] == [None, None, "/"]
    assert figure.layout.yaxis.title.text == "DE_time (g)"
    assert figure.layout.yaxis2.visible is False
    assert sum(len(bar.base) for bar in bars) == 4


def test_two_variants_have_a_strip_each_named_at_its_left_and_a_mark_where_they_differ(card, diagnosis_of, row):
    mine, other = diagnosis_of(SURE_INNER, SURE_INNER), diagnosis_of(SURE_INNER, SURE_NORMAL)
    strips = [Strip("ONNX", runs_of(mine, card)), Strip("INT8", runs_of(other, card))]

    figure = waveform_figure(row, strips, mine, LIGHT, differing=differences(mine, other, card))

    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [bar.y[0] for bar in bars] == [1, 0, 0, 0.5]
    assert {trace.xaxis for trace in figure.data} <= {None, "x"}
    names = figure.layout.yaxis2
    assert (names.visible, list(names.tickvals), list(names.ticktext)) == (True, [1, 0], ["ONNX", "INT8"])
    assert bars[-1].hovertext == ("0.09 to 0.17 s, 1 window: ONNX inner, INT8 normal",)


def test_labels_of_uncertain_runs_neither_meet_nor_reach_over_the_ends(card, diagnosis_of):
    rows = [UNSURE, *[SURE_INNER] * 20, UNSURE, SURE_INNER, UNSURE, *[SURE_INNER] * 20, UNSURE]
    runs = runs_of(diagnosis_of(*rows), card)

    labels = uncertain_labels(runs, CLASSES, runs[-1].end_s, LIGHT, height=0.5)

    assert list(labels.textposition) == ["top right", "top center", "top left"]
    assert set(labels.text) == {"uncertain: inner 0.45, ball 0.40"}


def test_a_channels_name_is_text_and_never_markup(card, diagnosis_of, row):
    diagnosis = replace(diagnosis_of(SURE_INNER), recording={"channel": "<b>acc</b>", "unit": "g"})

    figure = waveform_figure(row, [Strip("ONNX", runs_of(diagnosis, card))], diagnosis, LIGHT)

    assert figure.layout.yaxis.title.text == "&lt;b&gt;acc&lt;/b&gt; (g)"
