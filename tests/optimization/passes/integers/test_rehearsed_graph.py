import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from optimization.passes.integers.rehearsed_graph import rounded, store_integers


def test_weights_are_rounded_halves_to_even_and_clipped():
    weights = np.array([[0.5, 1.5, -0.5], [300.0, -300.0, 2.4]], np.float32)

    whole = rounded(weights, np.float32(1.0), np.int8(0), 1)
    assert whole.tolist() == [[0, 2, 0], [127, -128, 2]]
    assert whole.dtype == np.int8
    each = rounded(weights, np.array([0.5, 4.0], np.float32), np.zeros(2, np.int8), 0)
    assert each.tolist() == [[1, 3, -1], [75, -75, 1]]


@pytest.fixture
def model():
    """Weights that are rounded in the graph, through a copy, with scales that are lists of one."""
    tensors = {
        "w": np.arange(12, dtype=np.float32).reshape(3, 4),
        "one": np.array([0.5], np.float32),
        "zero": np.array([0], np.int8),
    }
    node = helper.make_node
    nodes = [
        node("Identity", ["w"], ["copy"]),
        node("QuantizeLinear", ["copy", "one", "zero"], ["integers"]),
        node("DequantizeLinear", ["integers", "one", "zero"], ["weights"]),
        node("Flatten", ["x"], ["flat_x"]),
        node("Gemm", ["flat_x", "weights"], ["y"]),
    ]
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1, 3]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4]),
    ]
    stored = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    graph = helper.make_graph(nodes, "graph", ends[:1], ends[1:], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def test_what_was_rounded_in_the_graph_is_stored_as_integers_with_scalar_scales(model):
    store_integers(model)

    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    assert [node.op_type for node in model.graph.node] == ["DequantizeLinear", "Reshape", "Gemm"]
    assert stored["integers"].tolist() == [[0, 2, 4, 6], [8, 10, 12, 14], [16, 18, 20, 22]]
    assert stored["integers"].dtype == np.int8
    assert "w" not in stored
    assert stored[model.graph.node[0].input[1]].shape == ()


def test_the_rewritten_graph_answers_as_before(model):
    import onnxruntime

    windows = np.random.default_rng(0).standard_normal((2, 1, 3)).astype(np.float32)

    def answers():
        options = onnxruntime.SessionOptions()
        # As the graph says, or the runtime would round the windows too, once it sees weights of integers.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, {"x": windows})[0]

    before = answers()
    store_integers(model)
    np.testing.assert_allclose(answers(), before, rtol=1e-6)
