import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node

from engine.errors import DamagedModelError
from engine.variant import Variant, sha256_of
from optimization.passes import PASSES, PassContext
from optimization.statistics import statistics_of


@pytest.fixture
def graph(card, tmp_path):
    """Write a graph from ``windows`` of 64 samples to ``logits``, as a variant."""

    def write(nodes, weights):
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in {"windows": ["batch", 1, 64], "logits": ["batch", 4]}.items()
        ]
        stored = [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()]
        made = helper.make_graph(nodes, "counted", ends[:1], ends[1:], stored)
        path = tmp_path / "model.onnx"
        onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
        terms = replace(card, window=64, hop=32)
        return Variant("onnx", "onnx", "onnx", path, sha256_of(path), terms)

    return write


def ones(*shape):
    return np.ones(shape, np.float32)


def test_a_convolution_and_a_dense_layer_are_counted_as_by_hand(graph):
    kernel = ones(8, 1, 5)
    kernel[0] = 0
    nodes = [
        make_node("Conv", ["windows", "kernel", "bias"], ["a"], name="conv", strides=[2], pads=[2, 2]),
        make_node("Relu", ["a"], ["b"]),
        make_node("Reshape", ["b", "shape"], ["c"]),
        make_node("Gemm", ["c", "dense"], ["logits"], name="dense"),
    ]
    variant = graph(nodes, {"kernel": kernel, "bias": ones(8), "shape": np.array([-1, 256]), "dense": ones(256, 4)})

    counted = statistics_of(variant)

    conv, dense = counted.layers
    assert (conv.name, conv.operator, conv.output_shape) == ("conv", "Conv", (1, 8, 32))
    assert (conv.parameters, conv.non_zero, conv.macs, conv.bytes) == (48, 43, 8 * 32 * 5, 48 * 4)
    assert (dense.parameters, dense.macs) == (1024, 1024)
    assert (counted.parameters, counted.non_zero, counted.macs) == (1072, 1067, 1280 + 1024)
    assert counted.peak_activation_bytes == 2 * 8 * 32 * 4  # before and after the ReLU; the other shape is no copy
    assert counted.size_bytes == variant.size_bytes
    assert counted.compressed_bytes < 1000 < counted.size_bytes


@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3)])
def test_a_recurrent_layer_multiplies_at_every_step_both_ways(graph, kind, gates):
    nodes = [
        make_node("Reshape", ["windows", "steps"], ["a"]),
        make_node("Transpose", ["a"], ["b"], perm=[1, 0, 2]),
        make_node(kind, ["b", "W", "R", "B"], ["", "h"], hidden_size=2, direction="bidirectional"),
        make_node("Transpose", ["h"], ["c"], perm=[1, 0, 2]),
        make_node("Reshape", ["c", "row"], ["logits"]),
    ]
    weights = {"steps": np.array([0, 16, 4]), "row": np.array([-1, 4])}
    weights |= {"W": ones(2, gates * 2, 4), "R": ones(2, gates * 2, 2), "B": ones(2, gates * 4)}

    counted = statistics_of(graph(nodes, weights))

    assert counted.macs == 16 * 2 * gates * 2 * (4 + 2)
    assert counted.parameters == 2 * gates * 2 * (4 + 2 + 2)


def test_weights_that_two_layers_share_count_once_and_multiply_twice(graph):
    nodes = [
        make_node("ReduceMean", ["windows", "axes"], ["a"], keepdims=0),
        make_node("MatMul", ["a", "row"], ["b"]),
        make_node("MatMul", ["b", "square"], ["c"]),
        make_node("MatMul", ["c", "square"], ["logits"]),
    ]

    counted = statistics_of(graph(nodes, {"axes": np.array([2]), "row": ones(1, 4), "square": ones(4, 4)}))

    assert [layer.parameters for layer in counted.layers] == [4, 16, 0]
    assert [layer.macs for layer in counted.layers] == [4, 16, 16]


def test_both_forms_of_a_network_multiply_alike(untrained_variants):
    pytorch, graph = map(statistics_of, untrained_variants)
    per_layer = [16 * 128 * 64, 32 * 64 * 16 * 3, 64 * 32 * 32 * 3, 64 * 16 * 64 * 3, 64 * 6 * 64 * 3, 19_200, 400]

    for counted in (pytorch, graph):
        assert [layer.macs for layer in counted.layers if layer.macs] == per_layer
        assert counted.macs == sum(per_layer)
    # Batch normalisation has two numbers a channel, and is folded away in the graph.
    assert pytorch.parameters - graph.parameters == 2 * (16 + 32 + 64 + 64 + 64 + 100) == 53_904 - 53_224
    assert pytorch.layers[0].name == "features.0.0"
    assert pytorch.peak_activation_bytes == graph.peak_activation_bytes == 2 * 16 * 128 * 4


@pytest.mark.parametrize(
    ("name", "parameters", "million_macs"),
    [("cnn-bilstm", 174_788, 11.797), ("patch-transformer", 414_724, 28.836), ("resnet18-1d", 3_845_956, 348.588)],
)
def test_every_network_is_counted(card, tmp_path, name, parameters, million_macs):
    from safetensors.torch import save_file

    from engine.networks import build

    weights = tmp_path / "model.safetensors"
    save_file(build(name, len(card.classes)).state_dict(), weights)
    variant = Variant("pytorch", "pytorch", "safetensors", weights, sha256_of(weights), replace(card, name=name))

    counted = statistics_of(variant)

    assert counted.parameters == parameters
    assert counted.macs / 1e6 == pytest.approx(million_macs, abs=0.001)


@pytest.fixture(scope="session")
def integers(untrained_variants, tmp_path_factory):
    """Both INT8 forms of the network."""
    from optimization.calibration import simulated_calibration

    start = untrained_variants[1]
    folder = tmp_path_factory.mktemp("integers")
    calibration = simulated_calibration(start.card, windows=8)
    return (
        PASSES["quantize_static"]().run(start, PassContext(folder / "static", calibration)),
        PASSES["quantize_dynamic"](operators="all").run(start, PassContext(folder / "dynamic")),
    )


def test_integers_have_the_weights_of_their_parent_scales_left_out_and_a_quarter_of_its_activations(
    untrained_variants, integers
):
    parent, (static, dynamic) = statistics_of(untrained_variants[1]), map(statistics_of, integers)

    for counted in (static, dynamic):
        assert (counted.parameters, counted.macs) == (parent.parameters, parent.macs)
        assert counted.parameters > counted.non_zero > 0.9 * counted.parameters
    # The window itself stays in float32 beside the first layer's integers.
    assert static.peak_activation_bytes == 2048 * 4 + 2048
    assert sum(layer.bytes for layer in static.layers) < 0.3 * sum(layer.bytes for layer in parent.layers)


def test_half_precision_has_half_of_the_activations(untrained_variants, tmp_path):
    made = PASSES["convert_fp16"]().run(untrained_variants[1], PassContext(tmp_path / "made"))

    counted = statistics_of(made)

    assert (counted.parameters, counted.macs) == (53_224, 715_920)
    assert counted.peak_activation_bytes == 2048 * 4 + 2048 * 2


def test_zeros_show_in_the_compressed_size_alone(untrained_variants, tmp_path):
    model = onnx.load(untrained_variants[1].weights)
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor).copy()
        if array.dtype == np.float32:
            array.reshape(-1)[::2] = 0
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    half = statistics_of(replace(untrained_variants[1], weights=path, digest=sha256_of(path)))
    whole = statistics_of(untrained_variants[1])

    assert half.sparsity == pytest.approx(0.5, abs=0.001)
    assert whole.sparsity == 0
    assert half.size_bytes == whole.size_bytes
    assert half.compressed_bytes < 0.65 * whole.compressed_bytes


def test_they_are_plain_json(untrained_variants):
    counted = statistics_of(untrained_variants[1])
    told = json.loads(json.dumps(counted.to_json()))

    assert told["parameters"] == counted.parameters
    assert told["layers"][0]["output_shape"] == [1, 16, 128]


def test_a_file_that_was_altered_is_damaged(untrained_variants):
    with pytest.raises(DamagedModelError):
        statistics_of(replace(untrained_variants[1], digest="0" * 64))
