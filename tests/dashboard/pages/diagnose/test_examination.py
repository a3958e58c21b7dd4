import pytest

from dashboard.pages.diagnose.examination import Selection, backend_choices, examine, variant_named
from engine.errors import ModelNotFoundError


def test_a_recording_is_diagnosed_and_analysed(workspace, recording):
    found = examine(workspace, Selection(recording, "wdcnn/onnx"))

    assert found.diagnosis.model["variant"] == "onnx"
    assert max(found.analysis.lines, key=lambda line: line.level_db).name == "BPFI"
    assert [other.full_name for other in found.others] == ["wdcnn/pytorch"]


def test_without_a_name_the_default_backend_speaks(workspace):
    assert variant_named(workspace, "").full_name == "wdcnn/onnx"
    assert variant_named(workspace, "wdcnn").full_name == "wdcnn/onnx"


def test_only_what_the_workspace_keeps_can_be_named(workspace, untrained_variants):
    with pytest.raises(ModelNotFoundError):
        variant_named(workspace, str(untrained_variants[0].weights.parent))


def test_a_backend_without_a_variant_says_why_it_cannot_be_chosen(workspace):
    choices = {choice.title: choice for choice in backend_choices(workspace, variant_named(workspace, "wdcnn/onnx"))}

    assert list(choices) == ["PyTorch", "ONNX", "FP16", "INT8"]
    assert (choices["PyTorch"].value, choices["PyTorch"].reason) == ("wdcnn/pytorch", None)
    assert "has no INT8 variant yet" in choices["INT8"].reason


def test_choosing_the_variant_that_one_compares_with_lets_the_two_change_places():
    chosen = Selection("r", "wdcnn/onnx", "wdcnn/int8").choosing("wdcnn/int8", "wdcnn/int8")

    assert chosen == Selection("r", "wdcnn/int8", "wdcnn/onnx")
    assert chosen.query == "?recording=r&model=wdcnn/int8&compare=wdcnn/onnx"


def test_a_selection_survives_whatever_a_browser_sends():
    assert Selection.of({"recording": 5, "model": None}) == Selection("5", "", "")
