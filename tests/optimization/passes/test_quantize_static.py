import os
import subprocess
import sys
from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest

from engine.errors import RecipeError
from engine.runtimes import load
from optimization.passes import PASSES, PassContext
from optimization.passes.quantize_static import BATCH

FRESH = """
import sys
from pathlib import Path
from engine.variant import Variant
from optimization.calibration import simulated_calibration
from optimization.passes import PASSES, PassContext

start = Variant.load(Path(sys.argv[1]))
context = PassContext(Path(sys.argv[2]), simulated_calibration(start.card, windows=8))
print(PASSES["quantize_static"](method=sys.argv[3]).run(start, context).digest)
"""


@pytest.fixture
def quantised(untrained_variants, calibration, tmp_path):
    def quantise(**parameters):
        made_by = PASSES["quantize_static"](**parameters)
        return made_by.run(untrained_variants[1], PassContext(tmp_path / str(len([*tmp_path.iterdir()])), calibration))

    return quantise


def operators_that_run(variant, path):
    """What is left of a graph once the runtime has fused it for this processor."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(variant.weights, options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def test_every_convolution_and_dense_layer_runs_on_integers_and_no_relu_is_left(result_of, tmp_path):
    run = operators_that_run(result_of("quantize_static"), tmp_path / "run.onnx")

    assert run["QLinearConv"] == 5
    assert run["QGemm"] == 2
    assert (run["QuantizeLinear"], run["DequantizeLinear"]) == (1, 1)  # once on the way in, once on the way out
    assert not {"Conv", "Gemm", "MatMul", "Relu", "MaxPool"} & run.keys()


@pytest.mark.parametrize("opset", [18, 23])
def test_the_graph_of_every_opset_fuses_as_well(exported_at, calibration, tmp_path, opset):
    made = PASSES["quantize_static"]().run(exported_at(opset), PassContext(tmp_path / "int8", calibration))

    run = operators_that_run(made, tmp_path / "run.onnx")

    assert (run["QLinearConv"], run["QGemm"]) == (5, 2)


def test_its_file_is_about_a_third_of_a_small_networks(untrained_variants, result_of):
    # A quarter would be all, were it not for the text of the graph and the integers of the biases.
    assert result_of("quantize_static").size_bytes / untrained_variants[1].size_bytes < 0.35


def test_it_answers_nearly_as_its_parent_does_on_windows_that_it_did_not_see(untrained_variants, result_of):
    from optimization.recording_set import simulated_set

    _, start = untrained_variants
    windows = np.concatenate([one.windows(start.card) for one in simulated_set(8, seed=5).recordings])
    expected, answered = load(start).predict(windows), load(result_of("quantize_static")).predict(windows)

    assert 10 * np.log10((expected**2).sum() / ((answered - expected) ** 2).sum()) > 20


def test_the_variant_says_what_it_was_calibrated_on(result_of, calibration):
    assert result_of("quantize_static").calibration == calibration.provenance


@pytest.mark.parametrize(("scheme", "types"), [("U8S8", (2, 3)), ("S8S8", (3, 3)), ("U8U8", (2, 2))])
def test_a_scheme_says_of_which_integers_activations_and_weights_are(quantised, scheme, types):
    graph = onnx.load(quantised(scheme=scheme).weights).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    made_in_a_run = {node.output[0] for node in graph.node if node.op_type == "QuantizeLinear"}
    zeros = {
        node.input[0] in made_in_a_run: stored[node.input[2]].data_type
        for node in graph.node
        if node.op_type == "DequantizeLinear" and stored[node.input[2]].data_type != onnx.TensorProto.INT32  # biases
    }

    assert (zeros[True], zeros[False]) == types


def test_symmetric_ranges_keep_every_relu(quantised, tmp_path):
    run = operators_that_run(quantised(activations="symmetric"), tmp_path / "run.onnx")

    assert run["Relu"] == 6


def test_a_scale_for_each_channel_or_one_for_all(quantised):
    def scales(variant):
        return max(
            np.prod(tensor.dims) for tensor in onnx.load(variant.weights).graph.initializer if "scale" in tensor.name
        )

    assert scales(quantised()) == 100
    assert scales(quantised(per_channel=False)) == 1


def test_the_ways_to_read_ranges_read_other_ranges(quantised):
    digests = {method: quantised(method=method).digest for method in ("minmax", "entropy", "percentile")}

    assert len(set(digests.values())) == 3


def test_nodes_can_be_kept_in_float32(quantised, tmp_path):
    made = quantised(keep_fp32=("node_conv1d", "node_conv1d_1"))

    run = operators_that_run(made, tmp_path / "run.onnx")
    assert (run["QLinearConv"], run["QGemm"]) == (3, 2)


def test_a_node_that_is_not_there_is_named_with_the_nearest_one_and_nothing_is_written(quantised, tmp_path):
    with pytest.raises(RecipeError, match=r"keep_fp32 can't be node_conv1: .* node_conv1d"):
        quantised(keep_fp32=("node_conv1",))

    assert not list(tmp_path.iterdir())


def test_windows_are_given_a_few_at_a_time_and_counted(untrained_variants, calibration, tmp_path):
    said = []
    context = PassContext(tmp_path / "made", calibration, lambda *told: said.append(told))

    PASSES["quantize_static"]().run(untrained_variants[1], context)

    assert [told[1:] for told in said if told[0] == "Calibrating"] == [(0, 8), (BATCH, 8), (8, 8)]


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_a_fresh_process_with_another_hash_seed_gives_the_same_bytes(untrained_variants, quantised, tmp_path, method):
    expected = quantised(method=method).digest
    digests = set()
    for seed in ("1", "2") if method == "minmax" else ("3",):
        command = [sys.executable, "-c", FRESH, untrained_variants[1].weights.parent, tmp_path / seed, method]
        environment = os.environ | {"PYTHONHASHSEED": seed}
        answered = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        digests.add(answered.stdout)
        assert answered.stderr == ""

    assert digests == {f"{expected}\n"}
