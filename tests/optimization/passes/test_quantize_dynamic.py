from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import NoEffect
from engine.variant import Variant, sha256_of
from optimization.passes import PASSES, PassContext


@pytest.fixture
def quantised(untrained_variants, tmp_path):
    def quantise(**parameters):
        return PASSES["quantize_dynamic"](**parameters).run(untrained_variants[1], PassContext(tmp_path / "made"))

    return quantise


def operators(variant):
    return Counter(node.op_type for node in onnx.load(variant.weights).graph.node)


def types_of_weights(variant):
    return {tensor.data_type for tensor in onnx.load(variant.weights).graph.initializer if len(tensor.dims) > 1}


def test_by_default_dense_layers_alone_are_quantised(result_of):
    found = operators(result_of("quantize_dynamic"))

    assert (found["MatMulInteger"], found["Gemm"]) == (2, 0)
    assert (found["Conv"], found["ConvInteger"]) == (5, 0)


def test_on_request_convolutions_are_quantised_too(quantised):
    found = operators(quantised(operators="all"))

    assert (found["MatMulInteger"], found["ConvInteger"], found["Conv"]) == (2, 5, 0)


def test_weights_are_signed_unless_asked_otherwise(result_of, quantised):
    assert types_of_weights(result_of("quantize_dynamic")) == {TensorProto.FLOAT, TensorProto.INT8}
    assert types_of_weights(quantised(weight_type="U8")) == {TensorProto.FLOAT, TensorProto.UINT8}


def test_a_scale_for_each_channel_if_asked_for(quantised):
    scales = [list(tensor.dims) for tensor in onnx.load(quantised(per_channel=True).weights).graph.initializer]

    assert [100] in scales
    assert [4] in scales


def test_a_graph_without_dense_layers_is_not_changed_and_that_is_said(card, tmp_path):
    weights = numpy_helper.from_array(np.ones((4, 1, card.window), np.float32), "w")
    shape = numpy_helper.from_array(np.array([-1, 4]), "shape")
    windows = helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["batch", 1, card.window])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 4])
    nodes = [helper.make_node("Conv", ["windows", "w"], ["c"]), helper.make_node("Reshape", ["c", "shape"], ["logits"])]
    graph = helper.make_graph(nodes, "g", [windows], [logits], [weights, shape])
    path = tmp_path / "start" / "model.onnx"
    path.parent.mkdir()
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    start = Variant("onnx", "onnx", "onnx", path, sha256_of(path), card)

    with pytest.raises(NoEffect, match="wdcnn/onnx has no weights in the operators that it quantises"):
        PASSES["quantize_dynamic"]().run(start, PassContext(tmp_path / "made"))
    made = PASSES["quantize_dynamic"](operators="all").run(start, PassContext(tmp_path / "all"))

    assert operators(made)["ConvInteger"] == 1
    assert {path.name for path in tmp_path.iterdir()} == {"start", "all"}


def test_recurrent_layers_are_quantised_and_gated_units_stay_as_they_are(recurrent_variant, tmp_path):
    made_by = PASSES["quantize_dynamic"]()
    for operator, said in (("LSTM", "1 of 1"), ("GRU", "0 of 1")):
        start = recurrent_variant(operator)
        made = made_by.run(start, PassContext(tmp_path / operator))
        first, *others = made_by.notes(start, made)

        assert first == f"Computing with integers: 0 of 1 convolutions, 1 of 1 dense layers, {said} recurrent layers."
        assert [other[:3] for other in others] == (["GRU"] if operator == "GRU" else [])


def test_products_of_activations_are_left_to_float32(attention_variant, tmp_path):
    made_by = PASSES["quantize_dynamic"]()
    made = made_by.run(attention_variant, PassContext(tmp_path / "made"))

    assert made_by.notes(attention_variant, made) == (
        "Computing with integers: 4 of 4 dense layers.",
        "2 products of two activations, as attention has them, stayed in float32.",
    )
