"""The operations of an ONNX graph, found by running it once with everything in it as an output."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelRefusedError
from engine.variant import Variant
from optimization.counting.operations import Operation, Trace, Weight
from optimization.passes.graph import constants_of, read_model

if TYPE_CHECKING:
    import onnx

Arrays = Mapping[str, NDArray[Any]]

VIEWS = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "DequantizeLinear"})
#: Where a convolution has its weights.
CONVOLUTIONS: Mapping[str, int] = {"Conv": 1, "FusedConv": 1, "ConvInteger": 1, "QLinearConv": 3}
RECURRENT = frozenset({"LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"})
PRODUCTS = frozenset({"Gemm", "FusedGemm", "QGemm", "MatMul", "FusedMatMul", "MatMulInteger", "MatMulIntegerToFloat"})
PRODUCTS |= {"DynamicQuantizeMatMul", "QLinearMatMul"}
#: Inputs that were not learned: scales and zero points, the states that a recurrence begins with, running statistics.
NOT_LEARNED: Mapping[str, frozenset[int]] = {
    "DequantizeLinear": frozenset({1, 2}),
    "QuantizeLinear": frozenset({1, 2}),
    "QLinearConv": frozenset({1, 2, 4, 5, 6, 7}),
    "QGemm": frozenset({1, 2, 4, 5, 7, 8}),
    "QLinearMatMul": frozenset({1, 2, 4, 5, 6, 7}),
    "ConvInteger": frozenset({2, 3}),
    "MatMulInteger": frozenset({2, 3}),
    "MatMulIntegerToFloat": frozenset({2, 3, 4, 5}),
    "DynamicQuantizeMatMul": frozenset({2, 3}),
    "DynamicQuantizeLSTM": frozenset({4, 5, 6, 8, 9, 10, 11}),
    "LSTM": frozenset({4, 5, 6}),
    "GRU": frozenset({4, 5}),
    "RNN": frozenset({4, 5}),
    "BatchNormalization": frozenset({3, 4}),
}
#: Where an operator has the zero point of which of its weights.
ZERO_POINTS: Mapping[tuple[str, int], int] = {
    ("QLinearConv", 3): 5,
    ("QGemm", 3): 5,
    ("QLinearMatMul", 3): 5,
    ("ConvInteger", 1): 3,
    ("MatMulInteger", 1): 3,
    ("MatMulIntegerToFloat", 1): 5,
    ("DynamicQuantizeMatMul", 1): 3,
}


def trace_onnx(variant: Variant) -> Trace:
    """Return the operations of a variant's graph on one window of its card.

    Raises
    ------
    DamagedModelError, ModelRefusedError
        If the file holds no graph, or one that can't be run.
    """
    graph = read_model(variant).graph
    arrays = everything_in(variant)
    sources = {name: frozenset({name}) for name in constants_of(graph)}  # what of the file each constant comes from
    operations = []
    for node in graph.node:
        names = [name for name in node.input if name]
        if node.op_type == "Constant":
            continue
        if all(name in sources for name in names):
            sources |= dict.fromkeys(node.output, frozenset[str]().union(*(sources[name] for name in names)))
        else:
            operations.append(operation_of(node, arrays, sources))
    answers = tuple(end.name for end in graph.output)
    given = {end.name: arrays[end.name].nbytes for end in graph.input}
    return Trace(tuple(quantised_at_once(operations, answers)), given, answers)


def everything_in(variant: Variant) -> Arrays:
    """Return every tensor of a variant's graph by name, as one window of zeros makes them."""
    import onnx
    import onnxruntime

    model = read_model(variant)
    arrays = {name: onnx.numpy_helper.to_array(tensor) for name, tensor in constants_of(model.graph).items()}
    ends = {end.name for end in model.graph.output}
    inner = [name for node in model.graph.node for name in node.output if name and name not in ends | arrays.keys()]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in inner)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # it warns of tensors that nobody asks for, and here somebody does
    given = np.zeros((1, variant.card.channels, variant.card.window), np.float32)
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        asked = [end.name for end in session.get_outputs()]
        made = session.run(asked, {session.get_inputs()[0].name: given})
    except Exception as error:  # the runtime raises what it likes
        reason = f"it can't be run ({str(error).splitlines()[0]})"
        raise ModelRefusedError(variant.full_name, reason) from error
    return arrays | {session.get_inputs()[0].name: given} | dict(zip(asked, map(np.asarray, made), strict=True))


def operation_of(node: "onnx.NodeProto", arrays: Arrays, sources: Mapping[str, frozenset[str]]) -> Operation:
    """Return what a node does; ``sources`` holds the constants, and of what in the file each is made."""
    makes = {name: arrays[name] for name in node.output if name}
    constants = {place: name for place, name in enumerate(node.input) if name in sources}
    stored = frozenset[str]().union(*(sources[name] for name in constants.values()))
    learned = {place: name for place, name in constants.items() if is_learned(node, place, arrays)}
    return Operation(
        name=node.name or next(iter(makes)),
        operator=node.op_type,
        reads=tuple(name for name in node.input if name and name not in sources),
        makes={name: array.nbytes for name, array in makes.items()},
        output_shape=next(iter(makes.values())).shape,
        weights={name: weight_of(node, place, arrays) for place, name in learned.items()},
        stored={name: arrays[name].nbytes for name in sorted(stored)},
        macs=macs_of(node, arrays),
        view=node.op_type in VIEWS,
    )


def is_learned(node: "onnx.NodeProto", place: int, arrays: Arrays) -> bool:
    """Whether a constant input was learned: more than one number, and no shape, scale, index or state."""
    array = arrays[node.input[place]]
    if array.size < 2 or array.dtype in (np.int64, np.bool_) or place in NOT_LEARNED.get(node.op_type, ()):
        return False
    return node.op_type != "Mul" or not any(name.endswith("_scale") for name in node.input)  # of a dynamic range


def weight_of(node: "onnx.NodeProto", place: int, arrays: Arrays) -> Weight:
    """Count a weight's numbers; integers are zero where they are their zero point."""
    array = arrays[node.input[place]]
    at = ZERO_POINTS.get((node.op_type, place), len(node.input))
    zero = arrays[node.input[at]] if at < len(node.input) and node.input[at] else np.zeros((), array.dtype)
    if zero.size > 1 and node.op_type in CONVOLUTIONS:  # one for each output, which matrices have last
        zero = zero.reshape(-1, *[1] * (array.ndim - 1))
    return Weight(array.size, int(np.count_nonzero(array != zero)))


def macs_of(node: "onnx.NodeProto", arrays: Arrays) -> int:
    """Return how many multiplications with addition a node does; 0 where products are not what it is about."""
    kind, shapes = node.op_type, [arrays[name].shape if name else () for name in node.input]
    made: int = next(arrays[name].size for name in node.output if name)
    if kind in CONVOLUTIONS:
        return made * prod(shapes[CONVOLUTIONS[kind]][1:])
    if kind in PRODUCTS:
        transposed = any(entry.name == "transA" and entry.i for entry in node.attribute)
        return made * int(shapes[0][-2 if transposed else -1])
    if kind in RECURRENT:
        return prod(shapes[0][:2]) * (prod(shapes[1]) + prod(shapes[2]))
    if kind == "Attention" and not node.domain and len(shapes[1]) == 4:
        return 2 * made * int(shapes[1][2])  # queries with keys, and the weights with values
    return 0


def quantised_at_once(operations: list[Operation], answers: tuple[str, ...]) -> Iterator[Operation]:
    """Yield operations as runtimes run them whose results are integers: rounded while they are made, not afterwards."""
    readers = Counter(name for operation in operations for name in operation.reads)
    rounded = {
        operation.reads[0]: sum(operation.makes.values())
        for operation in operations
        if operation.operator == "QuantizeLinear" and readers[operation.reads[0]] == 1
    }
    made = {name for operation in operations for name in operation.makes} - set(answers)
    for operation in operations:
        if operation.operator == "QuantizeLinear" and operation.reads[0] in rounded.keys() & made:
            yield replace(operation, view=True)
        else:
            makes = {name: rounded.get(name, size) for name, size in operation.makes.items()}
            yield replace(operation, makes=makes)
