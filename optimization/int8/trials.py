"""One network quantised again and again, each time a little differently, and held against its float32 form."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.errors import NoEffect
from engine.runtimes import load
from engine.variant import Variant, sha256_of
from optimization.calibration import Calibration, calibrate_on
from optimization.passes.changes import operators
from optimization.passes.graph import read_model, serialised
from optimization.passes.integers.layers import INTEGER
from optimization.passes.integers.quantiser import prepare_graph
from optimization.passes.integers.ranges import read_ranges
from optimization.passes.quantize_static import QuantizeStatic, nodes_named, quantise
from optimization.progress import Progress
from optimization.proving.comparison import WindowComparison, WindowTally
from optimization.recording_set import RecordingSet

if TYPE_CHECKING:
    from onnxruntime.quantization import TensorsData


class Int8Trials:
    """Makes INT8 forms of a network in a scratch folder; nothing of them is kept but how they answer.

    Parameters
    ----------
    start : Variant
        An ONNX variant in float32.
    asked : QuantizeStatic
        How to quantise; each trial keeps more nodes in float32.
    windows : ndarray of float32, shape (W, C, L)
        To judge on, none of them calibrated on.
    scratch : Path
        An empty folder.

    Attributes
    ----------
    prepared : Path
        The float graph that is quantised.

    Raises
    ------
    PassNotApplicableError
        If the network can't be quantised so.
    RecipeError
        If it has no node of a name that is to be kept.
    ModelError
        If it can't be read.
    """

    def __init__(self, start: Variant, asked: QuantizeStatic, windows: NDArray[np.float32], scratch: Path) -> None:
        asked.requires(start)
        model = read_model(start)
        asked.require_opset(start, model)
        self.prepared = scratch / "prepared.onnx"
        kept = nodes_named(asked.keep_fp32, model, prepare_graph(model, self.prepared))
        self.asked = replace(asked, keep_fp32=kept)
        self.windows = windows
        self._start = start
        with load(start) as session:
            self._expected = session.predict(windows)

    def ranges(self, calibration: Calibration, progress: Progress) -> "TensorsData":
        """Return the ranges of the graph's tensors over a calibration's windows."""
        return read_ranges(self.prepared, calibration, self.asked.method, progress)

    def quantised(self, ranges: "TensorsData", keep_fp32: Sequence[str] = ()) -> Path:
        """Write an INT8 graph that keeps more nodes in float32; the next one takes its place.

        Raises
        ------
        NoEffect
            If nothing in it computes with integers.
        """
        import onnx

        path = self.prepared.with_name("quantised.onnx")
        quantise(self.prepared, path, ranges, replace(self.asked, keep_fp32=(*self.asked.keep_fp32, *keep_fp32)))
        quantised = onnx.load(path)
        if not {"DequantizeLinear", *INTEGER} & operators(quantised.graph).keys():
            raise NoEffect(self.asked.name, f"{self._start.full_name} has no operators left that it would quantise")
        path.write_bytes(serialised(quantised, self._start.card))
        return path

    def judged(self, path: Path) -> WindowComparison:
        """Hold the logits of an INT8 graph against those of the network in float32."""
        tally = WindowTally()
        with load(replace(self._start, backend="int8", weights=path, digest=sha256_of(path))) as session:
            tally.add(self._expected, session.predict(self.windows))
        return tally.result()


def windows_to_judge_on(recordings: RecordingSet, card: ModelCard, most: int) -> NDArray[np.float32]:
    """Return so many windows, of shape (W, C, L), or all there are, evenly of the recordings.

    Raises
    ------
    CalibrationError
        If no recording gives a window.
    SignalError
        If a recording can't be read.
    """
    return calibrate_on(recordings, card, windows=most).windows
