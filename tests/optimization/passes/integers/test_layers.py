import numpy as np
from onnx import helper, numpy_helper

from optimization.passes.integers.layers import Layer, layers_of, told


def layer(name="a", operator="Conv", kind="convolution", *, integer=True, weighted=True):
    return Layer(name, operator, kind, integer, weighted)


def test_a_layer_computes_with_integers_where_all_that_comes_to_it_was_integers():
    stored = [numpy_helper.from_array(np.ones((1,), np.float32), name) for name in ("w", "q", "s")]
    nodes = [
        helper.make_node("DequantizeLinear", ["x_integers", "s"], ["x"]),
        helper.make_node("DequantizeLinear", ["q", "s"], ["qw"]),
        helper.make_node("Conv", ["x", "qw"], ["y"], name="both"),
        helper.make_node("Conv", ["x", "w"], ["z"], name="kept"),
        helper.make_node("MatMul", ["y", "z"], ["p"], name="product"),
        helper.make_node("MatMulInteger", ["y", "q"], ["o"], name="dynamic"),
        helper.make_node("Add", ["x", "x"], ["a"], name="no layer"),
    ]

    found = {one.name: (one.integer, one.weighted) for one in layers_of(helper.make_graph(nodes, "g", [], [], stored))}

    assert found == {
        "both": (True, True),
        "kept": (False, True),
        "product": (False, False),
        "dynamic": (True, True),
    }


def test_it_says_how_many_of_each_kind_and_what_stayed_and_why():
    layers = [
        *(layer(f"conv{number}", integer=number > 0) for number in range(3)),
        layer("gate", "GRU", "recurrent", integer=False),
        layer("scores", "MatMul", "dense", integer=False, weighted=False),
    ]

    assert told(layers, ("conv0",)) == (
        "Computing with integers: 2 of 3 convolutions, 0 of 1 recurrent layers.",
        "conv0 stayed in float32, as asked.",
        "GRU stayed in float32: ONNX Runtime has no integer form of it.",
        "1 product of two activations, as attention has them, stayed in float32.",
    )


def test_many_that_were_kept_are_counted_rather_than_named():
    layers = [layer(f"conv{number}", integer=False) for number in range(6)]

    assert (
        told(layers, [one.name for one in layers])[1] == "conv0, conv1, conv2 and 3 more stayed in float32, as asked."
    )


def test_a_graph_without_layers_has_nothing_to_tell():
    assert told([]) == ()
