"""Batch normalisation folded into the layer before it: fewer layers, the same answers."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.errors import ModelRefusedError, NoEffect
from engine.variant import Variant
from optimization.passes.base import Pass, PassContext
from optimization.passes.graph import read_model, serialised
from optimization.passes.rewriting.normalisation import fold_normalisation
from optimization.passes.rewriting.parity import require_same_answers
from optimization.passes.weights import PACKAGES, weights_of
from optimization.passes.writing import write_result

if TYPE_CHECKING:
    from torch import nn

#: Largest difference of two logits that sums in another order explain, as a share of the largest logit.
TOLERANCE = 1e-5
COMPARED = 8  #: windows


@dataclass(frozen=True, slots=True)
class Fuse(Pass):
    """Fold batch normalisation into convolutions and dense layers, whose weights and biases absorb it.

    A ReLU after them stays a layer of its own: it costs PyTorch little, and runtimes of ONNX graphs fuse it themselves.
    """

    name: ClassVar[str] = "fuse"
    title: ClassVar[str] = "Fusing"
    summary: ClassVar[str] = (
        "Folds batch normalisation into the layer before it: fewer layers, the same answers; what export_onnx writes "
        "has none left."
    )
    gives: ClassVar[None] = None
    result: ClassVar[str] = "fused"

    def requires(self, variant: Variant) -> None:
        """The network must be in PyTorch's form and of a known architecture, or an ONNX graph in float32."""
        if variant.backend == "onnx":
            self.require_backend(variant, "onnx")
        else:
            self.require_network(variant)

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Fold what can be folded, compare the answers; see `Pass.run` for what it raises."""
        context.progress("Folding", 0, 0)
        if variant.format == "onnx":
            return write_result(self, variant, context.folder, self.graph(variant), packages=("onnx",))
        return write_result(self, variant, context.folder, self.network(variant), packages=PACKAGES)

    def graph(self, variant: Variant) -> bytes:
        """Return the ONNX file without normalisation."""
        model = read_model(variant)
        if not fold_normalisation(model):
            raise NoEffect(self.name, f"{variant.full_name} has no normalisation that a layer before it could absorb")
        content = serialised(model, variant.card)
        require_same_answers(variant, content, "with its normalisation folded")
        return content

    def network(self, variant: Variant) -> bytes:
        """Return the weight file without normalisation."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch warns of what it uses itself
            from torch.fx.experimental.optimization import fuse

        from engine.networks import load
        from engine.networks.restoring import normalising

        network = load(variant)
        if not normalising(network):
            raise NoEffect(self.name, f"{variant.full_name} has no batch normalisation left")
        fused = fuse(network)
        if normalising(fused):
            raise NoEffect(self.name, f"in {variant.full_name} some of it follows no layer that could absorb it")
        require_same(variant, network, fused)
        return weights_of(fused)


def require_same(variant: Variant, network: "nn.Module", fused: "nn.Module") -> None:
    """Raise `ModelRefusedError` unless a fused network answers as before."""
    from engine.networks.training import predict

    shape = (COMPARED, variant.card.channels, variant.card.window)
    windows = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    expected, answered = predict(network, windows), predict(fused, windows)
    difference = float(np.abs(expected - answered).max())
    if not difference <= TOLERANCE * max(1.0, float(np.abs(expected).max())):
        raise ModelRefusedError(variant.full_name, f"fused, it answers up to {difference:.2g} away from before")
