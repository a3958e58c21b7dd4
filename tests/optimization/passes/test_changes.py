import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from optimization.passes.changes import compare, quantised_share


def test_a_step_between_two_graphs_is_told_by_the_operators_whose_number_differs(start_of, result_of):
    made = result_of("quantize_static")
    changed = compare(result_of("export_onnx"), made)

    assert changed.nodes["Relu"] == (6, 0)
    assert changed.nodes["QuantizeLinear"][0] == 0 < changed.nodes["QuantizeLinear"][1]
    assert "Conv" not in changed.nodes
    assert changed.size_bytes == (result_of("export_onnx").size_bytes, made.size_bytes)
    assert changed.to_json()["nodes"]["Relu"] == [6, 0]


def test_an_export_is_told_by_numbers_and_bytes_alone(untrained_variants):
    changed = compare(*untrained_variants)

    assert changed.nodes == {}
    # Five convolutions and two dense layers; beside them the five statistics of six batch normalisations, or a bias.
    weights = 16 * 64 + 32 * 16 * 3 + 64 * 32 * 3 + 2 * 64 * 64 * 3 + 192 * 100 + 100 * 4
    channels = 16 + 32 + 64 + 64 + 64 + 100
    statistics = 4 * channels + 6  # weight, bias, mean, variance, and how many batches there were
    assert changed.weights[0] == weights + channels + 4 + statistics
    # A shape to flatten to, of two numbers, is among those of the graph.
    assert changed.weights[1] == weights + channels + 4 + 2


def dense(weight_from, *more_nodes, initializers=()):
    """A graph of one product with the weight ``w``, which may come from elsewhere, and one of two activations."""
    nodes = [*more_nodes, helper.make_node("MatMul", ["x", weight_from], ["y"]), helper.make_node("MatMul", "xy", "z")]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, 4]) for name in "xz"]
    return helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], list(initializers)))


@pytest.mark.parametrize("stored", ["initializer", "constant", "integers"])
def test_layers_that_store_integers_are_counted_and_products_of_activations_are_none(tmp_path, stored):
    weight = numpy_helper.from_array(np.eye(4, dtype=np.float32), "w")
    integers = numpy_helper.from_array(np.eye(4, dtype=np.int8), "i")
    scale = numpy_helper.from_array(np.float32(0.1), "s")
    model = {
        "initializer": dense("w", initializers=[weight]),
        "constant": dense("w", helper.make_node("Constant", [], ["w"], value=weight)),
        "integers": dense("w", helper.make_node("DequantizeLinear", ["i", "s"], ["w"]), initializers=[integers, scale]),
    }[stored]
    onnx.save(model, tmp_path / "model.onnx")

    assert quantised_share(tmp_path / "model.onnx") == (1 if stored == "integers" else 0, 1)


def test_a_product_of_two_dequantised_activations_is_no_layer(tmp_path):
    stored = [numpy_helper.from_array(np.float32(0.1), "s"), numpy_helper.from_array(np.eye(4, dtype=np.float32), "w")]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("QuantizeLinear", ["y", "s"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s"], ["d"]),
        helper.make_node("MatMul", ["x", "d"], ["z"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, 4]) for name in "xz"]
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], stored)), tmp_path / "model.onnx")

    assert quantised_share(tmp_path / "model.onnx") == (0, 1)


def test_the_share_of_each_way_to_int8_is_what_it_says(result_of):
    shares = {name: quantised_share(result_of(name).weights) for name in ("quantize_static", "quantize_dynamic")}

    assert shares == {"quantize_static": (7, 7), "quantize_dynamic": (2, 7)}
