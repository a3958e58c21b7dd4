"""INT8 without calibration: weights are stored as integers, activations are measured anew in every run."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.errors import NoEffect
from engine.variant import Backend, Format, Variant
from optimization.passes.base import Pass, PassContext
from optimization.passes.changes import operators
from optimization.passes.graph import read_model, serialised
from optimization.passes.parameters import parameter
from optimization.passes.quantisation import COPIES, PACKAGES, prepare_graph, quiet_quantiser
from optimization.passes.writing import scratch_beside, write_result

#: Operators whose integer form is worth the measuring of their inputs; that of convolutions rarely is.
DENSE_AND_RECURRENT = ("Gemm", "LSTM", "MatMul")
#: What convolutions, dense and recurrent layers become.
INTEGER = frozenset({"ConvInteger", "MatMulInteger", "DynamicQuantizeLSTM"})


@dataclass(frozen=True, slots=True)
class QuantizeDynamic(Pass):
    """Store weights as integers, and quantise activations while the network runs."""

    name: ClassVar[str] = "quantize_dynamic"
    title: ClassVar[str] = "Dynamic INT8"
    summary: ClassVar[str] = "Stores weights as integers and needs no recordings; suits recurrent and dense networks."
    gives: ClassVar[tuple[Format, Backend]] = ("onnx", "int8")
    result: ClassVar[str] = "int8-dynamic"

    operators: Literal["dense-and-recurrent", "all"] = parameter(
        "dense-and-recurrent",
        "Operators",
        "What is quantised; 'all' includes convolutions, which on most processors become slower by it.",
    )
    weight_type: Literal["S8", "U8"] = parameter(
        "S8", "Weights", "Signed integers are what processors are fast with; choose U8 only to compare."
    )
    per_channel: bool = parameter(
        False, "Scale per channel", "A scale for each channel keeps weights more exactly and runs a little slower."
    )

    def requires(self, variant: Variant) -> None:
        """The network must be an ONNX graph in float32."""
        self.require_backend(variant, "onnx")

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Quantise the chosen operators; see `Pass.run` for what it raises."""
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic

        context.progress("Quantising", 0, 0)
        model = read_model(variant)
        with scratch_beside(context.folder, COPIES * variant.size_bytes) as scratch, quiet_quantiser():
            prepare_graph(model, scratch / "prepared.onnx")
            quantize_dynamic(
                scratch / "prepared.onnx",
                scratch / "quantised.onnx",
                op_types_to_quantize=None if self.operators == "all" else list(DENSE_AND_RECURRENT),
                per_channel=self.per_channel,
                weight_type=QuantType.QInt8 if self.weight_type == "S8" else QuantType.QUInt8,
            )
            quantised = onnx.load(scratch / "quantised.onnx")
        if not INTEGER & operators(quantised.graph).keys():
            raise NoEffect(self.name, f"{variant.full_name} has no weights in the operators that it quantises")
        content = serialised(quantised, variant.card)
        return write_result(self, variant, context.folder, content, packages=PACKAGES)
