"""Pruning: what matters least is taken out of a network, which then learns to do without it."""

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from engine.errors import NoEffect
from engine.variant import Variant
from optimization.learning.training import learn
from optimization.passes.base import PassContext
from optimization.passes.parameters import parameter
from optimization.passes.pruning.channels import ROUND_TO, prune_channels
from optimization.passes.pruning.weights import apply, masks_of, share_of_zeros
from optimization.passes.training import (
    TrainingPass,
    label_weight_parameter,
    learning_rate_parameter,
    patience_parameter,
    seed_parameter,
    steps_parameter,
)
from optimization.passes.weights import PACKAGES, weights_of
from optimization.passes.writing import write_result
from optimization.statistics import compressed_size

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Prune(TrainingPass):
    """Take channels or single weights out of a network, and train what is left to answer as the whole did.

    A pruned network answers by chance until it has learned again, so there is none without training.
    """

    name: ClassVar[str] = "prune"
    title: ClassVar[str] = "Pruning"
    summary: ClassVar[str] = "Takes out what matters least and trains the rest to answer as the network did before."
    gives: ClassVar[None] = None
    result: ClassVar[str] = "pruned"

    kind: Literal["structured", "unstructured"] = parameter(
        "structured",
        "Kind",
        "Whole channels make a network smaller and faster; single weights, unstructured, only make it compress better.",
    )
    sparsity: float = parameter(
        0.5, "Sparsity", "Share of each layer's channels, or of its weights, that goes.", low=0.01, high=0.99
    )
    steps: int = steps_parameter(2000, least=100)
    learning_rate: float = learning_rate_parameter(2e-3)
    label_weight: float = label_weight_parameter(0.01)
    patience: int = patience_parameter()
    seed: int = seed_parameter()

    def requires(self, variant: Variant) -> None:
        """The network must be in PyTorch's form, and of an architecture that can be built."""
        self.require_network(variant)

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Prune a copy of the network and train it; see `Pass.run` for what it raises."""
        from engine.networks import load
        from engine.networks.training import reproducible

        context.progress("Pruning", 0, 0)
        teacher = load(variant)
        student = copy.deepcopy(teacher)
        with reproducible(self.seed):
            masks = self.cut(student, variant)
        lessons = self.lessons(variant, context)
        learned = learn(
            student,
            teacher,
            lessons,
            self.schedule(),
            progress=context.progress,
            after_step=lambda _: apply(masks, student),
        )
        return write_result(
            self,
            variant,
            context.folder,
            weights_of(student, like=variant),
            packages=(*PACKAGES, "torch-pruning"),
            learned_from=lessons.provenance,
            notes=[learned.told(self.steps)],
        )

    def cut(self, network: "nn.Module", variant: Variant) -> "dict[str, Tensor]":
        """Prune a network in place; return which weights are to stay zero, none where channels went.

        Raises
        ------
        NoEffect
            If no layer loses any.
        """
        if self.kind == "unstructured":
            masks = masks_of(network, self.sparsity)
            apply(masks, network)
            return masks
        before = count_parameters(network)
        prune_channels(network, self.sparsity, channels=variant.card.channels, window=variant.card.window)
        if count_parameters(network) == before:
            reason = f"channels go by {ROUND_TO}, and {self.sparsity:g} of no layer's is nearer to so many than to none"
            raise NoEffect(self.name, reason)
        return {}

    def notes(self, before: Variant, after: Variant) -> tuple[str, ...]:
        """Say how much went, and what that changes of size and speed."""
        from engine.networks import load

        if self.kind == "structured":
            counts = [count_parameters(load(variant)) for variant in (before, after)]
            return (f"Of {counts[0]} parameters {counts[1]} are left, {counts[1] / counts[0]:.1%}.",)
        was, now = (compressed_size(variant.weights.read_bytes()) / 1000 for variant in (before, after))
        compressed = f"compressed it takes {now:.0f} kB, where {before.full_name} takes {was:.0f} kB"
        return (
            f"{share_of_zeros(load(after)):.1%} of its weights are zero; {compressed}.",
            "As a file, in memory and in time it costs what it did: runtimes multiply by zero as by any number.",
        )


def count_parameters(network: "nn.Module") -> int:
    """Return how many numbers a network has learned."""
    return sum(array.numel() for array in network.parameters())
