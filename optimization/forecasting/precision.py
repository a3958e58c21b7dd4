"""In which arithmetic a node computes, told by its operator and the types that it takes and gives."""

from collections.abc import Sequence
from typing import Literal

from optimization.forecasting.profile import NodeTime

Precision = Literal["int8", "fp32", "fp16", "cast", "layout"]

INTEGERS = frozenset({"uint8", "int8"})
#: From one number format to another, which computes nothing.
CASTS = frozenset({"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Cast", "FusedCast"})
#: Where numbers lie, or which of them.
LAYOUT = frozenset(
    {
        *("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape", "Transpose", "Split", "Slice", "Concat"),
        *("Gather", "Expand", "ReorderInput", "ReorderOutput", "Pad", "Range", "ConstantOfShape"),
    }
)
INTEGER_OPERATORS = frozenset(
    {"ConvInteger", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "QGemm"}
)
CONVOLUTIONS = frozenset({"Conv", "FusedConv"})
PRODUCTS = frozenset({"MatMul", "FusedMatMul", "Gemm", "FusedGemm"})
RECURRENT = frozenset({"LSTM", "GRU", "RNN"})
#: Operators of a transformer that static quantisation surrounds with casts.
BOUNDARIES = frozenset(
    {"Softmax", "QLinearSoftmax", "LayerNormalization", "SkipLayerNormalization", "Gelu", "BiasGelu"}
)


def precision_of(node: NodeTime) -> Precision:
    """Return in which arithmetic a node computes."""
    if node.operator in CASTS:
        return "cast"
    if node.operator in LAYOUT:
        return "layout"
    if node.operator in INTEGER_OPERATORS or node.operator.startswith("QLinear"):
        return "int8"
    given = node.outputs[0].type if node.outputs else "float"
    if given in INTEGERS:
        return "int8"
    return "fp16" if given == "float16" else "fp32"


def signed_activations(nodes: Sequence[NodeTime]) -> bool:
    """Whether activations are signed integers: casts of larger tensors than weights' from or to ``int8``."""
    return any(node.operator == "QuantizeLinear" and node.outputs and node.outputs[0].type == "int8" for node in nodes)


def unsigned_weights(nodes: Sequence[NodeTime]) -> bool:
    """Whether convolutions or products have weights of unsigned integers."""
    return any(
        node.operator in {"QLinearConv", "QGemm"} and any(each.type == "uint8" for each in node.inputs[3:6])
        for node in nodes
    )
