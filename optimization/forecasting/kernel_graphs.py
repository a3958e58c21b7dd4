"""Graphs of single operators, from which a machine's table of kernels is measured.

Operators are those of the graph that ONNX Runtime makes of a network, not those of the file: ``QLinearConv`` with
channels last, ``DynamicQuantizeMatMul`` and the like are written as the runtime writes them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from optimization.forecasting.kernel_builder import (
    BLOCKED_DOMAIN,
    IR_VERSION,
    MICROSOFT,
    OPSET,
    Builder,
    Coordinates,
    quantised,
    scale,
)
from optimization.forecasting.kernel_elements import ELEMENT_WISE

if TYPE_CHECKING:
    import onnx

BLOCKED = "blocked"
#: Nodes of the graph that tells what a node costs beside its computing.
CHAIN = 64
#: Multiplications and additions of the largest product that is measured; beyond, time grows with them.
LARGEST_MACS = 60_000_000

#: Nodes of no more work than this stand in their graph several times, lest the call outweigh them.
SMALL, COPIES = 500_000, 8

#: Weights a channel of the output has, channels of the output, and positions of the output.
CONVOLUTION = ((48, 192, 768, 1536), (16, 64, 256, 512), (4, 16, 64, 256, 1024))
#: The same of a network's first, which has one input channel and a long kernel.
FIRST_CONVOLUTION, FIRST = ((8, 64), (16, 64, 128), (64, 256, 1024)), "-first"
#: Rows, inner width and columns of a matrix product.
PRODUCT = ((1, 16, 128, 2048), (32, 128, 512), (4, 32, 128, 512))
#: Steps in both directions, width of input and state, and windows of a recurrent layer.
RECURRENCE = ((32, 128), (32, 64, 128), (1, 8))
ELEMENTS = ((512, 16_384, 524_288),)


@dataclass(frozen=True, slots=True)
class KernelGraph:
    """A graph of one kernel at one size.

    Attributes
    ----------
    kernel : str
        As the table names it: ``qconv-u8s8``.
    place : tuple of int
        Its size, along each of the kernel's axes.
    copies : int
        How many equal nodes the graph has, one after the other.
    content : bytes
        The ONNX file.
    """

    kernel: str
    place: Coordinates
    copies: int
    content: bytes


def convolution(build: Builder, operator: str, types: tuple[str, str], place: Coordinates) -> None:
    """Add a convolution of kernel 3 or, where the weights can't be shared out so, of one input channel."""
    weights, outputs, positions = place
    length = 3 if weights % 3 == 0 else weights
    inputs = weights // length
    pads: dict[str, Any] = {"kernel_shape": [length], "pads": [(length - 1) // 2, length // 2]}
    kind, of_weights = types
    if operator == "QLinearConv":
        given = quantised(build, kind, (1, positions, inputs))
        stored = [build.constant(of_weights, (outputs, inputs, length)), build.constant("float", (outputs,), 0.01)]
        stored.append(build.constant(of_weights, (outputs,), 128 if of_weights == "uint8" else 0))
        rest = [*scale(build, kind), build.constant("int32", (outputs,))]
        build.node(operator, [*given, *stored, *rest], place, domain=MICROSOFT, channels_last=1, **pads)
    elif operator == "ConvInteger":
        given = [build.given(kind, (1, inputs, positions)), build.constant(of_weights, (outputs, inputs, length))]
        build.node(operator, [*given, build.constant(kind, (), 128)], place, **pads)
    elif types[1] == BLOCKED:
        given = [build.given(kind, (1, inputs, 1, positions)), build.constant("float", (outputs, inputs, 1, length))]
        pads = {"kernel_shape": [1, length], "pads": [0, pads["pads"][0], 0, pads["pads"][1]]}
        build.node(operator, given, place, domain=BLOCKED_DOMAIN, **pads)
    else:
        given = [build.given(kind, (1, inputs, positions)), build.constant(of_weights, (outputs, inputs, length))]
        build.node(operator, [*given, build.constant("float", (outputs,))], place, **pads)


def matrix_product(build: Builder, operator: str, kind: str, place: Coordinates) -> None:
    """Add a product of ``rows`` x ``inner`` by weights of ``inner`` x ``columns``."""
    rows, inner, columns = place
    if operator == "MatMul" and kind == "activations":
        groups = 4 if rows % 4 == 0 else 1
        given = [build.given("float", (groups, rows // groups, inner)), build.given("float", (groups, inner, columns))]
        build.node(operator, given, place)
    elif operator == "MatMul":
        build.node(operator, [build.given("float", (rows, inner)), build.constant("float", (inner, columns))], place)
    elif operator == "DynamicQuantizeMatMul":
        given = [build.given("float", (rows, inner)), build.constant("int8", (inner, columns))]
        stored = [build.constant("float", (), 0.01), build.constant("int8", (), 0)]
        build.node(operator, [*given, *stored], place, domain=MICROSOFT)
    elif operator == "MatMulInteger":
        given = [build.given("uint8", (rows, inner)), build.constant("int8", (inner, columns))]
        build.node(operator, [*given, build.constant("uint8", (), 128)], place)
    else:  # QLinearMatMul
        given = quantised(build, "uint8", (rows, inner))
        stored = [build.constant(kind, (inner, columns)), build.constant("float", (), 0.01)]
        stored.append(build.constant(kind, (), 128 if kind == "uint8" else 0))
        build.node(operator, [*given, *stored, *scale(build, "uint8")], place)


def recurrence(build: Builder, operator: str, place: Coordinates) -> None:
    """Add a recurrent layer that goes both ways."""
    steps, width, windows = place
    gates = {"LSTM": 4, "DynamicQuantizeLSTM": 4, "GRU": 3}[operator]
    given = build.given("float", (steps // 2, windows, width))
    attributes: dict[str, Any] = {"hidden_size": width, "direction": "bidirectional"}
    if operator == "DynamicQuantizeLSTM":
        stored = [build.constant("int8", (2, width, gates * width)) for _ in range(2)]
        bias = build.constant("float", (2, 2 * gates * width))
        scales = [build.constant("float", (2,), 0.01), build.constant("int8", (2,), 0)] * 2
        inputs = [given, *stored, bias, "", "", "", "", *scales]
        build.node(operator, inputs, place, domain=MICROSOFT, **attributes)
        return
    stored = [build.constant("float", (2, gates * width, width)) for _ in range(2)]
    build.node(operator, [given, *stored, build.constant("float", (2, 2 * gates * width))], place, **attributes)


CONVOLUTIONS: Mapping[str, tuple[str, tuple[str, str]]] = MappingProxyType(
    {
        "conv": ("Conv", ("float", "float")),
        "conv-blocked": ("Conv", ("float", BLOCKED)),
        "qconv-u8s8": ("QLinearConv", ("uint8", "int8")),
        "qconv-u8u8": ("QLinearConv", ("uint8", "uint8")),
        "qconv-s8s8": ("QLinearConv", ("int8", "int8")),
        "conv-integer": ("ConvInteger", ("uint8", "int8")),
    }
)
PRODUCTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "matmul": ("MatMul", "weights"),
        "matmul-activations": ("MatMul", "activations"),
        "matmul-dynamic": ("DynamicQuantizeMatMul", "weights"),
        "matmul-integer": ("MatMulInteger", "weights"),
        "qmatmul-u8s8": ("QLinearMatMul", "int8"),
        "qmatmul-u8u8": ("QLinearMatMul", "uint8"),
    }
)
RECURRENCES = ("LSTM", "DynamicQuantizeLSTM", "GRU")


def chain(count: int) -> bytes:
    """Return a graph of so many small nodes one after the other."""
    from onnx import helper

    build = Builder()
    names = [build.given("float", (1, 64, 8)), *(f"r{number}" for number in range(count))]
    nodes = [helper.make_node("Relu", [names[number]], [names[number + 1]], f"r{number}") for number in range(count)]
    given = list(build.inputs.values())
    graph = helper.make_graph(nodes, "chain", given, [helper.make_empty_tensor_value_info(names[-1])])
    model: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    content: bytes = model.SerializeToString()
    return content


def axes_of(kernel: str) -> tuple[tuple[int, ...], ...]:
    """Return the sizes at which a kernel is measured, along each of its axes."""
    if kernel.removesuffix(FIRST) in CONVOLUTIONS:
        return FIRST_CONVOLUTION if kernel.endswith(FIRST) else CONVOLUTION
    if kernel in PRODUCTS:
        return PRODUCT
    return RECURRENCE if kernel in RECURRENCES else ELEMENTS


def kernel_graphs() -> Iterator[KernelGraph]:
    """Yield a graph for each kernel and size."""
    for kernel, (operator, types) in CONVOLUTIONS.items():
        for name in (kernel, f"{kernel}{FIRST}"):
            yield from graphs_of(name, partial(convolution, operator=operator, types=types))
    for kernel, (operator, kind) in PRODUCTS.items():
        yield from graphs_of(kernel, partial(matrix_product, operator=operator, kind=kind))
    for kernel in RECURRENCES:
        yield from graphs_of(kernel, partial(recurrence, operator=kernel), small=0)
    for kernel, add in ELEMENT_WISE.items():
        yield from graphs_of(kernel, partial(element_wise, add=add))


def graphs_of(kernel: str, add: Callable[..., None], small: int = SMALL) -> Iterator[KernelGraph]:
    """Yield the graphs of a kernel at all sizes that are small enough to be measured."""
    for place in product(*axes_of(kernel)):
        work = prod(place)
        if work > LARGEST_MACS:
            continue
        copies = COPIES if work <= small else 1
        build = Builder()
        for build.copy in range(copies):
            add(build, place=place)
        yield KernelGraph(kernel, place, copies, build.serialised())


def element_wise(build: Builder, add: Callable[..., None], place: Coordinates) -> None:
    """Add a node that does a little with each of its numbers."""
    add(build, place, (1, 64, place[0] // 64))
