from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx.helper import make_node

from engine.errors import ModelRefusedError, NoEffect, PassNotApplicableError
from engine.runtimes import load
from engine.variant import sha256_of
from optimization.calibration import simulated_calibration
from optimization.passes import PASSES, PassContext
from optimization.passes.changes import operators
from optimization.passes.rewriting.layout import move_height
from optimization.recipe import Recipe

TO_2D, TO_1D = PASSES["conv_layout"](), PASSES["conv_layout"](layout="1d")


def arrays(**shapes):
    random = np.random.default_rng(0)
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def ending(source, channels):
    """Average over time, and four logits of that many channels."""
    nodes = [
        make_node("GlobalAveragePool", [source], ["averaged"]),
        make_node("Flatten", ["averaged"], ["flat"]),
        make_node("Gemm", ["flat", "dense"], ["logits"]),
    ]
    return nodes, arrays(dense=(channels, 4))


@pytest.fixture
def moved(tmp_path):
    """Give a graph the other layout; return the variant and its graph."""

    def move(variant, made_by=TO_2D):
        made = made_by.run(variant, PassContext(tmp_path / f"made-{sum(1 for _ in tmp_path.iterdir())}"))
        made_by.ensures(variant, made)
        return made, onnx.load(made.weights).graph

    return move


def logits(variant):
    return load(variant).predict(simulated_calibration(variant.card, windows=8).windows)


def require_equal(before, after):
    expected = logits(before)
    np.testing.assert_allclose(logits(after), expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.fixture
def residual(stranger):
    """Every kind of node that is moved: strides, dilation, groups, padding by rule, pooling, constants of all ranks."""
    nodes, weights = ending("scaled", 8)
    body = [
        make_node("Conv", ["windows", "first", "bias"], ["a"], strides=[2], pads=[3, 1]),
        make_node("BatchNormalization", ["a", "gain", "shift", "mean", "variance"], ["b"]),
        make_node("Relu", ["b"], ["c"]),
        make_node("MaxPool", ["c"], ["d"], kernel_shape=[3], strides=[2], ceil_mode=1),
        make_node("Conv", ["d", "each"], ["e"], group=8, dilations=[2], pads=[2, 2]),
        make_node("Conv", ["e", "all"], ["e2"], auto_pad="SAME_UPPER"),
        make_node("Clip", ["e2", "low", ""], ["f"]),
        make_node("Add", ["f", "d"], ["g"]),
        make_node("AveragePool", ["g"], ["h"], kernel_shape=[2], pads=[1, 0], count_include_pad=1),
        make_node("Mul", ["h", "by_channel"], ["i"]),
        make_node("Sub", ["i", "by_time"], ["j"]),
        make_node("Div", ["j", "one_number"], ["scaled"]),
    ]
    found = arrays(
        first=(8, 1, 5), bias=8, gain=8, shift=8, mean=8, each=(8, 1, 3), all=(8, 8, 2), by_channel=(8, 1)
    ) | arrays(by_time=(1, 1, 16))
    found |= {"variance": np.full(8, 2, np.float32), "low": np.float32(-0.5), "one_number": np.float32([3])}
    return stranger([*body, *nodes], weights | found)


def test_everything_that_works_along_time_is_moved_and_answers_as_before(residual, moved):
    made, graph = moved(residual)

    require_equal(residual, made)
    before = operators(onnx.load(residual.weights).graph)
    assert operators(graph) == before | {"Unsqueeze": 1}  # nothing at the end: flattening needs no axis taken off
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    assert [shapes[node.input[1]] for node in graph.node if node.op_type == "Conv"] == [
        [8, 1, 1, 5],
        [8, 1, 1, 3],
        [8, 8, 1, 2],
    ]


def test_back_again_it_is_the_graph_that_it_was(residual, moved):
    back, graph = moved(moved(residual)[0], TO_1D)

    assert operators(graph) == operators(onnx.load(residual.weights).graph)
    np.testing.assert_array_equal(logits(back), logits(residual))


def test_runtimes_find_their_blocked_convolutions(residual, moved):
    made, _ = moved(moved(residual)[0], PASSES["optimize_graph"](level="all"))

    blocked = [node for node in onnx.load(made.weights).graph.node if node.domain == "com.microsoft.nchwc"]
    assert [node.op_type for node in blocked].count("Conv") == 3


def test_an_axis_is_taken_off_where_the_convolutions_end(stranger, moved):
    nodes = [
        make_node("Conv", ["windows", "kernel"], ["a"]),
        make_node("Transpose", ["a"], ["b"], perm=[0, 2, 1]),
        make_node("ReduceMean", ["b", "axes"], ["c"], keepdims=0),
        make_node("MatMul", ["c", "dense"], ["d"]),
        make_node("BatchNormalization", ["d", "gain", "gain", "gain", "ones"], ["logits"]),
    ]
    weights = arrays(kernel=(6, 1, 9), dense=(6, 4), gain=4)
    start = stranger(nodes, weights | {"axes": np.array([1]), "ones": np.ones(4, np.float32)})

    made, graph = moved(start)

    require_equal(start, made)
    assert operators(graph) == operators(onnx.load(start.weights).graph) | {"Unsqueeze": 1, "Squeeze": 1}


def test_an_axis_that_the_graph_puts_in_itself_is_not_taken_off_before(stranger, moved):
    nodes = [
        make_node("Conv", ["windows", "kernel"], ["a"]),
        make_node("Unsqueeze", ["a", "height"], ["image"]),
        make_node("ReduceMean", ["image", "both"], ["means"], keepdims=0),
        make_node("MatMul", ["means", "dense"], ["logits"]),
    ]
    weights = arrays(kernel=(6, 1, 9), dense=(6, 4)) | {"height": np.array([-2]), "both": np.array([-1, -2])}
    start = stranger(nodes, weights)

    made, graph = moved(start)

    require_equal(start, made)
    assert [node.op_type for node in graph.node] == ["Unsqueeze", "Conv", "ReduceMean", "MatMul"]


def test_what_comes_back_from_elsewhere_joins_the_convolutions(stranger, moved):
    nodes, weights = ending("weighted", 6)
    body = [
        make_node("Conv", ["windows", "kernel"], ["a"]),
        make_node("ReduceMean", ["a", "last"], ["means"], keepdims=0),
        make_node("Sigmoid", ["means"], ["shares"]),
        make_node("Unsqueeze", ["shares", "last"], ["for_all"]),
        make_node("Mul", ["a", "for_all"], ["weighted"]),
    ]
    start = stranger([*body, *nodes], weights | arrays(kernel=(6, 1, 9)) | {"last": np.array([2])})

    made, graph = moved(start)

    require_equal(start, made)
    assert operators(graph)["Squeeze"] == 1
    assert operators(graph)["Unsqueeze"] == 3


def test_a_pooling_that_says_where_it_found_its_maximum_stays_as_it_is(stranger, moved):
    nodes, weights = ending("both", 6)
    body = [
        make_node("Conv", ["windows", "kernel"], ["a"]),
        make_node("MaxPool", ["a"], ["b", "places"], kernel_shape=[2], strides=[2]),
        make_node("Cast", ["places"], ["c"], to=onnx.TensorProto.FLOAT),
        make_node("Add", ["b", "c"], ["both"]),
    ]
    start = stranger([*body, *nodes], weights | arrays(kernel=(6, 1, 9)))

    made, graph = moved(start)

    require_equal(start, made)
    (pooling,) = [node for node in graph.node if node.op_type == "MaxPool"]
    assert list(pooling.attribute[0].ints) == [2]


def test_weights_that_are_computed_from_the_window_are_left_alone(stranger, moved):
    nodes, weights = ending("a", 4)
    body = [
        make_node("ReduceMean", ["windows", "axes"], ["level"], keepdims=1),
        make_node("Mul", ["kernel", "level"], ["made"]),
        make_node("Conv", ["windows", "made"], ["a"]),
    ]
    start = stranger([*body, *nodes], weights | arrays(kernel=(4, 1, 3)) | {"axes": np.array([0, 1, 2])})

    with pytest.raises(NoEffect, match="has no convolutions that are not 2d already"):
        moved(start)


def test_a_convolution_over_real_images_is_not_made_one_along_time(stranger, moved):
    nodes = [
        make_node("Reshape", ["windows", "square"], ["image"]),
        make_node("Conv", ["image", "kernel"], ["a"]),
        make_node("GlobalAveragePool", ["a"], ["b"]),
        make_node("Flatten", ["b"], ["logits"]),
    ]
    start = stranger(nodes, arrays(kernel=(4, 1, 1, 3)) | {"square": np.array([-1, 1, 8, 8])})

    with pytest.raises(NoEffect, match="has no convolutions that are not 1d already"):
        moved(start, TO_1D)


def test_a_kernel_that_looks_beyond_an_image_of_height_1_is_left_as_it_is(stranger, moved):
    nodes = [
        make_node("Unsqueeze", ["windows", "height"], ["image"]),
        make_node("Conv", ["image", "kernel"], ["a"], auto_pad="SAME_UPPER"),
        make_node("GlobalAveragePool", ["a"], ["b"]),
        make_node("Flatten", ["b"], ["logits"]),
    ]
    start = stranger(nodes, arrays(kernel=(4, 1, 3, 3)) | {"height": np.array([2])})

    with pytest.raises(NoEffect, match="has no convolutions that are not 1d already"):
        moved(start, TO_1D)


def test_a_graph_that_reads_a_tensor_from_inside_a_branch_keeps_it(stranger, moved):
    nodes, weights = ending("chosen", 4)

    def branch(name, *inner):
        out = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        return onnx.helper.make_graph(list(inner), name, [], [out])

    body = [
        make_node("Conv", ["windows", "kernel"], ["a"]),
        make_node("ReduceMax", ["windows"], ["loudest"], keepdims=0),
        make_node("Greater", ["loudest", "limit"], ["loud"]),
        make_node(
            "If",
            ["loud"],
            ["chosen"],
            then_branch=branch("kept", make_node("Identity", ["a"], ["kept"])),
            else_branch=branch("turned", make_node("Neg", ["a"], ["turned"])),
        ),
    ]
    start = stranger([*body, *nodes], weights | arrays(kernel=(4, 1, 3)) | {"limit": np.float32(1)})

    made, _ = moved(start)

    require_equal(start, made)


def test_a_graph_too_old_is_refused_in_a_sentence(stranger, moved):
    nodes, weights = ending("a", 4)
    start = stranger([make_node("Conv", ["windows", "kernel"], ["a"]), *nodes], weights | arrays(kernel=(4, 1, 3)))
    model = onnx.load(start.weights)
    model.opset_import[0].version = 12
    onnx.save(model, start.weights)
    old = replace(start, digest=sha256_of(start.weights))

    with pytest.raises(PassNotApplicableError, match=r"opset 12; export it again with opset 13 or a later one"):
        moved(old)


def test_a_graph_that_comes_out_with_other_answers_is_refused_and_nothing_is_written(residual, tmp_path, monkeypatch):
    def careless(model, to):
        done = move_height(model, to)
        for tensor in model.graph.initializer:
            if tensor.name == "all_2d":
                tensor.raw_data = bytes(len(tensor.raw_data))
        return done

    monkeypatch.setattr("optimization.passes.conv_layout.move_height", careless)

    with pytest.raises(ModelRefusedError, match="away from what it answered before"):
        TO_2D.run(residual, PassContext(tmp_path / "made"))
    assert not (tmp_path / "made").exists()


def test_of_integers_it_makes_nothing_and_says_where_it_belongs(result_of):
    with pytest.raises(PassNotApplicableError, match="put it before the INT8 pass"):
        TO_2D.requires(result_of("quantize_static"))


def test_integers_follow_it(untrained_variants, result_of, calibration, tmp_path):
    quantise = PASSES["quantize_static"]()

    made = quantise.run(result_of("conv_layout"), PassContext(tmp_path / "made", calibration))

    assert made.name == "int8-static-conv2d"
    expected = load(untrained_variants[1]).predict(calibration.windows)
    answered = load(made).predict(calibration.windows)
    assert np.square(expected).sum() > 100 * np.square(answered - expected).sum()


def test_half_precision_is_moved_as_well(result_of, moved):
    made, _ = moved(result_of("convert_fp16"))

    assert (made.name, made.backend) == ("fp16-conv2d", "fp16")


def test_names_tell_the_layout_once(untrained_variants):
    there_and_back = Recipe((TO_2D, TO_1D, PASSES["quantize_static"]()))

    assert there_and_back.check(untrained_variants[1]) == ["onnx-conv2d", "onnx-conv1d", "int8-static-conv1d"]
