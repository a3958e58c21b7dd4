import pytest

from dashboard.pages.diagnose.examination import (
    MADE_BY,
    BackendChoice,
    Selection,
    backend_choices,
    examine,
    maker_of,
    variant_named,
)
from engine.errors import ModelNotFoundError
from optimization.passes import PASSES
from workspace.settings import Settings
from workspace.workspace import Workspace


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


def test_a_backend_without_a_variant_leads_to_the_pass_that_makes_it(workspace):
    choices = {choice.title: choice for choice in backend_choices(workspace, variant_named(workspace, "wdcnn/onnx"))}

    assert list(choices) == ["PyTorch", "ONNX", "FP16", "INT8"]
    assert choices["PyTorch"] == BackendChoice("PyTorch", "wdcnn/pytorch", True)
    assert choices["FP16"] == BackendChoice("FP16", "fp16", False, "/models?model=wdcnn/onnx&pass=convert_fp16")
    assert choices["INT8"] == BackendChoice("INT8", "int8", False, "/models?model=wdcnn/onnx&pass=quantize_static")


def test_what_a_missing_backend_is_made_of_has_to_be_made_first(tmp_path, untrained_variants):
    with Workspace.open(Settings(workspace=tmp_path / "bare", _env_file=None)) as workspace:
        workspace.variants.add(untrained_variants[0])

        assert maker_of(workspace, "wdcnn", "int8") == "/models?model=wdcnn/pytorch&pass=export_onnx"
        assert maker_of(workspace, "wdcnn", "pytorch") is None


def test_the_passes_that_make_backends_are_registered_and_give_them():
    assert {backend: PASSES[name].gives[1] for backend, (name, _) in MADE_BY.items()} == {key: key for key in MADE_BY}


def test_two_variants_answer_side_by_side(workspace, recording):
    found = examine(workspace, Selection(recording, "wdcnn/onnx", "wdcnn/pytorch"))

    assert found.rival.variant.full_name == "wdcnn/pytorch"
    assert found.rival.diagnosis.probabilities == pytest.approx(found.diagnosis.probabilities, abs=1e-3)
    assert found.problem is None


def test_a_variant_is_not_compared_with_itself(workspace, recording):
    found = examine(workspace, Selection(recording, "wdcnn/onnx", "wdcnn/onnx"))

    assert (found.rival, found.problem) == (None, None)


def test_choosing_the_variant_that_one_compares_with_lets_the_two_change_places():
    chosen = Selection("r", "wdcnn/onnx", "wdcnn/int8").choosing("wdcnn/int8", "wdcnn/int8")

    assert chosen == Selection("r", "wdcnn/int8", "wdcnn/onnx")
    assert chosen.query == "?recording=r&model=wdcnn/int8&against=wdcnn/onnx"


def test_a_selection_survives_whatever_a_browser_sends():
    assert Selection.of({"recording": 5, "model": None}) == Selection("5", "", "")
