"""Nodes that do a little with each of their numbers, one kernel each."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from optimization.forecasting.kernel_builder import (
    BLOCKED_DOMAIN,
    MICROSOFT,
    Builder,
    Coordinates,
    Shape,
    quantised,
    scale,
)

#: Pooling in the layout that the runtime gives to convolutions in two dimensions.
BLOCKED_POOLING = "MaxPool-blocked"


def simple(operator: str, kind: str = "float", operands: int = 1, **attributes: Any) -> Callable[..., None]:
    """Return what adds an operator on tensors alone."""

    def add(build: Builder, place: Coordinates, shape: Shape) -> None:
        build.node(operator, [build.given(kind, shape)] * operands, place, **attributes)

    return add


def with_constants(operator: str, *shapes: Any, **attributes: Any) -> Callable[..., None]:
    """Return what adds an operator on a tensor and on constants of shapes, a number standing for the last axis."""

    def add(build: Builder, place: Coordinates, shape: Shape) -> None:
        shape = (1, shape[2], shape[1])
        constants = [build.constant("float", (shape[-1],)) for _ in shapes]
        build.node(operator, [build.given("float", shape), *constants], place, **attributes)

    return add


def skip_normalisation(build: Builder, place: Coordinates, shape: Shape) -> None:
    """Add the layer normalisation of a sum."""
    shape = (1, shape[2], shape[1])
    weights = [build.constant("float", (shape[-1],)) for _ in range(2)]
    build.node("SkipLayerNormalization", [build.given("float", shape)] * 2 + weights, place, domain=MICROSOFT)


def quantising(operator: str, kind: str) -> Callable[..., None]:
    """Return what adds a step between float32 and integers."""

    def add(build: Builder, place: Coordinates, shape: Shape) -> None:
        build.node(operator, [build.given(kind, shape), *scale(build, "uint8")], place)

    return add


def integer(operator: str, operands: int, **attributes: Any) -> Callable[..., None]:
    """Return what adds an operator on integers with scales."""

    def add(build: Builder, place: Coordinates, shape: Shape) -> None:
        given = [name for _ in range(operands) for name in quantised(build, "uint8", shape)]
        build.node(operator, [*given, *scale(build, "uint8")], place, domain=MICROSOFT, **attributes)

    return add


def reduction(build: Builder, place: Coordinates, shape: Shape) -> None:
    """Add a mean over the last axis."""
    build.node("ReduceMean", [build.given("float", shape), build.constant("int64", (1,), 2)], place)


def blocked_pooling(build: Builder, place: Coordinates, shape: Shape) -> None:
    """Add a pooling that the runtime does on blocks of channels."""
    shape = (1, shape[1], 1, shape[2])
    halves: dict[str, Any] = {"kernel_shape": [1, 2], "strides": [1, 2]}
    build.node("MaxPool", [build.given("float", shape)], place, domain=BLOCKED_DOMAIN, **halves)


HALVES: Mapping[str, Any] = MappingProxyType({"kernel_shape": [2], "strides": [2]})
ELEMENT_WISE: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        "Add": simple("Add", operands=2),
        "Mul": simple("Mul", operands=2),
        "Div": simple("Div", operands=2),
        "Relu": simple("Relu"),
        "Sigmoid": simple("Sigmoid"),
        "Tanh": simple("Tanh"),
        "Erf": simple("Erf"),
        "Exp": simple("Exp"),
        "Gelu": simple("Gelu"),
        "BiasGelu": with_constants("BiasGelu", 0, domain=MICROSOFT),
        "Softmax": simple("Softmax"),
        "LayerNormalization": with_constants("LayerNormalization", 0, 0),
        "SkipLayerNormalization": skip_normalisation,
        "QuantizeLinear": quantising("QuantizeLinear", "float"),
        "DequantizeLinear": quantising("DequantizeLinear", "uint8"),
        "DynamicQuantizeLinear": simple("DynamicQuantizeLinear", outputs=3),
        "Cast": simple("Cast", "int32", to=1),
        "Transpose": simple("Transpose", perm=[0, 2, 1]),
        "MaxPool": simple("MaxPool", **HALVES),
        BLOCKED_POOLING: blocked_pooling,
        "NhwcMaxPool": simple("NhwcMaxPool", "uint8", domain=MICROSOFT, **HALVES),
        "AveragePool": simple("AveragePool", **HALVES),
        "GlobalAveragePool": simple("GlobalAveragePool"),
        "ReduceMean": reduction,
        "QLinearAdd": integer("QLinearAdd", 2),
        "QLinearMul": integer("QLinearMul", 2),
        "QLinearSoftmax": integer("QLinearSoftmax", 1, axis=-1, opset=13),
        "QLinearSigmoid": integer("QLinearSigmoid", 1),
        "QLinearAveragePool": integer("QLinearAveragePool", 1, **HALVES),
        "QLinearGlobalAveragePool": integer("QLinearGlobalAveragePool", 1),
        "Concat": simple("Concat", operands=2, axis=1),
    }
)
