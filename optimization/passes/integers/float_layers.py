"""Layers that stay in float32 amid integers, made so that the runtime leaves them there too."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

#: Operators whose weights ONNX Runtime quantises by itself.
SHIELDED = frozenset({"Conv", "ConvTranspose", "Gemm"})


def shield(model: "onnx.ModelProto", kept: Collection[str]) -> None:
    """Make sure, in place, that a runtime computes convolutions and dense layers in float32 that were kept so.

    The nodes that are added stand at the end; the graph is to be sorted afterwards.

    Between integers ONNX Runtime quantises the weights of a ``Conv``, ``ConvTranspose`` or ``Gemm`` by itself when it
    loads a graph, with one scale for all, which is worse than what was to be avoided. It does not where the integers
    before the layer have a scale for each channel; so they are given one, the same for all of them.
    """
    import onnx

    graph = model.graph
    made_by = {output: node for node in graph.node for output in node.output}
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in [node for node in graph.node if node.name in kept and node.op_type in SHIELDED]:
        before = made_by.get(node.input[0])
        if before is None or before.op_type != "DequantizeLinear" or node.input[1] not in stored:
            continue  # then the runtime leaves it alone
        count = channels_into(node, stored[node.input[1]])
        names = []
        for name in before.input[1:]:
            value = onnx.numpy_helper.to_array(stored[name]).reshape(-1)
            names.append(f"{name}_of_{node.name}")
            graph.initializer.append(onnx.numpy_helper.from_array(value.repeat(count), names[-1]))
        output = f"{node.input[0]}_of_{node.name}"
        added = onnx.helper.make_node(
            "DequantizeLinear", [before.input[0], *names], [output], name=f"{node.name}_input", axis=1
        )
        node.input[0] = output
        graph.node.append(added)


def channels_into(node: "onnx.NodeProto", weights: "onnx.TensorProto") -> int:
    """Return how many channels, or columns, a layer takes."""
    given = {entry.name: int(entry.i) for entry in node.attribute}
    if node.op_type == "Conv":
        return int(weights.dims[1]) * given.get("group", 1)
    return int(weights.dims[1 if given.get("transB", 0) else 0])
