"""What a variant costs wherever it runs: numbers, multiplications, memory, bytes; counted, not measured."""

import zlib
from dataclasses import asdict, dataclass
from typing import Any

from engine.variant import Variant
from optimization.counting.operations import Operation, peak_bytes

COMPRESSION_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Layer:
    """One operation that has weights or multiplies.

    Attributes
    ----------
    name : str
        Of the node, or of PyTorch's module.
    operator : str
        As its form calls it: ``Conv``, ``conv1d``.
    parameters, non_zero : int
        Numbers that were learned; weights that several layers share are counted at the first.
    macs : int
        Multiplications with addition, for one window.
    output_shape : tuple of int
        For one window.
    bytes : int
        Of the weight file, before compression; scales and constants included.
    """

    name: str
    operator: str
    parameters: int
    non_zero: int
    macs: int
    output_shape: tuple[int, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a variant costs.

    Attributes
    ----------
    parameters, non_zero : int
        Numbers that were learned, and how many of them are not zero.
    macs : int
        Multiplications with addition for one window: of convolutions, matrix products, attention, recurrent layers.
    peak_activation_bytes : int
        Most bytes of activations needed at the same time for one window
        (`optimization.counting.operations.peak_bytes`); runtimes that fuse operations need less.
    size_bytes, compressed_bytes : int
        Of the weight file, and of the same compressed by zlib at level 9: what pruned weights save.
    layers : tuple of Layer
        In the order in which they run.
    """

    parameters: int
    non_zero: int
    macs: int
    peak_activation_bytes: int
    size_bytes: int
    compressed_bytes: int
    layers: tuple[Layer, ...]

    @property
    def sparsity(self) -> float:
        """Share of the parameters that are zero."""
        return 1 - self.non_zero / self.parameters if self.parameters else 0.0

    def to_json(self) -> dict[str, Any]:
        """As ``vibench models show --json`` prints it."""
        return asdict(self) | {
            "layers": [asdict(layer) | {"output_shape": list(layer.output_shape)} for layer in self.layers]
        }


def statistics_of(variant: Variant) -> Statistics:
    """Count what a variant costs.

    Raises
    ------
    DamagedModelError, ModelRefusedError
        If its weight file is cut or altered, or can't be run.
    """
    if variant.format == "onnx":
        from optimization.counting.onnx_operations import trace_onnx as trace
    else:
        from optimization.counting.pytorch_operations import trace_pytorch as trace
    traced = trace(variant)
    content = variant.weights.read_bytes()
    layers = layers_of(traced.operations)
    return Statistics(
        parameters=sum(layer.parameters for layer in layers),
        non_zero=sum(layer.non_zero for layer in layers),
        macs=sum(layer.macs for layer in layers),
        peak_activation_bytes=peak_bytes(traced),
        size_bytes=len(content),
        compressed_bytes=compressed_size(content),
        layers=layers,
    )


def compressed_size(content: bytes) -> int:
    """Return how many bytes a file's content takes once zlib has compressed it."""
    return len(zlib.compress(content, COMPRESSION_LEVEL))


def layers_of(operations: tuple[Operation, ...]) -> tuple[Layer, ...]:
    """Return the operations that have weights or multiply; what several share is counted at the first."""
    layers = []
    seen: set[str] = set()
    for operation in operations:
        weights = [weight for name, weight in operation.weights.items() if name not in seen]
        stored = sum(size for name, size in operation.stored.items() if name not in seen)
        seen |= operation.weights.keys() | operation.stored.keys()
        if operation.weights or operation.macs:
            layers.append(
                Layer(
                    name=operation.name,
                    operator=operation.operator,
                    parameters=sum(weight.numbers for weight in weights),
                    non_zero=sum(weight.non_zero for weight in weights),
                    macs=operation.macs,
                    output_shape=operation.output_shape,
                    bytes=stored,
                )
            )
    return tuple(layers)
