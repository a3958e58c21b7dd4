"""The operations of a network in PyTorch's form, found by tracing it."""

import warnings
from math import prod
from typing import TYPE_CHECKING, Any

from engine.variant import Variant
from optimization.counting.operations import Operation, Trace, Weight

if TYPE_CHECKING:
    from torch import nn
    from torch.fx import Node


def trace_pytorch(variant: Variant) -> Trace:
    """Return the operations of a variant's network on one window of its card.

    Raises
    ------
    DamagedModelError
        If the weight file is cut, altered, or not of its architecture.
    """
    import torch

    from engine.networks import load

    network = load(variant)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of how its own recurrent layers keep their weights
        program = torch.export.export(network, (torch.zeros(1, variant.card.channels, variant.card.window),))
    targets = {spec.arg.name: spec.target for spec in program.graph_signature.input_specs if spec.target}
    given = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"}
    (ends,) = [node for node in program.graph.nodes if node.op == "output"]
    operations = [operation_of(node, targets, network) for node in program.graph.nodes if node.op == "call_function"]
    windows = {name: size_bytes(value) for name, value in given.items() if name not in targets}
    return Trace(tuple(operations), windows, tuple(node.name for node in ends.all_input_nodes))


def operation_of(node: "Node", targets: dict[str, str], network: "nn.Module") -> Operation:
    """Return what a node of the trace does; ``targets`` names the parameters and buffers that it may read."""
    import torch

    read = node.all_input_nodes
    stored = {targets[one.name]: one.meta["val"] for one in read if one.name in targets}
    parameters = dict(network.named_parameters())
    learned = {name: parameters[name] for name in stored if name in parameters}
    made = node.meta["val"]
    first = made if isinstance(made, torch.Tensor) else made[0]
    activations = tuple(one.name for one in read if one.name not in targets)
    return Operation(
        name=module_of(node),
        operator=getattr(node.target, "__name__", str(node.target)).split(".")[0],
        reads=activations,
        makes={node.name: size_bytes(made)},
        output_shape=tuple(first.shape),
        weights={name: Weight(one.numel(), int(one.count_nonzero())) for name, one in learned.items()},
        stored={name: size_bytes(one) for name, one in stored.items()},
        macs=macs_of(node),
        view=bool(activations) and is_view(node),
    )


def module_of(node: "Node") -> str:
    """Return the module that a node belongs to, or its own name where that is the network itself."""
    stack = node.meta.get("nn_module_stack") or {}
    return (list(stack.values())[-1][0] if stack else "") or node.name


def is_view(node: "Node") -> bool:
    """Whether a node shows what it reads in another shape, or picks one of several results."""
    schema = getattr(node.target, "_schema", None)
    return schema is None or any(value.alias_info is not None for value in schema.returns)


def macs_of(node: "Node") -> int:
    """Return how many multiplications with addition a node does; 0 where products are not what it is about."""
    kind = str(node.target).removeprefix("aten.").split(".")[0]
    values = [one.meta["val"] for one in (node, *node.all_input_nodes)]
    made, *shapes = [tuple(map(int, getattr(value, "shape", ()))) for value in values]
    if kind in {"conv1d", "conv2d"}:
        return prod(made) * prod(shapes[1][1:])
    if kind in {"linear", "matmul", "bmm", "mm"}:
        return prod(made) * shapes[0][-1]
    if kind in {"lstm", "gru"}:
        return prod(shapes[0][:-1]) * sum(prod(shape) for shape in shapes[1:] if len(shape) == 2)
    if kind == "scaled_dot_product_attention":
        return 2 * prod(made) * shapes[1][-2]  # queries with keys, and the weights with values
    return 0


def size_bytes(value: Any) -> int:
    """Return the bytes of a tensor, or of several."""
    return sum(map(size_bytes, value)) if isinstance(value, tuple | list) else int(value.nbytes)
