"""Which layers of a graph compute with integers, and which in float32."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import onnx

Kind = Literal["convolution", "dense", "recurrent"]
#: What each operator is in the field's words; the integer forms are those that quantisers write.
KINDS: Mapping[str, Kind] = {
    "Conv": "convolution",
    "ConvTranspose": "convolution",
    "ConvInteger": "convolution",
    "Gemm": "dense",
    "MatMul": "dense",
    "MatMulInteger": "dense",
    "LSTM": "recurrent",
    "GRU": "recurrent",
    "RNN": "recurrent",
    "DynamicQuantizeLSTM": "recurrent",
}
#: Operators that compute with integers by themselves; the others do where integers come to them.
INTEGER = frozenset({"ConvInteger", "MatMulInteger", "DynamicQuantizeLSTM"})
#: Recurrent layers that ONNX Runtime's quantiser has no integer form of.
WITHOUT_INTEGER_FORM = frozenset({"GRU", "RNN"})
NAMED = 3  #: layers that a sentence names


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution, a dense or a recurrent layer.

    Attributes
    ----------
    name : str
        Of its node.
    operator : str
        As ONNX calls it.
    kind : {"convolution", "dense", "recurrent"}
        What it is.
    integer : bool
        Whether it computes with integers.
    weighted : bool
        Whether its weights are stored; a product of two activations, as attention has it, has none.
    """

    name: str
    operator: str
    kind: Kind
    integer: bool
    weighted: bool


def layers_of(graph: "onnx.GraphProto") -> list[Layer]:
    """Return the layers of a graph, in its order."""
    stored = {tensor.name for tensor in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}
    return [
        Layer(
            name=node.name,
            operator=node.op_type,
            kind=KINDS[node.op_type],
            integer=node.op_type in INTEGER or all(dequantised(name, made_by) for name in node.input[:2]),
            weighted=is_stored(node.input[1], stored, made_by),
        )
        for node in graph.node
        if node.op_type in KINDS
    ]


def dequantised(tensor: str, made_by: "Mapping[str, onnx.NodeProto]") -> bool:
    """Whether a tensor is made of integers right before it is used."""
    return tensor in made_by and made_by[tensor].op_type == "DequantizeLinear"


def is_stored(tensor: str, stored: set[str], made_by: "Mapping[str, onnx.NodeProto]") -> bool:
    """Whether a tensor stands in the graph, as such or as integers that are scaled before they are used."""
    if tensor not in made_by:
        return tensor in stored
    node = made_by[tensor]
    return node.op_type == "Constant" or (node.op_type == "DequantizeLinear" and node.input[0] in stored)


def told(layers: Sequence[Layer], kept: Iterable[str] = ()) -> tuple[str, ...]:
    """Say which layers compute with integers, and which do not and why.

    Parameters
    ----------
    layers : sequence of Layer
        Of a graph that was quantised.
    kept : iterable of str
        Names of nodes that were to be left as they are.
    """
    return (*counted(layers), *stayed(layers, set(kept)))


def counted(layers: Sequence[Layer]) -> Iterator[str]:
    """Say how many of each kind there are, and how many of those compute with integers."""
    counts = []
    for kind, plural in (("convolution", "convolutions"), ("dense", "dense layers"), ("recurrent", "recurrent layers")):
        of_kind = [layer for layer in layers if layer.kind == kind and layer.weighted]
        if of_kind:
            counts.append(f"{sum(layer.integer for layer in of_kind)} of {len(of_kind)} {plural}")
    if counts:
        yield f"Computing with integers: {', '.join(counts)}."


def stayed(layers: Sequence[Layer], kept: set[str]) -> Iterator[str]:
    """Say what stayed in float32, and why where that is known."""
    left = [layer for layer in layers if not layer.integer]
    # Where others are quantised in a run, a Gemm is split into product and sum, and the product named after it.
    asked = [layer.name for layer in left if kept & {layer.name, layer.name.removesuffix("_MatMul")}]
    if asked:
        yield f"{named(asked)} stayed in float32, as asked."
    for operator in sorted({layer.operator for layer in left} & WITHOUT_INTEGER_FORM):
        yield f"{operator} stayed in float32: ONNX Runtime has no integer form of it."
    if products := [layer for layer in layers if not layer.weighted and not layer.integer]:
        plural = "s" if len(products) > 1 else ""
        yield f"{len(products)} product{plural} of two activations, as attention has them, stayed in float32."


def named(names: Sequence[str]) -> str:
    """Return the first names and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
