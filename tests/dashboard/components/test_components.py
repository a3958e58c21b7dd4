import json
import re
from pathlib import Path

import plotly.graph_objects as go
import pytest

import dashboard
from dashboard import components as ui
from dashboard.components.icons import NAMES
from engine.diagnosis import CLASS_TITLES
from engine.errors import DamagedFileError

SOURCES = [path.read_text(encoding="utf-8") for path in Path(dashboard.__file__).parent.rglob("*.py")]


def plain(component):
    return json.loads(json.dumps(component, default=lambda value: value.to_plotly_json()))


def text(component):
    return json.dumps(plain(component))


def test_no_graph_offers_to_upload_its_chart():
    config = plain(ui.graph(go.Figure(), "spectrum", "Amplitude spectrum", zoom=True))["props"]["children"]["props"][
        "config"
    ]

    assert config["showSendToCloud"] is False
    assert config["plotlyServerURL"] == ""
    assert config["displaylogo"] is False
    offered = {name for group in config["modeBarButtons"] for name in group}
    assert offered == {"zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"}


def test_every_graph_is_made_by_the_one_helper():
    assert sum(source.count("dcc.Graph(") for source in SOURCES) == 1


def test_a_graph_is_told_in_words():
    props = plain(ui.graph(None, "spectrum", "Amplitude spectrum"))["props"]

    assert (props["role"], props["aria-label"]) == ("img", "Amplitude spectrum")


def test_every_icon_that_is_named_exists():
    named = {name for source in SOURCES for name in re.findall(r"""(?:icon\(|icon_name=)"([a-z0-9-]+)\"""", source)}

    assert named
    assert named <= NAMES
    with pytest.raises(KeyError, match="no icon nope"):
        ui.icon("nope")


def test_an_icon_is_silent_unless_it_is_named():
    assert plain(ui.icon("cpu"))["props"]["aria-hidden"] == "true"
    assert plain(ui.icon("cpu", label="computes"))["props"]["aria-label"] == "computes"


@pytest.mark.parametrize("key", CLASS_TITLES)
def test_every_class_has_a_word_beside_its_colour(key):
    assert CLASS_TITLES[key] in text(ui.class_badge(key))
    assert ui.LIGHT.of_class(key) != ui.LIGHT.surface


def test_a_known_error_is_shown_as_its_sentence_with_its_code():
    error = DamagedFileError("run.mat", "it ends early")
    shown = text(ui.error_state(error, title="Not shown"))

    assert json.dumps(str(error))[1:-1] in shown
    assert "damaged-file" in shown


def test_a_segment_that_cannot_be_chosen_says_so():
    shown = plain(ui.segmented("backend", "Backend", [("onnx", "ONNX"), ("fp16", "FP16")], disabled=["fp16"]))

    assert [option["disabled"] for option in shown["props"]["children"]["props"]["options"]] == [False, True]
    assert shown["props"]["aria-label"] == "Backend"


def test_a_row_must_fit_the_columns():
    with pytest.raises(ValueError, match="zip"):
        ui.table([ui.Column("Name"), ui.Column("Rate", "Hz", numeric=True)], [ui.Row(["a"])], caption="Recordings")


def test_names_from_users_stay_text():
    shown = plain(ui.fact_strip([ui.Fact("File", "<b>run</b>")]))

    assert "<b>run</b>" in json.dumps(shown)  # a string in the tree; React never reads it as markup
    assert not any("dangerously" in source for source in SOURCES)
