"""What PyTorch exports of a network that rehearsed its integers, put as ONNX Runtime's own quantiser puts it."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optimization.passes.graph import constants_of, without_dead_ends

if TYPE_CHECKING:
    import onnx

ROUNDING = ("QuantizeLinear", "DequantizeLinear")


def store_integers(model: "onnx.ModelProto") -> None:
    """Rewrite a graph in place: weights become integers, and a scale for a whole tensor becomes a scalar.

    PyTorch leaves the rounding of weights in the graph, where they would stay in float32 and as large as they were.
    ONNX Runtime adds tensors as integers only where a scale is a scalar, and not a list of one, and flattens integers
    only by ``Reshape``.
    """
    name_directly(model)
    flatten_by_reshaping(model)
    constants = constants_of(model.graph)
    for node in model.graph.node:
        if node.op_type in ROUNDING:
            for place in (1, 2):
                node.input[place] = scalar_of(node.input[place], constants, model)
    constants = constants_of(model.graph)
    for node in list(model.graph.node):
        if node.op_type == "QuantizeLinear" and node.input[0] in constants:
            weights, scale, zero = (array_of(constants[name]) for name in node.input)
            add_initializer(model, node.output[0], rounded(weights, scale, zero, axis_of(node)))
            model.graph.node.remove(node)
    without_dead_ends(model)


def name_directly(model: "onnx.ModelProto") -> None:
    """Have every node read constants by their own names, and none through copies."""
    constants = constants_of(model.graph)
    roots: dict[str, str] = {}
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = roots.get(name, name)
        if node.op_type == "Identity" and node.input[0] in constants:
            roots[node.output[0]] = node.input[0]


def flatten_by_reshaping(model: "onnx.ModelProto") -> None:
    """Have every node that flattens all but the batch say so as a reshaping."""
    flattening = [node for node in model.graph.node if node.op_type == "Flatten" and axis_of(node) == 1]
    if flattening:
        add_initializer(model, "flat", np.array([0, -1], dtype=np.int64))
    for node in flattening:
        node.op_type = "Reshape"
        del node.attribute[:]
        node.input.append("flat")


def scalar_of(name: str, constants: "dict[str, onnx.TensorProto]", model: "onnx.ModelProto") -> str:
    """Return the name of a constant, or of a scalar that is added where it is a list of one."""
    array = array_of(constants[name])
    if array.shape != (1,):
        return name
    scalar = f"{name}_scalar"
    if scalar not in constants:
        constants[scalar] = add_initializer(model, scalar, array.reshape(()))
    return scalar


def rounded(weights: NDArray[np.float32], scale: NDArray[np.float32], zero: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return weights as ``QuantizeLinear`` rounds them, halves to even; one scale, or one for each entry of an axis."""
    along = [-1 if place == axis else 1 for place in range(weights.ndim)] if scale.ndim else []
    limits = np.iinfo(zero.dtype)
    whole = np.rint(weights / scale.reshape(along)) + zero.reshape(along)
    integers: NDArray[Any] = np.clip(whole, limits.min, limits.max).astype(zero.dtype)
    return integers


def axis_of(node: "onnx.NodeProto") -> int:
    """Return the axis that a node names; what rounds or flattens means 1 by naming none."""
    return next((int(entry.i) for entry in node.attribute if entry.name == "axis"), 1)


def add_initializer(model: "onnx.ModelProto", name: str, array: NDArray[Any]) -> "onnx.TensorProto":
    """Put a constant into a graph, and return it."""
    import onnx

    tensor: onnx.TensorProto = onnx.numpy_helper.from_array(np.asarray(array), name)
    model.graph.initializer.append(tensor)
    return tensor


def array_of(tensor: "onnx.TensorProto") -> NDArray[Any]:
    """Return a constant's numbers."""
    import onnx

    array: NDArray[Any] = onnx.numpy_helper.to_array(tensor)
    return array
