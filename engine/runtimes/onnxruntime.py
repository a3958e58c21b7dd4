"""ONNX Runtime: executes ``.onnx`` files of every precision on the processor."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DamagedModelError, ModelRefusedError
from engine.runtimes.base import BATCH, Runtime, Session
from engine.variant import Variant

if TYPE_CHECKING:
    import onnxruntime

#: How protobuf writes the key ``location`` of an external tensor: field 1, eight bytes.
EXTERNAL_DATA = b"\x0a\x08location"


class OnnxSession(Session):
    """An inference session on one ``.onnx`` file with a dynamic batch."""

    def __init__(self, variant: Variant, session: "onnxruntime.InferenceSession") -> None:
        self.variant = variant
        self.runtime = OnnxRuntime.name
        # Kept, because looking them up costs a tenth of a small network's run.
        self._run = session.run
        self._input = session.get_inputs()[0].name
        self._outputs = [session.get_outputs()[0].name]

    def predict(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: D102 - the base class says it
        if len(windows) <= BATCH:
            logits: NDArray[np.float32] = self._run(self._outputs, {self._input: windows})[0]
            return logits
        batches = range(0, len(windows), BATCH)
        return np.concatenate(
            [self._run(self._outputs, {self._input: windows[start : start + BATCH]})[0] for start in batches]
        )


class OnnxRuntime(Runtime):
    """Microsoft's engine, on its processor provider."""

    name = "onnxruntime"

    def accepts(self, variant: Variant) -> bool:  # noqa: D102
        return variant.format == "onnx"

    def load(self, variant: Variant, *, threads: int = 1) -> OnnxSession:  # noqa: D102
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as raised

        variant.check_weights()
        model = variant.weights.read_bytes()
        if EXTERNAL_DATA in model:
            raise ModelRefusedError(
                variant.full_name, "its weights lie in another file; export it again as a single file"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: its warnings speak to developers of the runtime
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others work on this machine too
        try:
            session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except (
            raised.Fail,
            raised.InvalidArgument,
            raised.InvalidGraph,
            raised.InvalidProtobuf,
            raised.NotImplemented,
            RuntimeError,
        ) as error:
            raise DamagedModelError(variant.full_name, str(error).splitlines()[0]) from error
        check_shapes(variant, session)
        return OnnxSession(variant, session)

    def version(self) -> str:  # noqa: D102
        from importlib.metadata import version

        return version("onnxruntime")


def check_shapes(variant: Variant, session: Any) -> None:
    """Raise `DamagedModelError` unless the file takes the card's windows and answers its classes."""
    card = variant.card
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1 or inputs[0].type != "tensor(float)":
        raise DamagedModelError(variant.full_name, "it must take one float32 input and give one output")
    window, logits = list(inputs[0].shape), list(outputs[0].shape)
    fits = (
        len(window) == 3
        and window[1] in (card.channels, None)
        and (window[2] == card.window or not isinstance(window[2], int))
        and len(logits) == 2
        and (logits[1] == len(card.classes) or not isinstance(logits[1], int))
    )
    if not fits:
        raise DamagedModelError(variant.full_name, f"its shapes {window} and {logits} do not fit its card")
