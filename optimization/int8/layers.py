"""Where the layers of a graph meet integers once it is quantised: behind what the runtime fuses with them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimization.passes.integers.layers import INTEGER, KINDS, dequantised
from optimization.passes.integers.quantiser import quantisable

if TYPE_CHECKING:
    import onnx

#: They pass integers on as they are, and err no more than what gave them.
PASSING = frozenset(
    {"Flatten", "Gather", "MaxPool", "Pad", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"}
)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A layer with what is fused with it, and its output in both graphs.

    Attributes
    ----------
    nodes : tuple of str
        Names of its nodes: the layer's first, then those of the activation after it.
    operators : tuple of str
        Of those nodes.
    in_float32, in_int8 : str
        The tensor that comes out, in the float graph and, brought back from integers, in the quantised one.
    weighted : bool
        Whether it has weights of its own, which can be kept in float32; what adds or multiplies activations stands
        between integers either way.
    """

    nodes: tuple[str, ...]
    operators: tuple[str, ...]
    in_float32: str
    in_int8: str
    weighted: bool

    @property
    def name(self) -> str:
        """Of the layer."""
        return self.nodes[0]

    @property
    def operator(self) -> str:
        """Of the layer, as ONNX calls it."""
        return self.operators[0]

    @property
    def fused_with(self) -> tuple[str, ...]:
        """Operators that are computed in the same step."""
        return self.operators[1:]


def boundaries(graph: "onnx.GraphProto", quantised: "onnx.GraphProto", kept: Collection[str] = ()) -> list[Boundary]:
    """Return the layers that compute with integers, in the graph's order.

    Parameters
    ----------
    graph, quantised : GraphProto
        The float graph, and what a quantiser made of it.
    kept : collection of str
        Names of nodes that it was to leave as they are.
    """
    computing = integer_nodes(quantised)
    there = {output for node in quantised.node for output in node.output}
    brought_back = dequantised_tensors(quantised)
    stored = {tensor.name for tensor in graph.initializer}
    used_by: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            used_by.setdefault(name, []).append(node)
    found = []
    for node in graph.node:
        if node.op_type in PASSING or node.name in kept or not computing & {node.name, *integer_names(node)}:
            continue
        nodes, tensor = [node], node.output[0]
        # A quantiser lets an activation take the place of its layer's output, where nothing else needs that.
        while tensor not in there and len(used_by.get(tensor, ())) == 1:
            nodes.append(used_by[tensor][0])
            tensor = nodes[-1].output[0]
        if tensor in there:
            names, operators = tuple(one.name for one in nodes), tuple(one.op_type for one in nodes)
            weighted = has_weights(node, stored)
            found.append(Boundary(names, operators, tensor, brought_back.get(tensor, tensor), weighted))
    return found


def integer_nodes(quantised: "onnx.GraphProto") -> set[str]:
    """Return the names of nodes that compute with integers, of operators that have a form for it."""
    made_by = {output: node for node in quantised.node for output in node.output}
    stored = {tensor.name for tensor in quantised.initializer}
    types = set(quantisable())

    def reads_integers(node: "onnx.NodeProto") -> bool:
        data = [name for name in node.input[:2] if name and name not in stored]
        return bool(data) and all(dequantised(name, made_by) for name in data)

    return {
        node.name
        for node in quantised.node
        if node.op_type in INTEGER or (node.op_type in types and reads_integers(node) and not has_weights(node, stored))
    }


def has_weights(node: "onnx.NodeProto", stored: Collection[str]) -> bool:
    """Whether a node is a layer whose weights stand in the graph in float32."""
    return node.op_type in KINDS and node.input[1] in stored


def integer_names(node: "onnx.NodeProto") -> tuple[str, str]:
    """Return what a quantiser calls the integer form of a node; it splits a Gemm into product and sum first."""
    return f"{node.name}_quant", f"{node.name}_MatMul_quant"


def dequantised_tensors(quantised: "onnx.GraphProto") -> dict[str, str]:
    """Return what the integers of each tensor are brought back to: the values that the nodes after it see."""
    integers = {node.input[0]: node.output[0] for node in quantised.node if node.op_type == "QuantizeLinear"}
    back: dict[str, str] = {}
    for node in quantised.node:
        if node.op_type == "DequantizeLinear":
            back.setdefault(node.input[0], node.output[0])
    return {tensor: back[integer] for tensor, integer in integers.items() if integer in back}
