import numpy as np
import onnx
from onnx import helper
from onnx.helper import make_node

from engine.runtimes import load
from optimization.passes.changes import operators
from optimization.passes.rewriting.constants import fold_constants
from optimization.passes.rewriting.parity import answers, session_of


def test_what_is_cut_out_of_weights_is_stored_cut_and_the_rest_stays(stranger):
    whole = np.random.default_rng(0).standard_normal((8, 4)).astype(np.float32)
    nodes = [
        make_node("ReduceMean", ["windows", "axes"], ["means"], keepdims=0),
        make_node("Constant", [], ["zero"], value=helper.make_tensor("", onnx.TensorProto.INT64, [1], [0])),
        make_node("Slice", ["whole", "zero", "one", "zero"], ["row"]),
        make_node("Slice", ["whole", "one", "two", "zero"], ["next"]),
        make_node("Add", ["row", "next"], ["both"]),
        make_node("Mul", ["means", "both"], ["weighted"]),
        make_node("Add", ["weighted", "row"], ["logits"]),
    ]
    start = stranger(nodes, {"whole": whole, "axes": np.array([2]), "one": np.array([1]), "two": np.array([2])})
    windows = np.random.default_rng(1).standard_normal((3, 1, 64)).astype(np.float32)

    folded = fold_constants(onnx.load(start.weights))

    assert operators(folded.graph) == {"ReduceMean": 1, "Mul": 1, "Add": 1}
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in folded.graph.initializer}
    assert stored.keys() == {"axes", "row", "both"}
    np.testing.assert_array_equal(stored["both"], whole[:1] + whole[1:2])
    np.testing.assert_array_equal(
        answers(session_of(folded.SerializeToString()), windows), load(start).predict(windows)
    )


def test_a_graph_without_anything_to_fold_is_the_same(untrained_variants):
    model = onnx.load(untrained_variants[1].weights)

    assert fold_constants(onnx.load(untrained_variants[1].weights)) == model
