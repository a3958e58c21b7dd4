"""Which variant was made from which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.card import ModelCard
from engine.variant import Variant


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A variant and those that were made from it.

    Attributes
    ----------
    variant : Variant
        The variant.
    children : tuple of Node
        Made from it, the oldest first.
    orphan : bool
        Whether it was made from one that is not kept.
    """

    variant: Variant
    children: tuple["Node", ...]
    orphan: bool


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A network and its variants, those first that were made from none of the others."""

    card: ModelCard
    roots: tuple[Node, ...]

    def __iter__(self) -> Iterator[Variant]:
        """Give every variant, each before those that were made from it."""
        waiting = list(self.roots)
        while waiting:
            node = waiting.pop(0)
            yield node.variant
            waiting[:0] = node.children


def families(variants: Sequence[Variant]) -> list[Family]:
    """Return the networks in the order in which their first variants come, each with its tree."""
    names = dict.fromkeys(variant.card.name for variant in variants)
    return [family([variant for variant in variants if variant.card.name == name]) for name in names]


def family(variants: Sequence[Variant]) -> Family:
    """Return the tree of the variants of one network, at least one; every one of them has its place in it."""
    placed: set[str] = set()

    def node(variant: Variant, *, orphan: bool) -> Node:
        placed.add(variant.full_name)
        children = [
            node(child, orphan=False)
            for child in variants
            if child.full_name not in placed and parent_of(child, variants) is variant
        ]
        return Node(variant, tuple(children), orphan)

    roots = [
        node(variant, orphan=variant.parent is not None) for variant in variants if parent_of(variant, variants) is None
    ]
    # A description that somebody brought may name a parent that is its own child; it hangs under the network then.
    roots += [node(variant, orphan=True) for variant in variants if variant.full_name not in placed]
    return Family(variants[0].card, tuple(roots))


def parent_of(variant: Variant, variants: Sequence[Variant]) -> Variant | None:
    """Return what a variant was made from; ``None`` if it was trained, or its parent is not kept."""
    return next(
        (
            other
            for other in variants
            if other.digest == variant.parent and other.card.name == variant.card.name and other is not variant
        ),
        None,
    )


def made_from(variant: Variant, variants: Sequence[Variant]) -> list[Variant]:
    """Return those that were made from a variant, directly."""
    return [other for other in variants if parent_of(other, variants) is variant]


def ancestors(variant: Variant, variants: Sequence[Variant]) -> list[Variant]:
    """Return what a variant was made from, what that was made from, and so on, as far as they are kept."""
    found: list[Variant] = []
    parent = parent_of(variant, variants)
    while parent is not None and parent is not variant and parent not in found:
        found.append(parent)
        parent = parent_of(parent, variants)
    return found
