from collections import Counter
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from engine.errors import PassNotApplicableError
from engine.runtimes import load
from optimization.passes import PASSES, PassContext
from optimization.passes.changes import operators
from optimization.recording_set import simulated_set


def operators_that_run(variant, path):
    """What is left of a graph once the runtime has fused it for this processor."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(variant.weights, options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def test_it_runs_the_operators_of_static_int8_and_is_no_larger(result_of, tmp_path):
    trained, static = result_of("qat"), result_of("quantize_static")

    assert operators_that_run(trained, tmp_path / "trained") == operators_that_run(static, tmp_path / "static")
    assert trained.size_bytes < 1.02 * static.size_bytes
    assert (trained.name, trained.backend, trained.format) == ("int8-qat", "int8", "onnx")


def test_it_answers_nearly_as_its_parent_does_on_windows_that_it_did_not_see(untrained_variants, result_of):
    start = untrained_variants[0]
    windows = np.concatenate([one.windows(start.card) for one in simulated_set(8, seed=5).recordings])
    expected, answered = load(start).predict(windows), load(result_of("qat")).predict(windows)

    assert 10 * np.log10((expected**2).sum() / ((answered - expected) ** 2).sum()) > 20


def test_weights_are_stored_as_integers_and_scales_of_whole_tensors_are_scalars(result_of):
    graph = onnx.load(result_of("qat").weights).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    made_in_a_run = {node.output[0] for node in graph.node if node.op_type == "QuantizeLinear"}
    scales = {
        node.input[0] in made_in_a_run: list(stored[node.input[1]].dims)
        for node in graph.node
        if node.op_type == "DequantizeLinear"
    }

    assert "Identity" not in operators(graph)
    assert scales[True] == []
    assert len(scales[False]) == 1
    assert sum(np.prod(tensor.dims) for tensor in stored.values() if tensor.data_type == onnx.TensorProto.INT8) > 53_000


def test_one_scale_for_all_weights_of_a_layer_and_nothing_said_of_what_torch_deprecates(
    untrained_variants, tmp_path, capfd
):
    made = PASSES["qat"](steps=50, per_channel=False).run(untrained_variants[0], PassContext(tmp_path / "made"))

    assert {len(tensor.dims) for tensor in onnx.load(made.weights).graph.initializer if "scale" in tensor.name} == {0}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["cnn-bilstm", "patch-transformer"])
def test_recurrent_and_attending_networks_are_refused_with_what_to_do_instead(untrained_variants, name):
    start = untrained_variants[0]

    with pytest.raises(PassNotApplicableError, match="export it, and use quantize_static or quantize_dynamic"):
        PASSES["qat"]().requires(replace(start, card=replace(start.card, name=name)))
