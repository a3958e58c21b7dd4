"""Graphs put together node by node, with seeded noise for weights."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx

Coordinates = tuple[int, ...]
Shape = Sequence[int]

OPSET, IR_VERSION = 20, 10
MICROSOFT = "com.microsoft"
#: Operators on blocks of channels, which the runtime puts in the place of those in two dimensions.
BLOCKED_DOMAIN = "com.microsoft.nchwc"


#: Repeated as often as a constant needs; drawing millions of numbers anew takes longer than measuring with them.
NOISE = np.random.default_rng(0).standard_normal(9973)


class Builder:
    """Puts a graph together, node by node; weights are seeded noise."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: dict[str, onnx.ValueInfoProto] = {}
        self.constants: dict[str, onnx.TensorProto] = {}
        self.copy = 0  #: which of several equal nodes is being added

    def given(self, kind: str, shape: Shape) -> str:
        """Return the name of an input of the graph."""
        from onnx import helper

        name = f"{kind}_{'x'.join(map(str, shape))}"
        self.inputs[name] = helper.make_tensor_value_info(name, element_type(kind), list(shape))
        return name

    def constant(self, kind: str, shape: Shape, value: float | None = None) -> str:
        """Return the name of a constant: ``value`` throughout, or noise."""
        from onnx import numpy_helper

        name = f"c_{kind}_{'x'.join(map(str, shape))}_{value}"
        if name not in self.constants:
            numbers = np.resize(NOISE, shape) * (0.1 if kind == "float" else 40) if value is None else value
            array = np.broadcast_to(np.asarray(numbers), shape).astype(NUMPY[kind])
            self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def node(
        self, operator: str, inputs: Sequence[str], place: Coordinates, outputs: int = 1, **attributes: Any
    ) -> None:
        """Add a node of some size."""
        from onnx import helper

        domain = attributes.pop("domain", "")
        name = f"{operator}_{'_'.join(map(str, place))}_{self.copy}"
        results = [f"{name}:{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, results, name, domain=domain, **attributes))

    def serialised(self) -> bytes:
        """Return the graph as the bytes of an ONNX file."""
        from onnx import helper

        graph = helper.make_graph(
            self.nodes,
            "kernel",
            list(self.inputs.values()),
            # Nobody asks for the others; they run all the same, in memory that is used again, as within a network.
            [helper.make_empty_tensor_value_info(self.nodes[0].output[0])],
            list(self.constants.values()),
        )
        opsets = [
            helper.make_opsetid("", OPSET),
            helper.make_opsetid(MICROSOFT, 1),
            helper.make_opsetid(BLOCKED_DOMAIN, 1),
        ]
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        content: bytes = model.SerializeToString()
        return content


NUMPY: Mapping[str, Any] = MappingProxyType(
    {
        "float": np.float32,
        "float16": np.float16,
        "uint8": np.uint8,
        "int8": np.int8,
        "int32": np.int32,
        "int64": np.int64,
    }
)


def element_type(kind: str) -> int:
    """Return ONNX's number of a type."""
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(NUMPY[kind])))


def quantised(build: Builder, kind: str, shape: Shape) -> list[str]:
    """Return an integer input with its scale and zero point."""
    return [build.given(kind, shape), *scale(build, kind)]


def scale(build: Builder, kind: str) -> list[str]:
    """Return scale and zero point of a tensor."""
    return [build.constant("float", (), 0.02), build.constant(kind, (), 128 if kind == "uint8" else 0)]
