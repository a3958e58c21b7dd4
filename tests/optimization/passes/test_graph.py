from dataclasses import replace

import onnx
import pytest
from onnx import helper

from engine.errors import PassNotApplicableError
from engine.variant import sha256_of
from optimization.passes import PASSES, PassContext
from optimization.passes.graph import read_model

OF_ONNX = [name for name in PASSES if name != "export_onnx"]


@pytest.fixture
def changed(untrained_variants, tmp_path):
    """The ONNX form of the network, its graph changed as somebody else's exporter might have written it."""

    def change(how):
        model = onnx.load(untrained_variants[1].weights)
        how(model)
        weights = tmp_path / "model.onnx"
        onnx.save(model, weights)
        return replace(untrained_variants[1], weights=weights, digest=sha256_of(weights))

    return change


def tell_shapes(model):
    for tensor in model.graph.initializer:
        said = helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        model.graph.value_info.append(said)
    model.graph.CopyFrom(onnx.shape_inference.infer_shapes(model).graph)


def list_weights_as_inputs(model):
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))


@pytest.mark.parametrize("told", [tell_shapes, list_weights_as_inputs])
@pytest.mark.parametrize("name", OF_ONNX)
def test_how_an_exporter_describes_weights_does_not_change_what_a_pass_makes_of_them(
    result_of, changed, calibration, tmp_path, name, told
):
    made = PASSES[name]().run(changed(told), PassContext(tmp_path / "made", calibration))

    assert made.digest == result_of(name).digest


def test_only_what_is_no_weight_is_an_input(changed):
    assert [given.name for given in read_model(changed(list_weights_as_inputs)).graph.input] == ["windows"]


def test_a_graph_too_old_for_a_scale_per_channel_is_refused_in_a_sentence(changed, calibration, tmp_path):
    def make_old(model):
        model.opset_import[0].version = 11

    with pytest.raises(PassNotApplicableError, match=r"opset 11.*export it again with opset 13 or a later one"):
        PASSES["quantize_static"]().run(changed(make_old), PassContext(tmp_path / "made", calibration))

    assert not (tmp_path / "made").exists()
