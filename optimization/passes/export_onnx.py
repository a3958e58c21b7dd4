"""From PyTorch to ONNX: the same network in the form that runtimes take."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.errors import ModelRefusedError
from engine.variant import Backend, Format, Variant
from optimization.calibration import simulated_calibration
from optimization.passes.base import Pass, PassContext
from optimization.passes.graph import serialised
from optimization.passes.parameters import parameter
from optimization.passes.rewriting.constants import fold_constants
from optimization.passes.rewriting.parity import answers, session_of
from optimization.passes.writing import write_result

if TYPE_CHECKING:
    import onnx
    from torch import Tensor, nn

#: Traced with two windows: from a batch of one, a recurrent network exports as if every batch were one.
TRACED_BATCH = 2
CHECKED_BATCHES = (1, 2, 7)
#: Lengths beside the card's, as shares of it, that a network must answer alike in both forms before its graph says that
#: it takes any: a shorter one, one that no stride divides, a longer one.
CHECKED_LENGTHS = (0.5, 1.37, 2.0)
#: The latest that the tracing exporter writes.
TRACING_OPSET = 20
RELATIVE_TOLERANCE = 1e-3
ABSOLUTE_TOLERANCE = 1e-5  #: of the largest logit, where that is above 1: a logit near 0 is a difference of large sums
PACKAGES = ("torch", "onnx", "onnxscript")
ANY_LENGTH = "It takes windows of other lengths too, as the network does in PyTorch."
ONE_LENGTH = "It takes windows of the card's length alone; in PyTorch, the network takes others too."


@dataclass(frozen=True, slots=True)
class ExportOnnx(Pass):
    """Write a network as one ONNX file that takes any number of windows."""

    name: ClassVar[str] = "export_onnx"
    title: ClassVar[str] = "ONNX export"
    summary: ClassVar[str] = "Writes the network in the form that ONNX Runtime takes, which answers as PyTorch does."
    gives: ClassVar[tuple[Format, Backend]] = ("onnx", "onnx")
    result: ClassVar[str] = "onnx"

    opset: int = parameter(
        20,
        "Opset",
        "Version of ONNX's operators; keep 20 unless the runtime that you ship to asks for another.",
        low=18,
        high=23,
    )
    length: Literal["auto", "fixed"] = parameter(
        "auto",
        "Window length",
        "'auto' takes windows of any length where the network does, at the same speed; 'fixed' those of the card's.",
    )

    def requires(self, variant: Variant) -> None:
        """The network must be in PyTorch's form, and of an architecture that can be built."""
        self.require_network(variant)

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Trace the network, compare the graph with it on real windows, write it; see `Pass.run` for what it raises."""
        from engine.networks import load

        context.progress("Exporting", 0, 0)
        network = load(variant)
        card = variant.card
        model = fold_constants(trace(network, card.channels, card.window, self.opset))
        content = serialised(model, card)
        context.progress("Comparing with PyTorch", 0, 0)
        windows = simulated_calibration(card, windows=max(CHECKED_BATCHES)).windows
        require_parity(variant, network, content, windows)
        notes = []
        if self.length == "auto" and takes_any_length(network, windows):
            opened = with_any_length(network, model, card, windows)
            notes.append(ANY_LENGTH if opened else ONE_LENGTH)
            content = opened or content
        return write_result(self, variant, context.folder, content, packages=PACKAGES, notes=notes)


def trace(network: "nn.Module", channels: int, window: int, opset: int) -> "onnx.ModelProto":
    """Return the network, taking ``windows`` of shape (batch, channels, window) and giving ``logits``, as a graph."""
    import torch

    example = torch.zeros(TRACED_BATCH, channels, window)
    recurrent = any(isinstance(module, torch.nn.RNNBase) for module in network.modules())
    with warnings.catch_warnings(), quiet_exporter():
        warnings.simplefilter("ignore")  # PyTorch warns of what it uses itself
        from torch.fx.experimental.optimization import fuse

        # Batch normalisation becomes part of the layer before it; quantisers trip over it otherwise.
        fused = fuse(network)
        # PyTorch's newer exporter takes half a minute for an LSTM, and slices its weights out of larger ones.
        return by_tracing(fused, example, opset) if recurrent else by_program(fused, example, opset)


def by_program(network: "nn.Module", example: "Tensor", opset: int) -> "onnx.ModelProto":
    """Return a network's graph as PyTorch's exporter of whole programs writes it."""
    import torch.onnx

    program = torch.onnx.export(
        network,
        (example,),
        dynamo=True,
        external_data=False,
        opset_version=opset,
        input_names=["windows"],
        output_names=["logits"],
        dynamic_shapes=({0: "batch"},),
        verbose=False,
    )
    assert program is not None  # it would be, had it been told to write a file
    model: onnx.ModelProto = program.model_proto
    return model


def by_tracing(network: "nn.Module", example: "Tensor", opset: int) -> "onnx.ModelProto":
    """Return a network's graph as PyTorch's exporter that follows one run writes it."""
    import onnx.version_converter
    import torch.onnx

    written = io.BytesIO()
    torch.onnx.export(
        network,
        (example,),
        written,  # type: ignore[arg-type]  # it takes an open file as well as a name
        dynamo=False,
        opset_version=min(opset, TRACING_OPSET),
        input_names=["windows"],
        output_names=["logits"],
        dynamic_axes={"windows": {0: "batch"}, "logits": {0: "batch"}},
    )
    model = onnx.load_model_from_string(written.getvalue())
    return model if opset <= TRACING_OPSET else onnx.version_converter.convert_version(model, opset)


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Keep the exporter from warning of packages that Vibench does not use."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        yield
    finally:
        exporter.setLevel(level)


def require_parity(variant: Variant, network: "nn.Module", model: bytes, windows: NDArray[np.float32]) -> None:
    """Raise `ModelRefusedError` unless the graph gives the network's logits, whatever the batch.

    Parameters
    ----------
    variant : Variant
        Whose network it is.
    network : torch.nn.Module
        In evaluation mode.
    model : bytes
        The ONNX file.
    windows : ndarray of float32, shape (W, C, L)
        Real ones, as many as the largest of `CHECKED_BATCHES`.
    """
    session = session_of(model)
    for batch in CHECKED_BATCHES:
        expected, answered = logits_of(network, windows[:batch]), answers(session, windows[:batch])
        if not alike(answered, expected):
            largest = float(np.abs(answered - expected).max())
            raise ModelRefusedError(
                variant.full_name, f"its ONNX form answers up to {largest:.2g} away from PyTorch at batch {batch}"
            )


def takes_any_length(network: "nn.Module", windows: NDArray[np.float32]) -> bool:
    """Whether a network answers windows of other lengths than those of shape (W, C, L) that it is given."""
    try:
        for length in other_lengths(windows):
            logits_of(network, at_length(windows, length))
    except RuntimeError:  # layers that fit one length say so by it
        return False
    return True


def with_any_length(
    network: "nn.Module", model: "onnx.ModelProto", card: ModelCard, windows: NDArray[np.float32]
) -> bytes | None:
    """Return a graph as one that takes any length; ``None`` if it does not answer other lengths as its network does.

    Not by tracing with an open length, which PyTorch can't do with an LSTM; most graphs have no length in them.
    """
    from onnxruntime.capi import onnxruntime_pybind11_state as raised

    opened = type(model)()
    opened.CopyFrom(model)
    opened.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "length"
    content = serialised(opened, card)
    session = session_of(content)
    try:
        for length in other_lengths(windows):
            given = at_length(windows, length)
            if not alike(answers(session, given), logits_of(network, given)):
                return None
    except (raised.Fail, raised.InvalidArgument, raised.RuntimeException):
        return None
    return content


def other_lengths(windows: NDArray[np.float32]) -> list[int]:
    """Return the lengths to try beside that of windows of shape (W, C, L)."""
    return [round(share * windows.shape[-1]) for share in CHECKED_LENGTHS]


def at_length(windows: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Return the first windows of shape (W, C, L) cut to a length, or repeated up to it."""
    repeated = np.concatenate([windows[:TRACED_BATCH]] * (1 + length // windows.shape[-1]), axis=-1)
    return np.ascontiguousarray(repeated[..., :length])


def logits_of(network: "nn.Module", windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return PyTorch's logits of windows of shape (W, C, L)."""
    import torch

    with torch.inference_mode():
        logits: NDArray[np.float32] = network(torch.from_numpy(windows)).numpy()
    return logits


def alike(answered: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    """Whether two forms of a network give the same logits but for rounding."""
    near_zero = ABSOLUTE_TOLERANCE * max(1.0, float(np.abs(expected).max()))
    same_shape = answered.shape == expected.shape
    return same_shape and np.allclose(answered, expected, rtol=RELATIVE_TOLERANCE, atol=near_zero)
