"""INT8 without calibration: weights are stored as integers, activations are measured anew in every run."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.errors import NoEffect
from engine.variant import Backend, Format, Variant
from optimization.passes.base import Pass, PassContext
from optimization.passes.changes import graph_of, operators
from optimization.passes.graph import read_model, serialised
from optimization.passes.integers.layers import INTEGER, layers_of, told
from optimization.passes.integers.quantiser import (
    COPIES,
    DENSE_AND_RECURRENT,
    PACKAGES,
    prepare_graph,
    store_as_integers,
)
from optimization.passes.parameters import parameter
from optimization.passes.writing import scratch_beside, write_result


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

        context.progress("Quantising", 0, 0)
        model = read_model(variant)
        with scratch_beside(context.folder, COPIES * variant.size_bytes) as scratch:
            prepare_graph(model, scratch / "prepared.onnx")
            store_as_integers(
                scratch / "prepared.onnx",
                scratch / "quantised.onnx",
                op_types=None if self.operators == "all" else DENSE_AND_RECURRENT,
                weight_type=self.weight_type,
                per_channel=self.per_channel,
            )
            quantised = onnx.load(scratch / "quantised.onnx")
        if not INTEGER & operators(quantised.graph).keys():
            raise NoEffect(self.name, f"{variant.full_name} has no weights in the operators that it quantises")
        content = serialised(quantised, variant.card)
        return write_result(self, variant, context.folder, content, packages=PACKAGES)

    def notes(self, before: Variant, after: Variant) -> tuple[str, ...]:  # noqa: ARG002 - the result says it all
        """Say which layers became integers."""
        return told(layers_of(graph_of(after.weights)))
