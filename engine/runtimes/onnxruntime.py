"""ONNX Runtime: executes ``.onnx`` files of every precision on the processor."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DamagedModelError, ModelRefusedError
from engine.runtimes.base import BATCH, Runtime, Session
from engine.runtimes.onnx_file import Port, admitted, check_ports
from engine.variant import Variant

if TYPE_CHECKING:
    import onnxruntime

#: What it says of an operator that it doesn't have; the file is whole.
UNKNOWN_OPERATOR = ("is not a registered function/op", "No Op registered for")


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
    title = "ONNX Runtime"
    package = "onnxruntime"
    imports = ("onnxruntime",)

    def accepts(self, variant: Variant) -> bool:  # noqa: D102
        return variant.format == "onnx"

    def load(self, variant: Variant, *, threads: int = 1) -> OnnxSession:  # noqa: D102
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as raised

        model = admitted(variant)
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
            reason = str(error).splitlines()[0]
            if any(words in reason for words in UNKNOWN_OPERATOR):
                raise ModelRefusedError(variant.full_name, f"ONNX Runtime can't execute it: {reason}") from error
            raise DamagedModelError(variant.full_name, reason) from error
        inputs, outputs = session.get_inputs(), session.get_outputs()
        check_ports(variant, [port(each) for each in inputs], [port(each) for each in outputs])
        return OnnxSession(variant, session)


def port(end: Any) -> Port:
    """Return an input or output of a session as the checks take it; an open length has a name or none."""
    return Port(end.type == "tensor(float)", tuple(each if isinstance(each, int) else None for each in end.shape))
