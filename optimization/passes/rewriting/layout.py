"""Convolutions along time rewritten as convolutions over images of height 1, and back: the same numbers in memory.

The part of a graph that is moved begins and ends with a node that puts the height in or takes it off, which costs
nothing, since an axis of length 1 moves no number.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from optimization.passes.graph import constants_of, shapes_of, without_dead_ends

if TYPE_CHECKING:
    import onnx

Layout = Literal["2d", "1d"]
Step = Literal["Unsqueeze", "Squeeze"]
#: Where the height stands: (batch, channels, height, time), and (outputs, inputs, height, time) in weights.
HEIGHT = 2
#: Axes of what is moved.
AXES: Mapping[Layout, int] = {"2d": 3, "1d": 4}
WINDOWED = frozenset({"Conv", "MaxPool", "AveragePool"})
#: What does the same to any number of positions of a channel, or to every single number.
FOLLOWING = frozenset({"BatchNormalization", "GlobalAveragePool", "GlobalMaxPool", "Clip", "Cast", "Identity"})
FOLLOWING |= {"Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Softplus", "Tanh", "Sigmoid", "HardSigmoid"}
FOLLOWING |= {"HardSwish", "Erf", "Abs", "Neg", "Sqrt", "Exp"}
COMBINING = frozenset({"Add", "Sub", "Mul", "Div"})


def move_height(model: "onnx.ModelProto", to: Layout) -> int:
    """Rewrite a graph in place.

    Parameters
    ----------
    model : onnx.ModelProto
        Of opset 13 or later; a graph in which nothing can be moved stays as it is.
    to : {"2d", "1d"}
        ``2d`` puts a height in, ``1d`` takes one of length 1 off.

    Returns
    -------
    int
        How many convolutions were moved.
    """
    plan = Plan(model, to)
    if plan.convolutions:
        nodes = Rewriting(plan).nodes()
        model.graph.ClearField("node")
        model.graph.node.extend(nodes)
        without_dead_ends(model)
    return plan.convolutions


class Plan:
    """Which nodes of a graph are moved.

    Attributes
    ----------
    model : onnx.ModelProto
        The graph; not changed.
    to : {"2d", "1d"}
        As `move_height`.
    constants : dict of str to onnx.TensorProto
        By name, whether they stand in nodes or beside them.
    made : set of str
        Tensors that moved nodes give.
    convolutions : int
        How many of the moved nodes are convolutions.
    """

    def __init__(self, model: "onnx.ModelProto", to: Layout) -> None:
        self.model, self.to = model, to
        self.constants = constants_of(model.graph)
        self.made: set[str] = set()
        self.convolutions = 0
        self._shapes = shapes_of(model)
        for node in model.graph.node:
            if node.domain in ("", "ai.onnx") and len([name for name in node.output if name]) == 1 and self._fits(node):
                self.made.add(node.output[0])
                self.convolutions += node.op_type == "Conv"

    def moves(self, node: "onnx.NodeProto") -> bool:
        """Whether a node is moved."""
        return node.output[0] in self.made

    def _fits(self, node: "onnx.NodeProto") -> bool:
        if node.op_type in WINDOWED:
            return self._can_move(node.input[0]) and self._window_fits(node)
        if node.op_type in FOLLOWING:
            return node.input[0] in self.made
        if node.op_type in COMBINING:
            return any(name in self.made for name in node.input) and all(map(self._can_join, node.input))
        return False

    def has_axes(self, name: str) -> bool:
        """Whether a tensor has the number of axes that moved ones have before."""
        return len(self._shapes.get(name, ())) == AXES[self.to]

    def _can_move(self, name: str) -> bool:
        movable = self.has_axes(name) and name not in self.constants
        return movable and (self.to == "2d" or self._shapes[name][HEIGHT] == 1)

    def _can_join(self, name: str) -> bool:
        if name not in self.constants:
            return name in self.made or self._can_move(name)
        dims = self.constants[name].dims
        return len(dims) <= AXES[self.to] and (self.to == "2d" or len(dims) < 2 or dims[-2] == 1)

    def _window_fits(self, node: "onnx.NodeProto") -> bool:
        weights = self.constants.get(node.input[1]) if node.op_type == "Conv" else None
        if node.op_type == "Conv" and weights is None:
            return False
        if self.to == "2d":
            return True
        said = {entry.name: list(entry.ints) for entry in node.attribute if entry.ints}
        kernel = said.get("kernel_shape", []) if weights is None else weights.dims[2:]
        pads, strides = said.get("pads", [0] * 4), said.get("strides", [1, 1])
        return (kernel[0], strides[0], pads[0], pads[2]) == (1, 1, 0, 0)


class Rewriting:
    """A graph's nodes once more, those of a plan moved."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._graph = plan, plan.model.graph
        self._taken = {name for node in self._graph.node for name in (*node.input, *node.output)}
        self._taken |= {entry.name for entry in (*self._graph.input, *self._graph.initializer)}
        self._moved: dict[str, str] = {}  # name of each tensor with the other number of axes
        self._renamed: dict[str, str] = {}  # what is there under another name too
        self._nodes: list[onnx.NodeProto] = []
        self._begin: Step = "Unsqueeze" if plan.to == "2d" else "Squeeze"
        self._end: Step = "Squeeze" if plan.to == "2d" else "Unsqueeze"

    def nodes(self) -> "list[onnx.NodeProto]":
        """Return the nodes in an order in which they can run; some lead nowhere."""
        ends = {end.name for end in self._graph.output}
        for node in self._graph.node:
            if self._plan.moves(node):
                self._move(node)
                continue
            copy = type(node)()
            copy.CopyFrom(node)
            copy.ClearField("input")
            copy.input.extend(self._renamed.get(name, name) for name in node.input)
            if self._counts_alone(node):
                copy.input[0] = self._moved.get(node.input[0], copy.input[0])
            self._nodes.append(copy)
            if self._steps(node, self._begin) and node.input[0] in self._moved and node.output[0] not in ends:
                self._renamed[node.output[0]] = self._moved[node.input[0]]
            elif self._steps(node, self._end) and self._plan.has_axes(node.output[0]):
                self._moved[node.output[0]] = copy.input[0]
        return self._nodes

    def _move(self, node: "onnx.NodeProto") -> None:
        copy = type(node)()
        copy.CopyFrom(node)
        combines = node.op_type in COMBINING
        for place, name in enumerate(node.input):
            if name in self._plan.constants:
                if combines or (node.op_type == "Conv" and place == 1):
                    copy.input[place] = self._constant(name)
            elif combines or place == 0:
                copy.input[place] = self._input(name)
        if node.op_type in WINDOWED:
            move_window(copy, self._plan.to)
        copy.output[0] = self._moved[node.output[0]] = self._fresh(node.output[0])
        self._nodes += [copy, self._step(self._end, copy.output[0], node.output[0])]

    def _input(self, name: str) -> str:
        if name not in self._moved:
            self._moved[name] = self._fresh(name)
            self._nodes.append(self._step(self._begin, self._renamed.get(name, name), self._moved[name]))
        return self._moved[name]

    def _constant(self, name: str) -> str:
        tensor = self._plan.constants[name]
        dims = list(tensor.dims)
        if len(dims) < 2:  # the same along the height
            return name
        if name not in self._moved:
            self._moved[name] = self._fresh(name)
            copy = type(tensor)()
            copy.CopyFrom(tensor)
            copy.name = self._moved[name]
            copy.ClearField("dims")
            copy.dims.extend([*dims[:-1], 1, dims[-1]] if self._plan.to == "2d" else [*dims[:-2], dims[-1]])
            self._graph.initializer.append(copy)
        return self._moved[name]

    def _step(self, kind: Step, source: str, target: str) -> "onnx.NodeProto":
        from onnx import helper, numpy_helper

        axes = f"height_of_{self._plan.to}"
        if all(tensor.name != axes for tensor in self._graph.initializer):
            self._graph.initializer.append(numpy_helper.from_array(np.array([HEIGHT], np.int64), axes))
        return helper.make_node(kind, [source, axes], [target], name=f"{kind}_{target}")

    def _steps(self, node: "onnx.NodeProto", kind: Step) -> bool:
        from onnx import numpy_helper

        if node.op_type != kind or len(node.input) != 2 or node.input[1] not in self._plan.constants:
            return False
        axes = numpy_helper.to_array(self._plan.constants[node.input[1]])
        return axes.tolist() in ([HEIGHT], [HEIGHT - AXES["1d"]])

    def _counts_alone(self, node: "onnx.NodeProto") -> bool:
        """Whether a node lays the numbers out anew, whatever axes they had."""
        from onnx import numpy_helper

        said = {entry.name: entry.i for entry in node.attribute}
        if node.op_type == "Flatten":
            return said.get("axis", 1) in (0, 1)
        if node.op_type != "Reshape" or node.input[1] not in self._plan.constants:
            return False
        lengths = numpy_helper.to_array(self._plan.constants[node.input[1]]).tolist()
        return bool(said.get("allowzero")) or 0 not in lengths[HEIGHT:]  # 0 is the length of the input's own axis

    def _fresh(self, name: str) -> str:
        fresh = f"{name.removesuffix('_1d').removesuffix('_2d')}_{self._plan.to}"
        while fresh in self._taken:
            fresh += "_"
        self._taken.add(fresh)
        return fresh


def move_window(node: "onnx.NodeProto", to: Layout) -> None:
    """Give a convolution's or pooling's attributes a height, over which it sees one place, or take it from them."""
    for attribute in node.attribute:
        values = list(attribute.ints)
        if attribute.name in {"kernel_shape", "strides", "dilations"}:
            moved = [1, *values] if to == "2d" else values[1:]
        elif attribute.name == "pads":
            moved = [0, values[0], 0, values[1]] if to == "2d" else values[1::2]
        else:
            continue
        attribute.ClearField("ints")
        attribute.ints.extend(moved)
