"""Whether a graph that was rewritten answers as before, asked before the rewritten one is kept."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelRefusedError
from engine.variant import Variant
from optimization.calibration import simulated_calibration

if TYPE_CHECKING:
    import onnxruntime

WINDOWS = 7
#: Windows given at once: one, and all.
BATCHES = (1, WINDOWS)
#: Largest difference of two logits, as a share of the largest logit where that is above 1. In single precision, other
#: kernels sum in another order; in half and in integers, a last digit that falls otherwise is a step of their grid.
TOLERANCES = {"onnx": 1e-4, "fp16": 1e-2, "int8": 1e-1}


def require_same_answers(variant: Variant, rewritten: bytes, done: str) -> None:
    """Raise `ModelRefusedError` unless a rewritten graph answers simulated windows as the variant does.

    Parameters
    ----------
    variant : Variant
        Whose graph it was.
    rewritten : bytes
        The ONNX file.
    done : str
        What was done to it, for the message: ``with convolutions over images``.
    """
    windows = simulated_calibration(variant.card, windows=WINDOWS).windows
    before, after = session_of(variant.weights.read_bytes()), session_of(rewritten)
    for batch in BATCHES:
        expected, answered = answers(before, windows[:batch]), answers(after, windows[:batch])
        allowed = TOLERANCES[variant.backend] * max(1.0, float(np.abs(expected).max()))
        difference = float(np.abs(answered - expected).max()) if answered.shape == expected.shape else np.inf
        if not difference <= allowed:  # NaN is no answer
            reason = f"{done}, it answers up to {difference:.2g} away from what it answered before, at batch {batch}"
            raise ModelRefusedError(variant.full_name, reason)


def session_of(model: bytes) -> "onnxruntime.InferenceSession":
    """Return a graph loaded as a runtime loads it, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors only: its warnings speak to developers of the runtime
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def answers(session: "onnxruntime.InferenceSession", windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logits of windows of shape (W, C, L)."""
    logits: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: windows})[0]
    return logits
