"""INT8 with ranges read beforehand: weights and activations are integers, and nothing is measured in a run."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import CalibrationError, NoEffect, PassNotApplicableError, RecipeError
from engine.variant import Backend, Format, Variant
from optimization.passes.base import Pass, PassContext
from optimization.passes.changes import operators
from optimization.passes.graph import read_model, serialised
from optimization.passes.parameters import parameter
from optimization.passes.quantisation import COPIES, PACKAGES, prepare_graph, quiet_quantiser
from optimization.passes.writing import scratch_beside, write_result
from optimization.progress import Progress

if TYPE_CHECKING:
    import onnx
    from onnxruntime.quantization import TensorsData

#: Windows given to the network at once while ranges are read: the memory this takes does not grow with their number.
BATCH = 4
#: The first whose integers have a scale for each channel.
OLDEST_OPSET = 13


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
    keep_fp32: tuple[str, ...] = parameter(
        (), "Kept in float32", "Names of nodes that are left as they are, separated by commas."
    )

    def requires(self, variant: Variant) -> None:
        """The network must be an ONNX graph in float32."""
        self.require_backend(variant, "onnx")

    def require_opset(self, model: "onnx.ModelProto", variant: Variant) -> None:
        """Raise `PassNotApplicableError` unless the graph's version of ONNX has the operators that are put into it."""
        opset = min((entry.version for entry in model.opset_import if not entry.domain), default=OLDEST_OPSET)
        if opset < OLDEST_OPSET:
            reason = f"its graph is of opset {opset}; export it again with opset {OLDEST_OPSET} or a later one"
            raise PassNotApplicableError(self.name, variant.full_name, reason)

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Read ranges from the calibration's windows, quantise; see `Pass.run` for what it raises."""
        import onnx

        calibration = context.calibration
        if calibration is None or not len(calibration.windows):
            raise CalibrationError(f"{self.name} reads ranges from windows", "give it some to calibrate on")
        model = read_model(variant)
        self.require_opset(model, variant)
        with scratch_beside(context.folder, COPIES * variant.size_bytes) as scratch:
            path = scratch / "prepared.onnx"
            prepared = prepare_graph(model, path)
            require_nodes(prepared, self.keep_fp32)
            ranges = read_ranges(path, calibration.windows, self.method, context.progress)
            context.progress("Quantising", 0, 0)
            quantise(path, scratch / "quantised.onnx", ranges, self)
            quantised = onnx.load(scratch / "quantised.onnx")
        if not operators(quantised.graph)["DequantizeLinear"]:
            raise NoEffect(self.name, f"{variant.full_name} has no operators left that it would quantise")
        content = serialised(quantised, variant.card)
        return write_result(
            self, variant, context.folder, content, packages=PACKAGES, calibration=calibration.provenance
        )


def require_nodes(model: "onnx.ModelProto", names: tuple[str, ...]) -> None:
    """Raise `RecipeError` naming the first of ``names`` that no node of the graph has."""
    there = [node.name for node in model.graph.node]
    for name in names:
        if name not in there:
            close = get_close_matches(name, there, n=1) or there[:1]
            raise RecipeError("keep_fp32", name, f"the graph has no node of that name, though it has {close[0]}")


def read_ranges(
    path: Path, windows: NDArray[np.float32], method: Literal["minmax", "entropy", "percentile"], progress: Progress
) -> "TensorsData":
    """Return the range of each tensor of a graph over windows of shape (W, C, L), given to it a few at a time."""
    from onnxruntime.quantization import CalibrationMethod, create_calibrator

    methods = {
        "minmax": CalibrationMethod.MinMax,
        "entropy": CalibrationMethod.Entropy,
        "percentile": CalibrationMethod.Percentile,
    }
    with quiet_quantiser():
        calibrator: Any = create_calibrator(
            path,
            quantisable(),
            augmented_model_path=str(path.with_name("augmented.onnx")),
            calibrate_method=methods[method],
            # Said for all, because ONNX Runtime widens the ranges of percentiles, and only those, to be symmetric.
            extra_options={"symmetric": False},
        )
    (given,) = calibrator.infer_session.get_inputs()
    for start in range(0, len(windows), BATCH):
        progress("Calibrating", start, len(windows))
        with quiet_quantiser():
            calibrator.collect_data(Batch({given.name: windows[start : start + BATCH]}))
    progress("Calibrating", len(windows), len(windows))
    with quiet_quantiser():
        return calibrator.compute_data()


class Batch:
    """One batch of inputs, in the manner of `onnxruntime.quantization.CalibrationDataReader`."""

    def __init__(self, inputs: dict[str, NDArray[np.float32]]) -> None:
        self._inputs: dict[str, NDArray[np.float32]] | None = inputs

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the batch the first time, and ``None`` to say that it was the last."""
        inputs, self._inputs = self._inputs, None
        return inputs


def quantise(source: Path, target: Path, ranges: "TensorsData", asked: QuantizeStatic) -> None:
    """Write the graph at ``source`` with its operators between integers to ``target``."""
    from onnxruntime.quantization import QDQQuantizer, QuantType
    from onnxruntime.quantization.quant_utils import load_model_with_shape_infer

    types = {"U8": QuantType.QUInt8, "S8": QuantType.QInt8}
    with quiet_quantiser():
        quantiser = QDQQuantizer(
            load_model_with_shape_infer(source),
            per_channel=asked.per_channel,
            reduce_range=False,
            weight_qType=types[asked.scheme[2:]],
            activation_qType=types[asked.scheme[:2]],
            tensors_range=ranges,
            nodes_to_quantize=[],
            nodes_to_exclude=list(asked.keep_fp32),
            op_types_to_quantize=quantisable(),
            extra_options={"ActivationSymmetric": asked.activations == "symmetric"},
        )
        quantiser.quantize_model()
        quantiser.model.save_model_to_file(str(target))


def quantisable() -> list[str]:
    """Return every operator that ONNX Runtime has an integer form of, in the same order in every process."""
    from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

    return sorted({*QLinearOpsRegistry, *QDQRegistry})
