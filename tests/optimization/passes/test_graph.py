from dataclasses import replace

import onnx
import pytest
from onnx import helper

from engine.errors import PassNotApplicableError
from engine.variant import sha256_of
from optimization.passes import PASSES, PassContext
from optimization.passes.graph import read_model, shapes_of, structure_of


@pytest.fixture
def changed(untrained_variants, tmp_path):
    """The ONNX form of the network, its graph changed as somebody else's exporter might have written it."""

    def change(how, start=untrained_variants[1]):
        model = onnx.load(start.weights)
        how(model)
        weights = tmp_path / "model.onnx"
        onnx.save(model, weights)
        return replace(start, weights=weights, digest=sha256_of(weights))

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
@pytest.mark.parametrize("name", sorted(PASSES))
def test_how_an_exporter_describes_weights_does_not_change_what_a_pass_makes_of_them(
    start_of, result_of, changed, calibration, tmp_path, name, told
):
    start = start_of(PASSES[name]())
    if start.format != "onnx":
        pytest.skip("it starts from PyTorch's form")

    made = PASSES[name]().run(changed(told, start), PassContext(tmp_path / "made", calibration))

    assert made.digest == result_of(name).digest


def test_only_what_is_no_weight_is_an_input(changed):
    assert [given.name for given in read_model(changed(list_weights_as_inputs)).graph.input] == ["windows"]


def test_a_graph_too_old_for_a_scale_per_channel_is_refused_in_a_sentence(changed, calibration, tmp_path):
    def make_old(model):
        model.opset_import[0].version = 11

    with pytest.raises(PassNotApplicableError, match=r"opset 11.*export it again with opset 13 or a later one"):
        PASSES["quantize_static"]().run(changed(make_old), PassContext(tmp_path / "made", calibration))

    assert not (tmp_path / "made").exists()


def renamed_and_reordered(model):
    for node in model.graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                names[place] = name if name in {"windows", "logits", ""} else f"{name}_x"
    for tensor in model.graph.initializer:
        tensor.name += "_x"
    stored = list(reversed(model.graph.initializer))
    model.graph.ClearField("initializer")
    model.graph.initializer.extend(stored)


def another_weight(model):
    array = onnx.numpy_helper.to_array(model.graph.initializer[0]).copy()
    array.flat[0] += 1
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(array, model.graph.initializer[0].name))


def another_stride(model):
    next(entry for entry in model.graph.node[0].attribute if entry.name == "strides").ints[0] += 1


def another_operator(model):
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Elu"


def another_source(model):
    relus = [node for node in model.graph.node if node.op_type == "Relu"]
    relus[1].input[0] = relus[0].output[0]


def test_the_structure_of_a_graph_does_not_depend_on_names_or_order(untrained_variants):
    model = onnx.load(untrained_variants[1].weights)
    structure = structure_of(model)

    renamed_and_reordered(model)

    assert structure_of(model) == structure


@pytest.mark.parametrize("change", [another_weight, another_stride, another_operator, another_source])
def test_the_structure_of_a_graph_changes_with_what_it_computes(untrained_variants, change):
    model = onnx.load(untrained_variants[1].weights)
    structure = structure_of(model)

    change(model)

    assert structure_of(model) != structure


def test_shapes_are_told_where_they_can_be(untrained_variants):
    shapes = shapes_of(onnx.load(untrained_variants[1].weights))

    assert shapes["windows"] == (None, 1, 2048)
    assert shapes["conv1d_1"] == (None, 32, 64)
    assert shapes["classifier.4.weight"] == (4, 100)
