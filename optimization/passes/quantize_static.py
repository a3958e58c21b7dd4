"""INT8 with ranges read beforehand: weights and activations are integers, and nothing is measured in a run."""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from engine.errors import CalibrationError, NoEffect, RecipeError
from engine.variant import Backend, Format, Variant
from optimization.passes.base import Pass, PassContext
from optimization.passes.changes import graph_of, operators
from optimization.passes.graph import read_model, serialised
from optimization.passes.integers.float_layers import shield
from optimization.passes.integers.layers import INTEGER, KINDS, layers_of, told
from optimization.passes.integers.quantiser import (
    COPIES,
    DENSE_AND_RECURRENT,
    PACKAGES,
    prepare_graph,
    quantisable,
    quiet_quantiser,
    store_as_integers,
)
from optimization.passes.integers.ranges import read_ranges
from optimization.passes.parameters import parameter
from optimization.passes.writing import scratch_beside, write_result

if TYPE_CHECKING:
    import onnx
    from onnxruntime.quantization import TensorsData

DENSE = ("Gemm", "MatMul")


@dataclass(frozen=True, slots=True)
class QuantizeStatic(Pass):
    """Turn weights and activations into integers, whose ranges are read from windows once and for all.

    The graph says where integers begin and end (``QuantizeLinear``, ``DequantizeLinear``); the runtime fuses what
    stands between them.
    """

    name: ClassVar[str] = "quantize_static"
    title: ClassVar[str] = "Static INT8"
    summary: ClassVar[str] = "Computes with integers whose ranges are read from recordings; suits convolutions."
    gives: ClassVar[tuple[Format, Backend]] = ("onnx", "int8")
    result: ClassVar[str] = "int8-static"
    calibrates: ClassVar[bool] = True
    oldest_opset: ClassVar[int] = 13  # whose integers have a scale for each channel

    scheme: Literal["U8S8", "S8S8", "U8U8"] = parameter(
        "U8S8", "Integers", "Of activations and of weights; U8S8 is what x86 processors are fast with."
    )
    activations: Literal["asymmetric", "symmetric"] = parameter(
        "asymmetric",
        "Activation ranges",
        "Asymmetric ranges let the runtime drop each ReLU; choose symmetric only to compare.",
    )
    per_channel: bool = parameter(
        True, "Scale per channel", "A scale for each channel keeps weights more exactly, at the same speed."
    )
    method: Literal["minmax", "entropy", "percentile"] = parameter(
        "minmax",
        "Range method",
        "How ranges are read; 'entropy' and 'percentile' leave out rare values, which may be the impulses of a fault.",
    )
    operators: Literal["all", "dense"] = parameter(
        "all",
        "Operators",
        "What is quantised; 'dense' takes the weights and inputs of dense layers alone, which suits transformers.",
    )
    recurrent: Literal["dynamic", "float32"] = parameter(
        "dynamic",
        "Recurrent layers",
        "LSTM has no fixed ranges: 'dynamic' measures its inputs, and those of dense layers beside it, in every run.",
    )
    keep_fp32: tuple[str, ...] = parameter(
        (), "Kept in float32", "Names of nodes that are left as they are, separated by commas."
    )

    @property
    def activation_type(self) -> Literal["U8", "S8"]:
        """Integers of activations."""
        return "S8" if self.scheme.startswith("S8") else "U8"

    @property
    def weight_type(self) -> Literal["U8", "S8"]:
        """Integers of weights."""
        return "S8" if self.scheme.endswith("S8") else "U8"

    def requires(self, variant: Variant) -> None:
        """The network must be an ONNX graph in float32."""
        self.require_backend(variant, "onnx")

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Read ranges from the calibration's windows, quantise; see `Pass.run` for what it raises."""
        import onnx

        calibration = context.calibration
        if calibration is None or not calibration.count:
            raise CalibrationError(f"{self.name} reads ranges from windows", "give it some to calibrate on")
        model = read_model(variant)
        self.require_opset(variant, model)
        with scratch_beside(context.folder, COPIES * variant.size_bytes) as scratch:
            path = scratch / "prepared.onnx"
            prepared = prepare_graph(model, path)
            kept = nodes_named(self.keep_fp32, model, prepared)
            ranges = read_ranges(path, calibration, self.method, context.progress)
            context.progress("Quantising", 0, 0)
            quantise(path, scratch / "quantised.onnx", ranges, replace(self, keep_fp32=kept))
            quantised = onnx.load(scratch / "quantised.onnx")
        if not {"DequantizeLinear", *INTEGER} & operators(quantised.graph).keys():
            raise NoEffect(self.name, f"{variant.full_name} has no operators left that it would quantise")
        content = serialised(quantised, variant.card)
        return write_result(
            self, variant, context.folder, content, packages=PACKAGES, calibration=calibration.provenance
        )

    def notes(self, before: Variant, after: Variant) -> tuple[str, ...]:  # noqa: ARG002 - the result says it all
        """Say which layers became integers, and which did not and why."""
        return told(layers_of(graph_of(after.weights)), self.keep_fp32)


def nodes_named(names: tuple[str, ...], model: "onnx.ModelProto", prepared: "onnx.ModelProto") -> tuple[str, ...]:
    """Return the nodes of a prepared graph that are meant by names of it, or of the graph that it was made from.

    Raises
    ------
    RecipeError
        Naming the first that is none, or that is folded away before anything is quantised.
    """
    there = {node.name for node in prepared.graph.node}
    made_by = {output: node.name for node in prepared.graph.node for output in node.output}
    before = {node.name: node.output for node in model.graph.node}
    found = []
    for name in names:
        meant = [name] if name in there else [made_by[output] for output in before.get(name, ()) if output in made_by]
        if not meant:
            known = [*there, *before] if name not in before else [*there]
            layers = [node.name for node in prepared.graph.node if node.op_type in KINDS]
            close = (get_close_matches(name, sorted(known), n=1) or layers or sorted(there))[0]
            problem = "folds that node away" if name in before else "has no node of that name"
            raise RecipeError("keep_fp32", name, f"the graph {problem}, though it has {close}")
        found += meant
    return tuple(found)


def quantise(source: Path, target: Path, ranges: "TensorsData", asked: QuantizeStatic) -> None:
    """Write a graph with its operators between integers.

    Parameters
    ----------
    source, target : Path
        The graph, as `prepare_graph` leaves it, and where the result goes; what lies between is left beside it.
    ranges : TensorsData
        Of its tensors (`ranges.read_ranges`).
    asked : QuantizeStatic
        How; ``keep_fp32`` names nodes of the prepared graph.
    """
    graph = graph_of(source)
    if asked.recurrent == "float32" or not operators(graph)["LSTM"]:
        put_between_integers(source, target, ranges, asked, dense=True)
        return
    # Beside LSTM, which has no ranges, dense layers are small; their inputs are measured in every run as its are.
    static = target.with_name("static.onnx")
    put_between_integers(source, static, ranges, asked, dense=False)
    store_as_integers(
        static, target, op_types=DENSE_AND_RECURRENT, weight_type=asked.weight_type, keep_fp32=asked.keep_fp32
    )


def put_between_integers(
    source: Path, target: Path, ranges: "TensorsData", asked: QuantizeStatic, *, dense: bool
) -> None:
    """Write a graph with Q and DQ nodes round the operators asked for; dense layers are left out unless ``dense``."""
    from onnxruntime.quantization import QDQQuantizer, QuantType
    from onnxruntime.quantization.quant_utils import load_model_with_shape_infer

    types = {"U8": QuantType.QUInt8, "S8": QuantType.QInt8}
    chosen = quantisable() if asked.operators == "all" else list(DENSE)
    options: dict[str, Any] = {"ActivationSymmetric": asked.activations == "symmetric"}
    kept = list(asked.keep_fp32)
    if asked.operators == "dense":
        # What comes out is normalised or added to next, for which runtimes have no integer form.
        options["OpTypesToExcludeOutputQuantization"] = list(DENSE)
        kept += [layer.name for layer in layers_of(graph_of(source)) if not layer.weighted]
    with quiet_quantiser():
        quantiser = QDQQuantizer(
            load_model_with_shape_infer(source),
            per_channel=asked.per_channel,
            reduce_range=False,
            weight_qType=types[asked.weight_type],
            activation_qType=types[asked.activation_type],
            tensors_range=ranges,
            nodes_to_quantize=[],
            nodes_to_exclude=kept,
            op_types_to_quantize=[name for name in chosen if dense or name not in DENSE],
            extra_options=options,
        )
        quantiser.quantize_model()
        shield(quantiser.model.model, asked.keep_fp32)
        quantiser.model.save_model_to_file(str(target))
