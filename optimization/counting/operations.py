"""What a network does with one window, operation by operation, whatever form it is in."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Weight:
    """Numbers that were learned: how many, how many of them are not zero."""

    numbers: int
    non_zero: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on activations; what is computed from weights alone is none.

    Attributes
    ----------
    name : str
        Of the node, or of the module that it belongs to.
    operator : str
        As its form calls it: ``Conv``, ``conv1d``.
    reads : tuple of str
        Activations.
    makes : mapping of str to int
        Activations, and bytes of each.
    output_shape : tuple of int
        Of the first one that it makes.
    weights : mapping of str to Weight
        By name; several operations may share them.
    stored : mapping of str to int
        What of the weight file it needs, and bytes of each; scales and constants included.
    macs : int
        Multiplications with addition.
    view : bool
        Whether it gives what it reads under another name or shape, so that no memory is taken.
    """

    name: str
    operator: str
    reads: tuple[str, ...]
    makes: Mapping[str, int]
    output_shape: tuple[int, ...]
    weights: Mapping[str, Weight] = field(default_factory=dict)
    stored: Mapping[str, int] = field(default_factory=dict)
    macs: int = 0
    view: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """A network's operations on one window, in the order in which they run.

    Attributes
    ----------
    operations : tuple of Operation
        In order.
    given : mapping of str to int
        What it is given, and bytes of each.
    answers : tuple of str
        What it answers.
    """

    operations: tuple[Operation, ...]
    given: Mapping[str, int]
    answers: tuple[str, ...]


def peak_bytes(trace: Trace) -> int:
    """Return the most bytes of activations that are needed at the same time, each held until it was last read.

    Operations run one by one, in their order, and each has its results beside what it reads: a runtime that fuses
    operations, or lets one write over what it reads, needs less.
    """
    owner: dict[str, str] = {}  # what holds the numbers of a view
    last: dict[str, int] = {}
    for number, operation in enumerate(trace.operations):
        for name in operation.reads:
            last[owner.get(name, name)] = number
        if operation.view:
            read = operation.reads[0]
            owner |= dict.fromkeys(operation.makes, owner.get(read, read))
    last |= {owner.get(name, name): len(trace.operations) for name in trace.answers}
    alive, peak = dict(trace.given), sum(trace.given.values())
    for number, operation in enumerate(trace.operations):
        alive |= {} if operation.view else operation.makes
        peak = max(peak, sum(alive.values()))
        alive = {name: size for name, size in alive.items() if last.get(name, -1) > number}
    return peak
