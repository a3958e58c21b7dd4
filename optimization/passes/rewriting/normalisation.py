"""Batch normalisation folded into the layer before it, in ONNX graphs that still have it.

With mean m, variance v, scale g and shift b, a layer that gives y is followed by g (y - m) / sqrt(v + e) + b: the
layer's weights times s = g / sqrt(v + e), and b + (bias - m) s for its bias, give the same (S. Ioffe and C. Szegedy,
"Batch Normalization", ICML 2015, arXiv:1502.03167).
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optimization.passes.graph import constants_of, names_read_by, shapes_of, without_dead_ends

if TYPE_CHECKING:
    import onnx

EPSILON = 1e-5  #: what ONNX adds to a variance unless a node says otherwise


def fold_normalisation(model: "onnx.ModelProto") -> int:
    """Fold every batch normalisation that follows a layer of constant weights, in place; return how many."""
    folding = Folding(model)
    normalising = [node for node in model.graph.node if node.op_type == "BatchNormalization"]
    folded = sum([folding.fold(node) for node in normalising])
    if folded:
        without_dead_ends(model)
    return folded


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A layer whose outputs are normalised.

    Attributes
    ----------
    node : onnx.NodeProto
        ``Conv``, ``Gemm`` or ``MatMul``.
    weights : ndarray
        Its own.
    axis : int
        Of the weights, that belongs to the outputs.
    bias : ndarray, shape (outputs,) or ()
        Its own, or what is added to it afterwards.
    """

    node: "onnx.NodeProto"
    weights: NDArray[np.floating[Any]]
    axis: int
    bias: NDArray[np.floating[Any]]


class Folding:
    """A graph while its normalisation is folded.

    Parameters
    ----------
    model : onnx.ModelProto
        Changed in place by `fold`.
    """

    def __init__(self, model: "onnx.ModelProto") -> None:
        self._graph = model.graph
        self._constants = constants_of(model.graph)
        self._shapes = shapes_of(model)
        self._makers = {name: node for node in model.graph.node for name in node.output}
        read = [name for node in model.graph.node for name in names_read_by(node)]
        self._readers = Counter([*read, *(end.name for end in model.graph.output)])

    def fold(self, normalising: "onnx.NodeProto") -> bool:
        """Fold one node into the layer before it; whether that could be done."""
        if not all(name in self._constants for name in normalising.input[1:]) or len(normalising.output) > 1:
            return False
        layer = self._layer(normalising.input[0])
        scale, shift, mean, variance = (self._array(name).astype(np.float64) for name in normalising.input[1:])
        if layer is None or layer.weights.shape[layer.axis] != len(scale):
            return False
        factor = scale / np.sqrt(variance + attribute(normalising, "epsilon", EPSILON))
        along = [-1 if axis == layer.axis else 1 for axis in range(layer.weights.ndim)]
        weights = layer.weights * factor.reshape(along)
        bias = (layer.bias - mean) * factor + shift
        self._replace(layer, normalising, weights, bias)
        return True

    def _layer(self, name: str) -> Layer | None:
        """Return the layer that gives a tensor, where nothing else reads what it gives, and its weights are known."""
        node = self._sole_maker(name)
        bias: NDArray[Any] = np.zeros(())
        if node is not None and node.op_type == "Add":
            given, added = sorted(node.input, key=lambda one: one in self._constants)
            node = self._sole_maker(given)
            if node is None or node.op_type != "MatMul" or added not in self._constants:
                return None
            bias = self._array(added)
        if node is None or not all(one in self._constants for one in node.input[1:] if one):
            return None
        if node.op_type == "MatMul" and len(self._shapes.get(node.output[0], ())) == 2:
            return self._of(node, 1, bias)
        if node.op_type == "Conv":
            return self._of(node, 0, self._own_bias(node))
        if node.op_type == "Gemm":
            axis = 0 if attribute(node, "transB", 0) else 1
            return self._of(node, axis, self._own_bias(node) * attribute(node, "beta", 1.0))
        return None

    def _of(self, node: "onnx.NodeProto", axis: int, bias: NDArray[Any]) -> Layer | None:
        weights = self._array(node.input[1])
        outputs = weights.shape[axis] if weights.ndim > axis else 0
        return Layer(node, weights, axis, bias.reshape(-1)) if bias.size in (1, outputs) else None

    def _own_bias(self, node: "onnx.NodeProto") -> NDArray[Any]:
        return self._array(node.input[2]) if len(node.input) > 2 and node.input[2] else np.zeros(())

    def _sole_maker(self, name: str) -> "onnx.NodeProto | None":
        return self._makers.get(name) if self._readers[name] == 1 else None

    def _array(self, name: str) -> NDArray[Any]:
        import onnx

        array: NDArray[Any] = onnx.numpy_helper.to_array(self._constants[name])
        return array

    def _replace(self, layer: Layer, normalising: "onnx.NodeProto", weights: NDArray[Any], bias: NDArray[Any]) -> None:
        """Have the layer give what was normalised; the normalising node goes."""
        import onnx

        node, output = layer.node, normalising.output[0]
        named = {f"{output}_weights": weights, f"{output}_bias": bias}
        for name, array in named.items():
            tensor = onnx.numpy_helper.from_array(array.astype(layer.weights.dtype), name)
            self._graph.initializer.append(tensor)
            self._constants[name] = tensor
        if node.op_type == "MatMul":
            node.op_type = "Gemm"
        kept = [entry for entry in node.attribute if entry.name != "beta"]
        inputs = [node.input[0], *named]
        del node.attribute[:], node.input[:]
        node.attribute.extend(kept)
        node.input.extend(inputs)
        node.output[0] = output
        self._graph.node.remove(normalising)
        self._makers[output] = node


def attribute(node: "onnx.NodeProto", name: str, default: Any) -> Any:
    """Return what a node says of itself, or what it means by saying nothing."""
    import onnx

    return next((onnx.helper.get_attribute_value(entry) for entry in node.attribute if entry.name == name), default)
