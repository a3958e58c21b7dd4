"""What every runtime asks of an ``.onnx`` file before it executes it."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import DamagedModelError, ModelRefusedError
from engine.machine import instruction_sets
from engine.variant import Variant

#: How protobuf writes the key ``location`` of an external tensor: field 1, eight bytes.
EXTERNAL_DATA = b"\x0a\x08location"
#: Where ONNX Runtime has its operators whose weights lie in blocks as wide as the vectors of the machine that wrote the
#: file. On a machine with others they would be read as something else, without an error.
BLOCKED_DOMAIN = b"com.microsoft.nchwc"


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a graph.

    Attributes
    ----------
    is_float32 : bool
        Whether it holds float32.
    shape : tuple of int or None
        ``None`` for a length that the file leaves open.
    """

    is_float32: bool
    shape: tuple[int | None, ...]


def admitted(variant: Variant) -> bytes:
    """Return the bytes of a variant's file.

    Raises
    ------
    DamagedModelError
        If they are not those of its digest.
    ModelRefusedError
        If weights lie in another file, which no digest holds, or are laid out for other instruction sets.
    """
    variant.check_weights()
    model = variant.weights.read_bytes()
    if EXTERNAL_DATA in model:
        raise ModelRefusedError(variant.full_name, "its weights lie in another file; export it again as a single file")
    if BLOCKED_DOMAIN in model:
        check_machine(variant)
    return model


def check_machine(variant: Variant) -> None:
    """Raise `ModelRefusedError` unless the variant was laid out on a machine with this one's instruction sets."""
    laid_out_for = next((step["bound_to"].get("flags") for step in reversed(variant.steps) if "bound_to" in step), None)
    if laid_out_for is None or list(laid_out_for) != list(instruction_sets()):
        written = (
            f"those of another machine ({', '.join(laid_out_for)})" if laid_out_for else "ones that it does not name"
        )
        reason = f"its weights are laid out for instruction sets, {written}; make it again here with optimize_graph"
        raise ModelRefusedError(variant.full_name, reason)


def check_ports(variant: Variant, inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    """Raise `DamagedModelError` unless the file takes the card's windows and answers its classes."""
    card = variant.card
    if len(inputs) != 1 or len(outputs) != 1 or not inputs[0].is_float32:
        raise DamagedModelError(variant.full_name, "it must take one float32 input and give one output")
    window, logits = inputs[0].shape, outputs[0].shape
    fits = (
        len(window) == 3
        and window[1] in (card.channels, None)
        and window[2] in (card.window, None)
        and len(logits) == 2
        and logits[1] in (len(card.classes), None)
    )
    if not fits:
        shapes = " and ".join(str([length or "any" for length in shape]) for shape in (window, logits))
        raise DamagedModelError(variant.full_name, f"its shapes {shapes} do not fit its card")
