import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from optimization.passes.rewriting.normalisation import fold_normalisation

RANDOM = np.random.default_rng(0)
NORMALISING = ("scale", "shift", "mean", "variance")


def graph_of(nodes, weights, shape, output="y"):
    """A graph from ``x`` of a shape to ``output``, its weights float32."""
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, shape),
        helper.make_tensor_value_info(output, TensorProto.FLOAT, None),
    ]
    stored = [numpy_helper.from_array(np.asarray(array, np.float32), name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "graph", ends[:1], ends[1:], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def normalisation(width):
    return {
        "scale": RANDOM.uniform(0.5, 2, width),
        "shift": RANDOM.standard_normal(width),
        "mean": RANDOM.standard_normal(width),
        "variance": RANDOM.uniform(0.5, 2, width),
    }


def normalising(given="inner", output="y", **attributes):
    return helper.make_node("BatchNormalization", [given, *NORMALISING], [output], **attributes)


def answers(model, shape):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    windows = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    return session.run(None, {"x": windows})


def layers():
    """Layers that can absorb what follows them: nodes, weights and the shape that they take."""
    wide = RANDOM.standard_normal
    node = helper.make_node
    return {
        "Conv": ([node("Conv", ["x", "w"], ["inner"])], {"w": wide((6, 3, 5))}, (2, 3, 20), 6),
        "Conv with bias": (
            [node("Conv", ["x", "w", "b"], ["inner"])],
            {"w": wide((6, 3, 5)), "b": wide(6)},
            (2, 3, 20),
            6,
        ),
        "Conv in groups": (
            [node("Conv", ["x", "w"], ["inner"], group=3)],
            {"w": wide((6, 1, 5))},
            (2, 3, 20),
            6,
        ),
        "Gemm": (
            [node("Gemm", ["x", "w", "b"], ["inner"], transB=1, alpha=0.5, beta=3.0)],
            {"w": wide((6, 8)), "b": wide(6)},
            (2, 8),
            6,
        ),
        "Gemm with one bias for all": (
            [node("Gemm", ["x", "w", "b"], ["inner"])],
            {"w": wide((8, 6)), "b": 1.5},
            (2, 8),
            6,
        ),
        "MatMul": ([node("MatMul", ["x", "w"], ["inner"])], {"w": wide((8, 6))}, (2, 8), 6),
        "MatMul and Add": (
            [node("MatMul", ["x", "w"], ["raw"]), node("Add", ["b", "raw"], ["inner"])],
            {"w": wide((8, 6)), "b": wide(6)},
            (2, 8),
            6,
        ),
    }


@pytest.mark.parametrize("name", layers())
def test_a_layer_absorbs_what_follows_it_and_answers_as_before(name):
    nodes, weights, shape, width = layers()[name]
    model = graph_of([*nodes, normalising(epsilon=0.1)], weights | normalisation(width), shape)
    before = answers(model, shape)

    assert fold_normalisation(model) == 1

    assert [node.op_type for node in model.graph.node] in (["Conv"], ["Gemm"])
    np.testing.assert_allclose(answers(model, shape), before, rtol=1e-4, atol=1e-4)


def test_two_in_a_row_are_both_absorbed():
    node, width = helper.make_node, 6
    nodes = [node("Conv", ["x", "w"], ["inner"]), normalising(output="middle"), normalising("middle")]
    model = graph_of(nodes, {"w": RANDOM.standard_normal((width, 3, 5))} | normalisation(width), (2, 3, 20))
    before = answers(model, (2, 3, 20))

    assert fold_normalisation(model) == 2

    np.testing.assert_allclose(answers(model, (2, 3, 20)), before, rtol=1e-4, atol=1e-4)


def test_weights_that_another_layer_shares_stay_for_it():
    node, width = helper.make_node, 3
    nodes = [
        node("Conv", ["x", "w"], ["inner"], pads=[2, 2]),
        normalising(output="normal"),
        node("Conv", ["normal", "w"], ["y"], pads=[2, 2]),
    ]
    model = graph_of(nodes, {"w": RANDOM.standard_normal((width, 3, 5))} | normalisation(width), (2, 3, 20))
    before = answers(model, (2, 3, 20))

    assert fold_normalisation(model) == 1

    np.testing.assert_allclose(answers(model, (2, 3, 20)), before, rtol=1e-4, atol=1e-4)


def left_alone():
    """Graphs whose normalisation no layer can absorb."""
    node, width = helper.make_node, 6
    weights = {"w": RANDOM.standard_normal((width, 3, 5))} | normalisation(width)
    conv = node("Conv", ["x", "w"], ["inner"])
    twice = [conv, normalising(output="normal"), node("Add", ["inner", "normal"], ["y"])]
    relu = [conv, node("Relu", ["inner"], ["positive"]), normalising("positive")]
    made = [node("Relu", ["w"], ["weights"]), node("Conv", ["x", "weights"], ["inner"]), normalising()]
    three = [node("MatMul", ["x", "w3"], ["inner"]), normalising()]
    return {
        "read twice": graph_of(twice, weights, (2, 3, 20)),
        "behind a ReLU": graph_of(relu, weights, (2, 3, 20)),
        "weights that are computed": graph_of(made, weights, (2, 3, 20)),
        "channels along another axis": graph_of(
            three, {"w3": RANDOM.standard_normal((20, 9))} | normalisation(3), (2, 3, 20)
        ),
        "nothing before it": graph_of([normalising("x")], normalisation(3), (2, 3, 20)),
    }


@pytest.mark.parametrize("name", left_alone())
def test_what_no_layer_can_absorb_stays(name):
    model = left_alone()[name]
    before = model.SerializeToString()

    assert fold_normalisation(model) == 0
    assert model.SerializeToString() == before
