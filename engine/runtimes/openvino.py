"""OpenVINO: executes the same ``.onnx`` files as ONNX Runtime, on the processor; an optional extra."""

import sys
from functools import cache
from threading import Lock, local
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DamagedModelError, ModelRefusedError
from engine.runtimes.base import BATCH, Runtime, Session
from engine.runtimes.onnx_file import Port, admitted, check_ports
from engine.variant import Variant

if TYPE_CHECKING:
    import openvino

#: Calls in succession with equally many windows, after which a graph is compiled for just so many. It gives the same
#: logits, and a call of a small network then takes a quarter less time, since no shape is worked out any more.
SETTLED = 3
ANY = -1  #: how OpenVINO says that a length is open
#: What it says of a file that is no whole ONNX model; anything else that it can't read is whole, but not for it.
DAMAGED = ("Error during import of ONNX model", "Unable to read the model")
TELEMETRY = "openvino_telemetry"


class Graph:
    """A compiled model with a request for each thread, since one request does one thing at a time."""

    def __init__(self, compiled: "openvino.CompiledModel", tensor: "type[openvino.Tensor]") -> None:
        self._compiled = compiled
        self._tensor = tensor
        self._of_thread = local()

    def run(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits of windows that lie in one piece of memory."""
        try:
            request = self._of_thread.request
        except AttributeError:
            request = self._of_thread.request = self._compiled.create_infer_request()
        # The windows stay where they are, which takes half of the time of a small network's call.
        request.set_input_tensor(self._tensor(windows, shared_memory=True))
        request.infer()
        # The next call writes into the same memory.
        logits: NDArray[np.float32] = request.get_output_tensor().data.copy()
        return logits


class OpenVinoSession(Session):
    """A model for any number of windows, and one for as many as it was given several times."""

    def __init__(self, variant: Variant, model: "openvino.Model", threads: int) -> None:
        self.variant = variant
        self.runtime = OpenVinoRuntime.name
        self._model = model
        self._threads = threads
        self._any = self._compiled(ANY)
        self._fixed: tuple[int, Graph | None] = (0, None)
        self._seen = (0, 0)  #: windows of the latest calls, and how many of these there were in succession
        self._lock = Lock()

    def predict(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: D102 - the base class says it
        windows = np.require(windows, np.float32, ["C", "W"])  # a tensor shares only such memory
        try:
            if len(windows) <= BATCH:
                return self._graph(len(windows)).run(windows)
            parts = [windows[start : start + BATCH] for start in range(0, len(windows), BATCH)]
            return np.concatenate([self._graph(len(part)).run(part) for part in parts])
        except RuntimeError as error:
            raise ModelRefusedError(self.variant.full_name, f"OpenVINO can't execute it: {reason_of(error)}") from error

    def _compiled(self, count: int) -> Graph:
        """Return the model for so many windows of the card's length."""
        card = self.variant.card
        model = self._model.clone()
        model.reshape([count, card.channels, card.window])
        return compiled(model, self._threads)

    def _graph(self, count: int) -> Graph:
        """Return the graph for so many windows."""
        fixed, graph = self._fixed
        if count == fixed and graph is not None:
            return graph
        latest, times = self._seen
        self._seen = (count, times + 1 if count == latest else 1)
        if self._seen[1] < SETTLED:
            return self._any
        with self._lock:  # one thread compiles; the others find what it made
            if self._fixed[0] != count:
                self._fixed = (count, self._compiled(count))
            return self._fixed[1] or self._any


class OpenVinoRuntime(Runtime):
    """Intel's engine, on its processor plugin."""

    name = "openvino"
    title = "OpenVINO"
    package = "openvino"
    imports = ("openvino",)
    extra = "openvino"

    def import_libraries(self) -> None:
        """Import it without what would report its use to Intel; its own stand-in takes the place."""
        if self.imports[0] in sys.modules or TELEMETRY in sys.modules:
            super().import_libraries()
            return
        sys.modules[TELEMETRY] = None  # type: ignore[assignment] # how Python says: there is no such module
        try:
            super().import_libraries()
        finally:
            del sys.modules[TELEMETRY]

    def accepts(self, variant: Variant) -> bool:  # noqa: D102
        return variant.format == "onnx"

    def load(self, variant: Variant, *, threads: int = 1) -> OpenVinoSession:  # noqa: D102
        self.import_libraries()
        content = admitted(variant)
        try:
            model = core().read_model(content)
        except RuntimeError as error:
            if any(words in str(error) for words in DAMAGED):
                raise DamagedModelError(variant.full_name, reason_of(error)) from error
            raise ModelRefusedError(variant.full_name, f"OpenVINO can't execute it: {reason_of(error)}") from error
        check_ports(variant, [port(each) for each in model.inputs], [port(each) for each in model.outputs])
        try:
            return OpenVinoSession(variant, model, threads)
        except RuntimeError as error:
            raise ModelRefusedError(variant.full_name, f"OpenVINO can't execute it: {reason_of(error)}") from error


@cache
def core() -> "openvino.Core":
    """Return what reads and compiles models, once for the process, since it loads the processor's plugin."""
    import openvino

    return openvino.Core()


def compiled(model: "openvino.Model", threads: int) -> Graph:
    """Compile a model for one call at a time."""
    import openvino

    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        # Left to itself it may choose bfloat16, which other logits come of, and which processors that only emulate
        # it take 2 to 44 times as long for.
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,  # others work on this machine too, and a pinned thread can't make way for them
        "ENABLE_HYPER_THREADING": True,  # or it would take fewer threads than it is told to
    }
    return Graph(core().compile_model(model, "CPU", settings), openvino.Tensor)


def port(end: Any) -> Port:
    """Return an input or output of a model as the checks take it."""
    shape = end.partial_shape
    lengths = () if shape.rank.is_dynamic else tuple(None if one.is_dynamic else one.get_length() for one in shape)
    return Port(end.element_type.get_type_name() == "f32", lengths)


def reason_of(error: RuntimeError) -> str:
    """Return the line of a report that says what is wrong; the first ones name places in its source."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith(("Exception from", "Check '", "FrontEnd API"))]
    named = [line.removeprefix("-- ") for line in told if line.startswith("-- ")]
    return (named or told or ["it does not say why"])[0].rstrip(".")
