"""Half precision: half of the size, and on most processors none of the time."""

import warnings
from dataclasses import dataclass
from typing import ClassVar

from engine.variant import Backend, Format, Variant
from optimization.passes.base import Pass, PassContext
from optimization.passes.graph import read_model, serialised
from optimization.passes.writing import write_result

PACKAGES = ("onnx", "onnxruntime")
NOTE = (
    "It is a choice of size: on x86 processors ONNX Runtime widens the weights at load and computes in single "
    "precision, so it runs no faster than before."
)


@dataclass(frozen=True, slots=True)
class ConvertFp16(Pass):
    """Store weights and compute in half precision, between an input and an output that stay float32.

    By ONNX Runtime's own converter: that of ``onnxconverter-common`` leaves the graph of a transformer invalid.
    """

    name: ClassVar[str] = "convert_fp16"
    title: ClassVar[str] = "FP16"
    summary: ClassVar[str] = "Halves the file; on most processors it runs no faster, and often a little slower."
    gives: ClassVar[tuple[Format, Backend]] = ("onnx", "fp16")
    result: ClassVar[str] = "fp16"

    def requires(self, variant: Variant) -> None:
        """The network must be an ONNX graph in float32."""
        self.require_backend(variant, "onnx")

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Convert weights and operators; see `Pass.run` for what it raises."""
        from onnxruntime.quantization.onnx_model import ONNXModel
        from onnxruntime.transformers.float16 import convert_float_to_float16

        context.progress("Converting", 0, 0)
        model = read_model(variant)
        with warnings.catch_warnings():
            # It tells of every weight that half precision can't hold exactly; what that does, the proof shows.
            warnings.simplefilter("ignore")
            converted = ONNXModel(convert_float_to_float16(model, keep_io_types=True))
        converted.topological_sort()  # the casts at input and output were put at the end
        content = serialised(converted.model, variant.card)
        return write_result(self, variant, context.folder, content, packages=PACKAGES, notes=[NOTE])
