"""From PyTorch to ONNX: the same network in the form that runtimes take."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelRefusedError, PassNotApplicableError
from engine.networks import NETWORKS
from engine.variant import Backend, Format, Variant
from optimization.calibration import simulated_calibration
from optimization.passes.base import Pass, PassContext
from optimization.passes.graph import serialised
from optimization.passes.parameters import parameter
from optimization.passes.writing import write_result

if TYPE_CHECKING:
    import onnx
    from torch import nn

#: Traced with two windows: from a batch of one, a recurrent network exports as if every batch were one.
TRACED_BATCH = 2
CHECKED_BATCHES = (1, 2, 7)
RELATIVE_TOLERANCE = 1e-3
ABSOLUTE_TOLERANCE = 1e-5  #: of the largest logit, where that is above 1: a logit near 0 is a difference of large sums
PACKAGES = ("torch", "onnx", "onnxscript")


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

    def requires(self, variant: Variant) -> None:
        """The network must be in PyTorch's form, and of an architecture that can be built."""
        self.require_backend(variant, "pytorch")
        if variant.card.name not in NETWORKS:
            reason = f"its architecture is not among those known here ({', '.join(NETWORKS)})"
            raise PassNotApplicableError(self.name, variant.full_name, reason)

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Trace the network, compare the graph with it on real windows, write it; see `Pass.run` for what it raises."""
        from engine.networks import load

        context.progress("Exporting", 0, 0)
        network = load(variant)
        model = trace(network, variant.card.channels, variant.card.window, self.opset)
        content = serialised(model, variant.card)
        context.progress("Comparing with PyTorch", 0, 0)
        windows = simulated_calibration(variant.card, windows=max(CHECKED_BATCHES)).windows
        require_parity(variant, network, content, windows)
        return write_result(self, variant, context.folder, content, packages=PACKAGES)


def trace(network: "nn.Module", channels: int, window: int, opset: int) -> "onnx.ModelProto":
    """Return the network, taking ``windows`` of shape (batch, channels, window) and giving ``logits``, as a graph."""
    import torch
    import torch.onnx

    example = torch.zeros(TRACED_BATCH, channels, window)
    with warnings.catch_warnings(), quiet_exporter():
        warnings.simplefilter("ignore")  # PyTorch warns of what it uses itself
        from torch.fx.experimental.optimization import fuse

        program = torch.onnx.export(
            # Batch normalisation becomes part of the layer before it; quantisers trip over it otherwise.
            fuse(network),
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
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for batch in CHECKED_BATCHES:
        given = windows[:batch]
        with torch.inference_mode():
            expected = network(torch.from_numpy(given)).numpy()
        (answered,) = session.run(None, {"windows": given})
        near_zero = ABSOLUTE_TOLERANCE * max(1.0, float(np.abs(expected).max()))
        if not np.allclose(answered, expected, rtol=RELATIVE_TOLERANCE, atol=near_zero):
            largest = float(np.abs(answered - expected).max())
            raise ModelRefusedError(
                variant.full_name, f"its ONNX form answers up to {largest:.2g} away from PyTorch at batch {batch}"
            )
