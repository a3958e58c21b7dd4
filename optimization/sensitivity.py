"""Which layers INT8 hurts: the error of each where the runtime has integers, and what it does to the logits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.variant import Variant
from optimization.calibration import Calibration
from optimization.int8.layers import Boundary, boundaries
from optimization.int8.trials import Int8Trials, windows_to_judge_on
from optimization.passes.integers.ranges import BATCH
from optimization.passes.quantize_static import QuantizeStatic
from optimization.progress import Progress, silent
from optimization.proving.comparison import WindowComparison, ratio_db
from optimization.recording_set import RecordingSet

if TYPE_CHECKING:
    import onnx

#: Windows that layers are judged on: each layer answers them all once more.
JUDGED_ON = 64
#: Layers that are proposed to be kept in float32 at most: each costs speed and size.
MOST_KEPT = 3
#: Of the noise that all layers together bring into the logits: what those that are proposed bring at least.
SHARE_OF_NOISE = 0.5


@dataclass(frozen=True, slots=True)
class LayerError:
    """What INT8 does to one layer.

    Attributes
    ----------
    name : str
        Of its node; ``keep_fp32`` takes it.
    operator : str
        As ONNX calls it.
    fused_with : tuple of str
        Operators after it that the runtime computes in the same step.
    weighted : bool
        Whether it has weights, so that keeping it in float32 changes anything.
    sqnr_db : float or None
        Power of its output in float32 over that of the error which the output has inside the INT8 network, in dB;
        ``None`` without error. The errors of all layers before it are in it.
    logits_sqnr_db : float or None
        The same of the logits, where this layer alone computes with integers.
    """

    name: str
    operator: str
    fused_with: tuple[str, ...]
    weighted: bool
    sqnr_db: float | None
    logits_sqnr_db: float | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What INT8 does to a network, layer by layer.

    Attributes
    ----------
    network : WindowComparison
        All layers in integers against float32.
    layers : tuple of LayerError
        The ones that compute with integers, the worst for the logits first.
    """

    network: WindowComparison
    layers: tuple[LayerError, ...]

    @property
    def worst(self) -> tuple[str, ...]:
        """Names of the fewest layers with weights that bring half of the noise of all such, `MOST_KEPT` at most."""
        weighted = [layer for layer in self.layers if layer.weighted]
        noise = [noise_of(layer.logits_sqnr_db) for layer in weighted]
        chosen = int(np.searchsorted(np.cumsum(noise), SHARE_OF_NOISE * sum(noise))) + 1 if sum(noise) else 0
        return tuple(layer.name for layer in weighted[: min(chosen, MOST_KEPT)])

    def to_json(self) -> dict[str, Any]:
        """As ``vibench sensitivity --json`` prints it."""
        return {
            "network": asdict(self.network),
            "layers": [asdict(layer) | {"fused_with": list(layer.fused_with)} for layer in self.layers],
            "worst": list(self.worst),
        }


def noise_of(sqnr_db: float | None) -> float:
    """Return the power of an error, that of what it is in being 1."""
    return 0.0 if sqnr_db is None else 10 ** (-sqnr_db / 10)


def sensitivity(
    start: Variant,
    asked: QuantizeStatic,
    calibration: Calibration,
    judge_on: RecordingSet,
    scratch: Path,
    *,
    progress: Progress = silent,
) -> Sensitivity:
    """Measure the error of every layer that a static quantisation turns into integers.

    Parameters
    ----------
    start : Variant
        An ONNX variant in float32.
    asked : QuantizeStatic
        How to quantise; what it keeps in float32 is left out.
    calibration : Calibration
        To read ranges from.
    judge_on : RecordingSet
        Other recordings, to judge on.
    scratch : Path
        An empty folder.
    progress : callable
        Told how far it is.

    Raises
    ------
    CalibrationError
        If a set gives no window.
    PassNotApplicableError, RecipeError, NoEffect, ModelError
        If the network can't be quantised so.
    SignalError
        If a recording can't be read.
    """
    import onnx

    trials = Int8Trials(start, asked, windows_to_judge_on(judge_on, start.card, JUDGED_ON), scratch)
    ranges = trials.ranges(calibration, progress)
    path = trials.quantised(ranges)
    graphs = onnx.load(trials.prepared), onnx.load(path)
    found = boundaries(graphs[0].graph, graphs[1].graph, trials.asked.keep_fp32)
    network = trials.judged(path)
    outputs = output_errors(graphs, found, trials.windows, progress)
    names = [node.name for node in graphs[0].graph.node]
    layers = []
    for done, boundary in enumerate(found):
        progress("One layer at a time", done, len(found))
        others = [name for name in names if name not in boundary.nodes]
        layers.append(
            LayerError(
                name=boundary.name,
                operator=boundary.operator,
                fused_with=boundary.fused_with,
                weighted=boundary.weighted,
                sqnr_db=outputs[boundary.name],
                logits_sqnr_db=trials.judged(trials.quantised(ranges, others)).sqnr_db,
            )
        )
    progress("One layer at a time", len(found), len(found))
    return Sensitivity(network, tuple(sorted(layers, key=lambda layer: -noise_of(layer.logits_sqnr_db))))


def output_errors(
    graphs: "tuple[onnx.ModelProto, onnx.ModelProto]",
    found: Sequence[Boundary],
    windows: NDArray[np.float32],
    progress: Progress,
) -> Mapping[str, float | None]:
    """Return the SQNR in dB of each layer's output inside the INT8 graph, `BATCH` windows being in memory at once.

    Parameters
    ----------
    graphs : tuple of ModelProto
        In float32 and in INT8.
    found : sequence of Boundary
        The layers, and their outputs in both.
    windows : ndarray of float32, shape (W, C, L)
        To judge on.
    progress : callable
        Told how far it is.
    """
    asked = [boundary.in_float32 for boundary in found], [boundary.in_int8 for boundary in found]
    sessions = [session_giving(graph, tensors) for graph, tensors in zip(graphs, asked, strict=True)]
    (given,) = sessions[0].get_inputs()
    power, noise = np.zeros(len(found)), np.zeros(len(found))
    for done in range(0, len(windows), BATCH):
        progress("Comparing layers", done, len(windows))
        batch = {given.name: windows[done : done + BATCH]}
        pairs = zip(
            *(session.run(tensors, batch) for session, tensors in zip(sessions, asked, strict=True)), strict=True
        )
        for index, (expected, answered) in enumerate(pairs):
            power[index] += np.square(expected, dtype=np.float64).sum()
            noise[index] += np.square(np.subtract(answered, expected, dtype=np.float64)).sum()
    return {one.name: ratio_db(power[index], noise[index]) for index, one in enumerate(found)}


def session_giving(model: "onnx.ModelProto", tensors: Sequence[str]) -> Any:
    """Return a session on a graph, as it stands, that can be asked for tensors between its ends."""
    import onnx
    import onnxruntime

    there = {output.name for output in model.graph.output}
    for name in sorted(set(tensors) - there):
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    # What is fused away can't be asked for; integers and their rounding are the same in the graph as it stands.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
