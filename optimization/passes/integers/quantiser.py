"""What both ways to INT8 share: the graph as ONNX Runtime's quantiser wants it, and the quantiser kept quiet."""

import contextlib
import io
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.variant import Variant
from optimization.passes.changes import graph_of, operators

if TYPE_CHECKING:
    import onnx

PACKAGES = ("onnx", "onnxruntime")
#: Copies of the graph that lie in the scratch folder at the same time, and one to spare.
COPIES = 6
#: Operators whose integer form is worth the measuring of their inputs; that of convolutions rarely is.
DENSE_AND_RECURRENT = ("Gemm", "LSTM", "MatMul")


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


def quantisable() -> list[str]:
    """Return every operator that ONNX Runtime has an integer form of, in the same order in every process."""
    from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

    return sorted({*QLinearOpsRegistry, *QDQRegistry})


def store_as_integers(
    source: Path,
    target: Path,
    *,
    op_types: Sequence[str] | None,
    weight_type: Literal["S8", "U8"],
    per_channel: bool = False,
    keep_fp32: Sequence[str] = (),
) -> None:
    """Write a graph whose operators hold integer weights and measure their inputs in every run.

    Parameters
    ----------
    source, target : Path
        The graph, as `prepare_graph` leaves it, and where the result goes.
    op_types : sequence of str or None
        Which ones; every one that has such a form if ``None``.
    weight_type : {"S8", "U8"}
        Signed or unsigned integers.
    per_channel : bool
        Whether each channel of the weights has a scale.
    keep_fp32 : sequence of str
        Names of nodes that are left as they are.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with quiet_quantiser():
        quantize_dynamic(
            source,
            target,
            op_types_to_quantize=None if op_types is None else list(op_types),
            per_channel=per_channel,
            weight_type=QuantType.QInt8 if weight_type == "S8" else QuantType.QUInt8,
            # The quantiser splits each Gemm into two nodes first, and looks for its name afterwards.
            nodes_to_exclude=[*keep_fp32, *(f"{name}_MatMul" for name in keep_fp32)],
        )


def fused_counts(variant: Variant) -> Counter[str]:
    """Return how often each operator runs, once ONNX Runtime has fused the graph for this processor.

    What is quantised well is left as ``QLinearConv`` and its like, with hardly a ``Conv``, ``Relu`` or
    ``DequantizeLinear`` between them.
    """
    import onnxruntime

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "fused.onnx"
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(path)
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        onnxruntime.InferenceSession(variant.weights, options, providers=["CPUExecutionProvider"])
        return operators(graph_of(path))
