"""The passes: one table, one conformance suite (``tests/optimization/passes/test_every_pass.py``)."""

from collections.abc import Mapping
from types import MappingProxyType

from optimization.passes.base import Changes, Pass, PassContext
from optimization.passes.conv_layout import ConvLayout
from optimization.passes.convert_fp16 import ConvertFp16
from optimization.passes.export_onnx import ExportOnnx
from optimization.passes.fine_tune import FineTune
from optimization.passes.fuse import Fuse
from optimization.passes.optimize_graph import OptimizeGraph
from optimization.passes.prune import Prune
from optimization.passes.qat import Qat
from optimization.passes.quantize_dynamic import QuantizeDynamic
from optimization.passes.quantize_static import QuantizeStatic

__all__ = ["PASSES", "Changes", "Pass", "PassContext"]

PASSES: Mapping[str, type[Pass]] = MappingProxyType(
    {
        made.name: made
        for made in (
            ExportOnnx,
            OptimizeGraph,
            ConvLayout,
            QuantizeStatic,
            QuantizeDynamic,
            Qat,
            ConvertFp16,
            Fuse,
            Prune,
            FineTune,
        )
    }
)
