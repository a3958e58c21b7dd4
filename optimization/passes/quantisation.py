"""What both ways to INT8 share: the graph as ONNX Runtime's quantiser wants it, and the quantiser kept quiet."""

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

PACKAGES = ("onnx", "onnxruntime")
#: Copies of the graph that lie in the scratch folder at the same time, and one to spare.
COPIES = 6


def prepare_graph(model: "onnx.ModelProto", path: Path) -> "onnx.ModelProto":
    """Fold constants and remove what computes nothing, writing the graph to ``path`` and returning it.

    The quantiser takes only weights that stand in the graph as such, and some networks come from PyTorch with weights
    that are sliced out of larger ones. No more than basic optimisation: the levels above it leave operators that only
    one kind of processor runs.
    """
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3  # errors only: its warnings speak to developers of the runtime
    options.intra_op_num_threads = 1
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    prepared = onnx.load(path)
    # The quantiser looks for this mark and warns without it.
    prepared.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
    onnx.save(prepared, path)
    return prepared


@contextlib.contextmanager
def quiet_quantiser() -> Iterator[None]:
    """Keep ONNX Runtime's quantiser from printing, and from logging through the root logger, which it sets up too."""

    def is_not_its_own(record: logging.LogRecord) -> bool:
        return "onnxruntime" not in Path(record.pathname).parts

    root = logging.getLogger()
    nowhere = logging.NullHandler()
    root.addHandler(nowhere)  # with a handler there, the module-level functions of logging add none of their own
    root.addFilter(is_not_its_own)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        root.removeFilter(is_not_its_own)
        root.removeHandler(nowhere)
