import logging
import sys
from collections import Counter

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from optimization.passes.integers.quantiser import fused_counts, prepare_graph, quiet_quantiser


def test_weights_that_are_cut_out_of_larger_ones_come_to_stand_in_the_graph(tmp_path):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4]) for name in "xy"]
    numbers = {"w": np.ones((8, 4), np.float32), "start": np.array([0]), "end": np.array([4])}
    nodes = [
        helper.make_node("Slice", ["w", "start", "end"], ["cut"]),
        helper.make_node("MatMul", ["x", "cut"], ["y"]),
    ]
    weights = [numpy_helper.from_array(array, name) for name, array in numbers.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)

    prepared = prepare_graph(model, tmp_path / "prepared.onnx")

    assert [node.op_type for node in prepared.graph.node] == ["MatMul"]
    assert prepared.graph.node[0].input[1] in {tensor.name for tensor in prepared.graph.initializer}
    assert onnx.load(tmp_path / "prepared.onnx") == prepared


def test_it_writes_no_operators_that_only_one_kind_of_processor_runs(untrained_variants, tmp_path):
    model = onnx.load(untrained_variants[1].weights)

    prepared = prepare_graph(model, tmp_path / "prepared.onnx")

    assert Counter(node.op_type for node in prepared.graph.node) == Counter(node.op_type for node in model.graph.node)


def test_what_runs_is_counted_once_the_runtime_has_fused_it(untrained_variants, result_of):
    float32, int8 = fused_counts(untrained_variants[1]), fused_counts(result_of("quantize_static"))

    assert (int8["QLinearConv"], int8["QGemm"], int8["Relu"]) == (5, 2, 0)
    assert float32["QLinearConv"] == 0
    assert "Relu" not in float32  # part of the convolution before it


def test_the_quantiser_is_not_heard_and_everybody_else_is(capsys, caplog):
    def said_by(path, message):
        return logging.LogRecord("root", logging.WARNING, path, 1, message, None, None)

    root = logging.getLogger()
    with quiet_quantiser():
        print("Collecting tensor data")  # noqa: T201
        root.handle(said_by("/lib/onnxruntime/quantization/quantize.py", "consider pre-processing"))
        root.handle(said_by("/lib/somebody/else.py", "the disk is full"))

    assert capsys.readouterr().out == ""
    assert [record.getMessage() for record in caplog.records] == ["the disk is full"]


def test_logging_and_printing_are_afterwards_what_they_were():
    root, out = logging.getLogger(), sys.stdout
    handlers, filters, level = [*root.handlers], [*root.filters], root.level

    with quiet_quantiser():
        logging.warning("through the module, which sets up the root logger if nobody did")

    assert (root.handlers, root.filters, root.level, sys.stdout) == (handlers, filters, level, out)
