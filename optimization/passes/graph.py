"""ONNX files as passes read and write them: whole, in one piece, and silent about the machine they were made on."""

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from engine.card import ModelCard
from engine.errors import DamagedModelError
from engine.variant import Variant

if TYPE_CHECKING:
    import onnx

#: Where an ONNX file keeps its card.
CARD_KEY = "vibench.card"


def read_model(variant: Variant) -> "onnx.ModelProto":
    """Return the graph in a variant's weight file, checked against its digest.

    What it says of shapes between its ends is left out: quantisers change weights and then trip over the shapes that
    they had. Weights that old exporters list among the inputs are weights alone, or nothing would take them as such.

    Raises
    ------
    DamagedModelError
        If the file is cut, altered, or holds no graph.
    """
    import onnx
    from google.protobuf.message import DecodeError

    variant.check_weights()
    try:
        model: onnx.ModelProto = onnx.load_model_from_string(variant.weights.read_bytes())
    except DecodeError as error:
        raise DamagedModelError(variant.full_name, "its weight file holds no ONNX graph") from error
    if not model.graph.node:
        raise DamagedModelError(variant.full_name, "its weight file holds no ONNX graph")
    model.graph.ClearField("value_info")
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [given for given in model.graph.input if given.name not in weights]
    model.graph.ClearField("input")
    model.graph.input.extend(inputs)
    return model


def serialised(model: "onnx.ModelProto", card: ModelCard) -> bytes:
    """Return a valid graph as the bytes of its file, which are the same for equal graphs and cards.

    Of what the makers of a graph note in it only the card stays; shapes between its ends are left out, because
    runtimes infer them, and in a small network their text is a tenth of the file.

    Raises
    ------
    onnx.checker.ValidationError
        If the graph is not valid, which is a bug of the pass that made it.
    """
    import onnx

    strip_metadata(model)
    model.metadata_props.add(key=CARD_KEY, value=card.digest_text())
    model.graph.ClearField("value_info")
    used = {node.domain for node in model.graph.node}
    kept = [entry for entry in model.opset_import if entry.domain in used]
    model.ClearField("opset_import")
    model.opset_import.extend(kept)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def strip_metadata(message: Any) -> None:
    """Take off a protobuf message, at every depth, what exporters and quantisers note of themselves.

    It names the source files of each node by path, which would make a digest depend on where the code lies, and
    is a tenth of a small network's file.
    """
    for field, value in message.ListFields():
        if field.name in {"metadata_props", "doc_string"}:
            message.ClearField(field.name)
        elif field.message_type is not None:
            for part in value if field.is_repeated else (value,):
                strip_metadata(part)


def opset_of(model: "onnx.ModelProto") -> int:
    """Return the version of ONNX's own operators that a graph is written in; 0 if it does not say."""
    return min((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)


def shapes_of(model: "onnx.ModelProto") -> dict[str, tuple[int | None, ...]]:
    """Return the shape of each tensor whose number of axes can be told; ``None`` for a length that can't."""
    import onnx

    told = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in told.initializer}
    for entry in (*told.input, *told.value_info, *told.output):
        if entry.type.tensor_type.HasField("shape"):
            dims = entry.type.tensor_type.shape.dim
            shapes[entry.name] = tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in dims)
    return shapes


def structure_of(model: "onnx.ModelProto") -> str:
    """Return a digest of what a graph computes: the same however its tensors and nodes are named and ordered."""
    from onnx import numpy_helper

    def digest(*parts: object) -> str:
        return sha256(repr(parts).encode()).hexdigest()

    made = {end.name: digest("given", number) for number, end in enumerate(model.graph.input)} | {"": ""}
    for name, tensor in constants_of(model.graph).items():
        made[name] = digest(
            tensor.data_type, list(tensor.dims), sha256(numpy_helper.to_array(tensor).tobytes()).digest()
        )
    for node in model.graph.node:
        if node.op_type == "Constant":
            continue
        attributes = sorted(attribute.SerializeToString(deterministic=True) for attribute in node.attribute)
        computed = digest(node.domain, node.op_type, attributes, [made[name] for name in node.input])
        made |= {name: digest(computed, place) for place, name in enumerate(node.output)}
    return digest([made[end.name] for end in model.graph.output])


def constants_of(graph: "onnx.GraphProto") -> "dict[str, onnx.TensorProto]":
    """Return the tensors that stand in a graph, by name, whether in nodes or beside them."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].HasField("t"):
            constants[node.output[0]] = node.attribute[0].t
    return constants


def without_dead_ends(model: "onnx.ModelProto") -> None:
    """Take out of a graph the nodes and weights that nothing needs."""
    graph = model.graph
    needed = {end.name for end in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(names_read_by(node))
            kept.append(node)
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    graph.ClearField("node")
    graph.node.extend(reversed(kept))
    graph.ClearField("initializer")
    graph.initializer.extend(weights)


def names_read_by(node: "onnx.NodeProto") -> Iterator[str]:
    """Yield the tensors that a node reads, those that the graphs inside it read among them."""
    yield from node.input
    for attribute in node.attribute:
        for graph in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
            yield from (end.name for end in graph.output)
            for inner in graph.node:
                yield from names_read_by(inner)
