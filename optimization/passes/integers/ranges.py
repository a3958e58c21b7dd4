"""The range of each tensor of a graph, read from windows that come batch by batch."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from optimization.calibration import Calibration
from optimization.passes.integers.quantiser import quantisable, quiet_quantiser
from optimization.progress import Progress

if TYPE_CHECKING:
    from onnxruntime.quantization import TensorsData

Method = Literal["minmax", "entropy", "percentile"]
#: Windows given to the network at once: their activations are all that is held, so memory does not grow with the rest.
BATCH = 4
#: What ONNX Runtime calls the methods.
METHODS: Mapping[Method, str] = {"minmax": "MinMax", "entropy": "Entropy", "percentile": "Percentile"}


class RangeReader:
    """Keeps the extremes or the histogram of each tensor over all windows so far, and none of the tensors themselves.

    Parameters
    ----------
    path : Path
        The float graph, as `quantiser.prepare_graph` leaves it; one that gives every tensor is written beside it.
    method : {"minmax", "entropy", "percentile"}
        What of the values a range spans.
    """

    def __init__(self, path: Path, method: Method) -> None:
        from onnxruntime.quantization import CalibrationMethod, create_calibrator

        with quiet_quantiser():
            self._calibrator: Any = create_calibrator(
                path,
                quantisable(),
                augmented_model_path=str(path.with_name("augmented.onnx")),
                calibrate_method=CalibrationMethod[METHODS[method]],
                # Said for all, because ONNX Runtime widens the ranges of percentiles, and only those, to be symmetric.
                extra_options={"symmetric": False},
            )
        (given,) = self._calibrator.infer_session.get_inputs()
        self._input: str = given.name

    def add(self, windows: NDArray[np.float32]) -> None:
        """Widen the ranges by windows of shape (W, C, L); all their activations are in memory meanwhile."""
        with quiet_quantiser():
            self._calibrator.collect_data(Batch({self._input: windows}))

    def ranges(self) -> "TensorsData":
        """Return the range of each tensor over the windows so far; at least one must have been added."""
        with quiet_quantiser():
            ranges: TensorsData = self._calibrator.compute_data()
        return ranges


class Batch:
    """One batch of inputs, in the manner of `onnxruntime.quantization.CalibrationDataReader`."""

    def __init__(self, inputs: dict[str, NDArray[np.float32]]) -> None:
        self._inputs: dict[str, NDArray[np.float32]] | None = inputs

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the batch the first time, and ``None`` to say that it was the last."""
        inputs, self._inputs = self._inputs, None
        return inputs


def read_ranges(path: Path, calibration: Calibration, method: Method, progress: Progress) -> "TensorsData":
    """Return the range of each tensor of a graph over a calibration's windows, `BATCH` of them at a time."""
    reader = RangeReader(path, method)
    done = 0
    for windows in calibration.batches(BATCH):
        progress("Calibrating", done, calibration.count)
        reader.add(windows)
        done += len(windows)
    progress("Calibrating", done, calibration.count)
    return reader.ranges()
