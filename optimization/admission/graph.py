"""What an ONNX file from somebody else may hold: one graph of standard operators, its weights, and its card."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import DamagedModelError, ModelRefusedError
from engine.variant import SCHEMA, Backend, sha256_of
from optimization.passes.graph import CARD_KEY

if TYPE_CHECKING:
    import onnx

#: ONNX's own operators, and those that ONNX Runtime brings along; ``""`` is short for ``ai.onnx``.
DOMAINS = frozenset({"", "ai.onnx", "com.microsoft"})
INTEGERS = re.compile(r"QuantizeLinear|DequantizeLinear|\w*Integer\w*|QLinear\w*|DynamicQuantize\w*")


def read_graph(path: Path, name: str) -> "onnx.ModelProto":
    """Return the model in a file; raises `DamagedModelError` if there is none."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model: onnx.ModelProto = onnx.load_model_from_string(path.read_bytes())
    except DecodeError as error:
        raise DamagedModelError(name, "it holds no ONNX graph") from error
    if not model.graph.node:
        raise DamagedModelError(name, "it holds no ONNX graph")
    return model


def check_graph(model: "onnx.ModelProto", name: str) -> None:
    """Check that a model stands alone, and needs nothing but ONNX's and Microsoft's operators.

    Raises
    ------
    ModelRefusedError
        If it has functions or operators of its own, or weights in another file.
    DamagedModelError
        If it is no valid ONNX.
    """
    import onnx

    if len(model.functions):
        raise ModelRefusedError(name, "it defines functions of its own; export it with standard operators only")
    for message in messages(model):
        kind = message.DESCRIPTOR.name
        if kind == "NodeProto" and message.domain not in DOMAINS:
            operator = f"{message.domain}.{message.op_type}"[:80]
            raise ModelRefusedError(name, f"it needs the operator {operator}, and only ai.onnx and com.microsoft count")
        if kind == "TensorProto" and (message.external_data or message.data_location == onnx.TensorProto.EXTERNAL):
            raise ModelRefusedError(name, "its weights lie in another file; export it again as a single file")
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
        raise DamagedModelError(name, f"it is no valid ONNX ({str(error).strip().splitlines()[0]})") from error


def messages(message: Any) -> Iterator[Any]:
    """Yield a protobuf message and all that it holds, whatever the depth; without calling itself, which has a limit."""
    waiting = [message]
    while waiting:
        message = waiting.pop()
        yield message
        for field, value in message.ListFields():
            if field.message_type is not None:
                waiting.extend(value if field.is_repeated else (value,))


def described_in(model: "onnx.ModelProto", path: Path, name: str) -> dict[str, Any]:
    """Return the description of a variant that is one ``.onnx`` file, from the card that it carries.

    Raises
    ------
    DamagedModelError
        If it carries no card.
    """
    cards = [entry.value for entry in model.metadata_props if entry.key == CARD_KEY]
    if len(cards) != 1:
        raise DamagedModelError(name, f"it carries no card ({CARD_KEY} in its metadata); give a variant's folder")
    try:
        card = json.loads(cards[0])
        network = str(card["name"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedModelError(name, f"its card can't be understood ({error})") from error
    backend = backend_of(model)
    return {
        "schema": SCHEMA,
        "name": name_of(path, network) or backend,
        "backend": backend,
        "format": "onnx",
        "digest": sha256_of(path),
        "card": card,
    }


def backend_of(model: "onnx.ModelProto") -> Backend:
    """Return what a model is picked as, judged by its operators and the types of its weights."""
    import onnx

    if any(INTEGERS.fullmatch(node.op_type) for node in model.graph.node):
        return "int8"
    halves = any(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in model.graph.initializer)
    return "fp16" if halves else "onnx"


def name_of(path: Path, network: str) -> str:
    """Return what a file is called, as far as a variant can be: ``wdcnn-int8-static.onnx`` is ``int8-static``."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).removeprefix(f"{network}-")
    return plain.strip(".-")[:64]
