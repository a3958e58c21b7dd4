"""What a pass changed, told by the weight files alone."""

from collections import Counter
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from engine.variant import Variant
from optimization.passes.base import Changes

if TYPE_CHECKING:
    import onnx


def compare(before: Variant, after: Variant) -> Changes:
    """Return in what the weight files of two variants differ."""
    nodes = {}
    if before.format == after.format == "onnx":
        counts = operators(graph_of(before.weights)), operators(graph_of(after.weights))
        names = sorted(counts[0] | counts[1])
        nodes = {name: (counts[0][name], counts[1][name]) for name in names if counts[0][name] != counts[1][name]}
    return Changes(
        nodes=nodes,
        weights=(stored_numbers(before), stored_numbers(after)),
        size_bytes=(before.size_bytes, after.size_bytes),
    )


def operators(graph: "onnx.GraphProto") -> Counter[str]:
    """Return how often each operator stands in a graph."""
    return Counter(node.op_type for node in graph.node)


def stored_numbers(variant: Variant) -> int:
    """Return how many numbers a variant's weight file holds."""
    if variant.format == "onnx":
        graph = graph_of(variant.weights)
        return sum(prod(tensor.dims) for tensor in (*graph.initializer, *constant_tensors(graph)))
    from safetensors import safe_open

    with safe_open(variant.weights, framework="numpy") as file:
        return sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118 - it is no mapping


def graph_of(path: Path) -> "onnx.GraphProto":
    """Return the graph in an ONNX file."""
    import onnx

    return onnx.load(path).graph


def constant_tensors(graph: "onnx.GraphProto") -> "Iterator[onnx.TensorProto]":
    """Yield the tensors that stand in a graph's nodes."""
    for node in graph.node:
        if node.op_type == "Constant":
            yield from (entry.t for entry in node.attribute if entry.HasField("t"))
