"""Convolutions along time as convolutions over images of height 1, for which runtimes have their fastest code."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.errors import NoEffect, PassNotApplicableError
from engine.variant import Variant
from optimization.passes.base import Pass, PassContext
from optimization.passes.graph import read_model, serialised
from optimization.passes.parameters import parameter
from optimization.passes.rewriting.layout import move_height
from optimization.passes.rewriting.parity import require_same_answers
from optimization.passes.writing import write_result

PACKAGES = ("onnx",)


@dataclass(frozen=True, slots=True)
class ConvLayout(Pass):
    """Give convolutions, and what stands between them, a height of 1, or take it off again.

    ONNX Runtime stores tensors of four axes in blocks of channels, which its vector instructions read in one go; those
    of three it does not.
    """

    name: ClassVar[str] = "conv_layout"
    title: ClassVar[str] = "Convolution layout"
    summary: ClassVar[str] = (
        "Writes convolutions along time as ones over images of height 1: same answers, faster on many processors."
    )
    gives: ClassVar[None] = None
    result: ClassVar[str] = "conv2d"
    oldest_opset: ClassVar[int] = 13  # whose nodes that put axes in take them as an input
    excludes: ClassVar[tuple[str, ...]] = ("conv2d", "conv1d")

    layout: Literal["2d", "1d"] = parameter(
        "2d",
        "Layout",
        "2d is what ONNX Runtime is fast with; choose 1d for runtimes that take only convolutions in 1-D.",
    )

    @property
    def suffix(self) -> str:
        """One layout takes the place of the other."""
        return f"conv{self.layout}"

    def requires(self, variant: Variant) -> None:
        """The network must be an ONNX graph in float32 or half precision, of ONNX's own operators."""
        if variant.backend == "int8":
            network = variant.card.name
            reason = f"integers run as fast in either layout; put it before the INT8 pass, or start from {network}/onnx"
            raise PassNotApplicableError(self.name, variant.full_name, reason)
        self.require_backend(variant, "onnx", "fp16")

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Rewrite the graph, compare it with the one before on windows; see `Pass.run` for what it raises."""
        context.progress("Rewriting", 0, 0)
        model = read_model(variant)
        self.require_opset(variant, model)
        if not move_height(model, self.layout):
            raise NoEffect(self.name, f"{variant.full_name} has no convolutions that are not {self.layout} already")
        content = serialised(model, variant.card)
        context.progress("Comparing", 0, 0)
        require_same_answers(variant, content, f"with its convolutions in {self.layout}")
        return write_result(self, variant, context.folder, content, packages=PACKAGES)
