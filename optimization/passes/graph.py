"""ONNX files as passes read and write them: whole, in one piece, and silent about the machine they were made on."""

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
