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
from optimization.passes.integers.layers import layers_of
from optimization.passes.integers.ranges import BATCH
from optimization.passes.quantize_static import nodes_named

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
    context = PassContext(tmp_path / "made", calibration, progress=lambda *told: said.append(told))

    PASSES["quantize_static"]().run(untrained_variants[1], context)

    assert [told[1:] for told in said if told[0] == "Calibrating"] == [(0, 8), (BATCH, 8), (8, 8)]


def one_node(name, output):
    node = onnx.helper.make_node("Relu", ["x"], [output], name=name)
    return onnx.ModelProto(graph=onnx.helper.make_graph([node], "g", [], []))


def test_the_name_that_a_node_had_before_the_graph_was_prepared_will_do():
    assert nodes_named(("seen", "prepared"), one_node("seen", "y"), one_node("prepared", "y")) == ("prepared",) * 2
    with pytest.raises(RecipeError, match="folds that node away, though it has prepared"):
        nodes_named(("seen",), one_node("seen", "z"), one_node("prepared", "y"))


def quantised_network(variant, calibration, folder, **parameters):
    return PASSES["quantize_static"](**parameters).run(variant, PassContext(folder, calibration))


def test_in_a_recurrent_network_convolutions_become_static_and_the_rest_dynamic(
    recurrent_variant, calibration, tmp_path
):
    start = recurrent_variant()
    made = quantised_network(start, calibration, tmp_path / "made")

    run = operators_that_run(made, tmp_path / "run.onnx")
    assert (run["QLinearConv"], run["DynamicQuantizeLSTM"], run["DynamicQuantizeMatMul"]) == (1, 1, 1)
    assert not {"Conv", "LSTM", "Gemm", "MatMul", "Relu"} & run.keys()
    assert PASSES["quantize_static"]().notes(start, made) == (
        "Computing with integers: 1 of 1 convolutions, 1 of 1 dense layers, 1 of 1 recurrent layers.",
    )


def test_a_recurrent_layer_stays_in_float32_if_asked(recurrent_variant, calibration, tmp_path):
    made_by = PASSES["quantize_static"](recurrent="float32")
    made = made_by.run(recurrent_variant(), PassContext(tmp_path / "made", calibration))

    run = operators_that_run(made, tmp_path / "run.onnx")
    assert (run["QLinearConv"], run["LSTM"], run["QGemm"]) == (1, 1, 1)


@pytest.mark.parametrize(("kept", "left"), [("recurrent", "LSTM"), ("dense", "MatMul"), ("conv", "Conv")])
def test_any_layer_of_a_recurrent_network_can_be_kept(recurrent_variant, calibration, tmp_path, kept, left):
    made_by = PASSES["quantize_static"](keep_fp32=(kept,))
    made = made_by.run(recurrent_variant(), PassContext(tmp_path / "made", calibration))

    float32 = {layer.operator for layer in layers_of(onnx.load(made.weights).graph) if not layer.integer}
    assert float32 == {left}
    assert made_by.notes(recurrent_variant(), made)[1].startswith(kept)


def test_gated_recurrent_units_stay_in_float32_and_it_says_so(recurrent_variant, calibration, tmp_path):
    start = recurrent_variant("GRU")
    made = quantised_network(start, calibration, tmp_path / "made")

    assert operators_that_run(made, tmp_path / "run.onnx")["GRU"] == 1
    assert PASSES["quantize_static"]().notes(start, made)[-1] == (
        "GRU stayed in float32: ONNX Runtime has no integer form of it."
    )


def test_of_attention_all_or_only_what_goes_into_dense_layers_is_quantised(attention_variant, calibration, tmp_path):
    every = quantised_network(attention_variant, calibration, tmp_path / "all")
    dense = quantised_network(attention_variant, calibration, tmp_path / "dense", operators="dense")

    assert all(layer.integer for layer in layers_of(onnx.load(every.weights).graph))
    layers = {layer.name: layer.integer for layer in layers_of(onnx.load(dense.weights).graph)}
    assert layers == dict.fromkeys(("embedding", "queries", "keys", "dense"), True) | dict.fromkeys(
        ("scores", "attended"), False
    )
    quantised = [node.input[0] for node in onnx.load(dense.weights).graph.node if node.op_type == "QuantizeLinear"]
    assert sorted(quantised) == ["cut", "mean", "tokens"]  # what goes in, and nothing that comes out


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
