"""PyTorch: executes a network from its own weights, for reference and for whoever trains."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.runtimes.base import BATCH, Runtime, Session
from engine.variant import Variant

if TYPE_CHECKING:
    from torch import nn


class PyTorchSession(Session):
    """A network in evaluation mode."""

    def __init__(self, variant: Variant, network: "nn.Module") -> None:
        self.variant = variant
        self.runtime = PyTorchRuntime.name
        self._network = network

    def predict(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: D102 - the base class says it
        import torch

        with torch.inference_mode():
            batches = torch.split(torch.from_numpy(np.require(windows, requirements="W")), BATCH)
            logits: NDArray[np.float32] = torch.cat([self._network(batch) for batch in batches]).numpy()
        return logits


class PyTorchRuntime(Runtime):
    """Meta's framework, eager, on the processor."""

    name = "pytorch"
    title = "PyTorch"
    package = "torch"
    imports = ("torch", "safetensors.torch")

    def accepts(self, variant: Variant) -> bool:  # noqa: D102
        return variant.format == "safetensors"

    def load(self, variant: Variant, *, threads: int = 1) -> PyTorchSession:  # noqa: D102
        import torch

        from engine.networks import load

        torch.set_num_threads(threads)  # of the whole process: PyTorch knows no number of threads a network
        return PyTorchSession(variant, load(variant))
