"""What the kernels of one machine take: a small table, measured once, from which the time of any node is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.errors import BenchmarkError
from engine.machine import Machine, this_machine
from optimization.forecasting.kernel_graphs import FIRST
from optimization.forecasting.kernel_process import ROUNDS, measure_kernels
from optimization.forecasting.profile import NodeTime, Tensor
from optimization.progress import Progress, silent

SCHEMA = "vibench.kernels/1"
#: Operators that do nothing with their numbers, or so little that only the node's own cost counts.
FREE = frozenset(
    {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape", "Dropout", "Constant", "ConstantOfShape"}
)
#: Operators that are measured as another one, which takes about as long.
LIKE: Mapping[str, str] = {
    "Sub": "Add",
    "Sum": "Add",
    "Pow": "Div",
    "Sqrt": "Div",
    "Neg": "Relu",
    "Abs": "Relu",
    "Clip": "Relu",
    "LeakyRelu": "Relu",
    "Log": "Exp",
    "QuickGelu": "Gelu",
    "FastGelu": "BiasGelu",
    "ReduceMax": "ReduceMean",
    "ReduceSum": "ReduceMean",
    "GlobalMaxPool": "GlobalAveragePool",
    "InstanceNormalization": "LayerNormalization",
    "BatchNormalization": "Mul",
    "QLinearLeakyRelu": "QLinearSigmoid",
    "QLinearConcat": "QLinearAdd",
    "ReorderInput": "Cast",
    "ReorderOutput": "Cast",
    "Split": "Cast",
    "Slice": "Cast",
    "Gather": "Cast",
    "Expand": "Cast",
    "Pad": "Cast",
    "Where": "Mul",
}


@dataclass(frozen=True)
class Kernel:
    """One kernel's times.

    Attributes
    ----------
    axes : tuple of tuple of int
        Sizes at which it was measured, along each axis.
    times_s : tuple of tuple of float
        Rows of a place on the axes and the seconds of one call there. Places may be missing where they are large.
    """

    axes: tuple[tuple[int, ...], ...]
    times_s: tuple[tuple[float, ...], ...]

    @cached_property
    def grid(self) -> NDArray[np.float64]:
        """Seconds at every place; where a place was not measured, as long a time an element as at the last that was."""
        grid = np.full([len(axis) for axis in self.axes], np.nan)
        for *place, seconds in self.times_s:
            grid[tuple(axis.index(int(size)) for axis, size in zip(self.axes, place, strict=True))] = seconds
        for axis, sizes in enumerate(self.axes):
            moved = np.moveaxis(grid, axis, 0)
            for number in range(1, len(sizes)):
                scaled = moved[number - 1] * sizes[number] / sizes[number - 1]
                moved[number] = np.where(np.isnan(moved[number]), scaled, moved[number])
        return grid

    def seconds(self, place: Sequence[float]) -> float:
        """Return the seconds at any place: on straight lines between sizes, in proportion beyond the last one."""
        beyond = 1.0
        corners: list[tuple[float, tuple[int, ...]]] = [(1.0, ())]
        for sizes, size in zip(self.axes, place, strict=True):
            beyond *= max(1.0, size / sizes[-1])
            position = float(np.interp(size, sizes, np.arange(len(sizes))))
            first = min(int(position), max(0, len(sizes) - 2))
            steps = ((first, 1 - position + first), (first + 1, position - first))
            corners = [(share * part, (*at, number)) for share, at in corners for number, part in steps if part]
        return beyond * float(sum(share * self.grid[at] for share, at in corners))


@dataclass(frozen=True, slots=True)
class Kernels:
    """The kernels of one machine and runtime, on one thread.

    Attributes
    ----------
    machine : mapping
        Of `fingerprint`: elsewhere the table means nothing.
    call_s : float
        What a call costs beside its nodes.
    node_s : float
        What a node costs that computes next to nothing.
    kernels : mapping of str to Kernel
        By name.
    """

    machine: Mapping[str, str]
    call_s: float
    node_s: float
    kernels: Mapping[str, Kernel]

    def seconds(self, nodes: Sequence[NodeTime]) -> float:
        """Return the seconds that one call of a graph of these nodes is expected to take."""
        return self.call_s + sum(self.node_seconds(node) for node in nodes)

    def node_seconds(self, node: NodeTime) -> float:
        """Return the seconds that a node is expected to take in a call."""
        known = place_of(node)
        if known is None or known[0] not in self.kernels:
            return self.node_s
        kernel, place, times = known
        return times * self.kernels[kernel].seconds(place)

    def to_json(self) -> dict[str, Any]:
        """As a workspace keeps it: ``vibench.kernels/1``."""
        rows = {name: {"axes": kernel.axes, "times_s": kernel.times_s} for name, kernel in self.kernels.items()}
        return {"schema": SCHEMA, "machine": dict(self.machine), "call_s": self.call_s, "node_s": self.node_s} | {
            "kernels": rows
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the table that `to_json` wrote.

        Raises
        ------
        BenchmarkError
            If it is anything else.
        """
        try:
            if data["schema"] != SCHEMA:
                raise ValueError(f"schema {data['schema']}")
            if not 0 < data["node_s"] < data["call_s"]:
                raise ValueError("a node costs more than a call, or nothing")
            return cls(
                machine={str(key): str(value) for key, value in data["machine"].items()},
                call_s=float(data["call_s"]),
                node_s=float(data["node_s"]),
                kernels={name: kernel_from(row) for name, row in data["kernels"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BenchmarkError(f"This is no table of kernels ({error})", "measure it again") from error


def kernel_from(row: Mapping[str, Any]) -> Kernel:
    """Return a kernel from JSON; raises KeyError, TypeError or ValueError where it can't be."""
    axes = tuple(tuple(int(size) for size in axis) for axis in row["axes"])
    times = tuple(tuple(float(number) for number in time) for time in row["times_s"])
    if not times or any(len(time) != len(axes) + 1 or time[-1] <= 0 for time in times):
        raise ValueError("its times do not stand on its axes")
    return Kernel(axes, times)


def fingerprint(machine: Machine | None = None) -> dict[str, str]:
    """Return what a table of kernels depends on: processor, its instruction sets, and ONNX Runtime's version."""
    machine = machine or this_machine()
    return {
        "cpu": machine.cpu,
        "flags": " ".join(machine.flags),
        "onnxruntime": machine.versions.get("onnxruntime", ""),
        "schema": SCHEMA,
    }


def measured_kernels(progress: Progress = silent, rounds: int = ROUNDS) -> Kernels:
    """Measure the kernels of this machine, which takes some 15 seconds; raises `BenchmarkError` if the process dies."""
    data = measure_kernels(progress, rounds)
    return Kernels.from_json({"schema": SCHEMA, "machine": fingerprint(), **data})


def place_of(node: NodeTime) -> tuple[str, tuple[float, ...], float] | None:
    """Return a node's kernel, its place on that kernel's axes, and how often it is done there; ``None`` if it is free.

    The node is one that `optimization.forecasting.profile.trace` told of, with all of its weights.
    """
    operator = node.operator
    if operator in FREE or not node.inputs or not node.outputs:
        return None
    if operator in {"Conv", "FusedConv", "QLinearConv", "ConvInteger"}:
        return convolution_place(node)
    if operator in MATRIX_PRODUCTS:
        return product_place(node)
    if operator in {"LSTM", "DynamicQuantizeLSTM", "GRU", "RNN"}:
        (steps, windows, _), directions, state = node.inputs[0].shape, recurrent_directions(node), node.outputs[0].shape
        kernel = "GRU" if operator == "RNN" else operator
        return kernel, (steps * directions, state[-1], windows), 1.0
    if operator == "Transpose" and is_copy(node):
        operator = "Cast"
    elements = max(node.inputs[0].elements, node.outputs[0].elements)
    kernel = LIKE.get(operator, operator)
    if operator == "MaxPool" and len(node.outputs[0].shape) == 4 and node.inputs[0].type == "float":
        kernel = "MaxPool-blocked"
    return kernel, (elements,), 1.0


def is_copy(node: NodeTime) -> bool:
    """Whether a transposition moves whole rows, or nothing but axes of length 1."""
    before, after = node.inputs[0].shape, node.outputs[0].shape
    moved = [[length for length in shape if length > 1] for shape in (before, after)]
    return moved[0] == moved[1] or (before[-1] == after[-1] > 1 and len(before) > 3)


def convolution_place(node: NodeTime) -> tuple[str, tuple[float, ...], float]:
    """Return kernel and place of a convolution, which is done once for each window."""
    given, weights, result = node.inputs[0], weights_of(node), node.outputs[0]
    outputs = weights.shape[0]
    windows = result.shape[0]
    place = (prod(weights.shape[1:]), outputs, result.elements / (windows * outputs))
    first = FIRST if weights.shape[1] == 1 and given.elements == given.shape[0] * max(given.shape[1:]) else ""
    if node.operator == "QLinearConv":  # one product for all windows
        return f"qconv-{short(given)}{short(weights)}{first}", (*place[:2], place[2] * windows), 1.0
    if node.operator == "ConvInteger":
        return f"conv-integer{first}", place, windows
    return f"{'conv-blocked' if len(given.shape) == 4 else 'conv'}{first}", place, windows


MATRIX_PRODUCTS = frozenset(
    {"MatMul", "FusedMatMul", "Gemm", "FusedGemm", "DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat"}
    | {"QLinearMatMul", "QGemm"}
)


def product_place(node: NodeTime) -> tuple[str, tuple[float, ...], float]:
    """Return kernel and place of a matrix product."""
    given, weights, result = node.inputs[0], weights_of(node), node.outputs[0]
    columns = result.shape[-1]
    rows = result.elements / columns
    place = (rows, given.elements / rows, columns)
    if node.operator in {"QLinearMatMul", "QGemm"}:
        return f"qmatmul-u8{short(weights)}", place, 1.0
    if node.operator == "DynamicQuantizeMatMul":
        return "matmul-dynamic", place, 1.0
    if node.operator.startswith("MatMulInteger"):
        return "matmul-integer", place, 1.0
    return ("matmul-activations" if len(weights.shape) > 2 else "matmul"), place, 1.0


def weights_of(node: NodeTime) -> Tensor:
    """Return what a convolution or a product multiplies by: the second of its inputs that is no scale or zero point."""
    return [each for each in node.inputs if len(each.shape) > 1][1]


def short(tensor: Tensor) -> str:
    """Return how schemes write a type: ``u8``."""
    return {"uint8": "u8", "int8": "s8"}.get(tensor.type, tensor.type)


def recurrent_directions(node: NodeTime) -> int:
    """Return 2 for a layer that goes both ways, otherwise 1."""
    return node.inputs[1].shape[0]
