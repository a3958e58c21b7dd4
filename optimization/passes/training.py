"""What passes that train share: their parameters, and what they can be run on."""

from typing import Any

from engine.errors import PassNotApplicableError
from engine.networks import NETWORKS
from engine.variant import Variant
from optimization.passes.base import Pass
from optimization.passes.parameters import parameter

MOST_STEPS = 50_000


def steps_parameter(default: int, *, least: int) -> Any:
    """How long to train; with fewer steps than ``least`` a network is worse than what it was made from."""
    return parameter(
        default,
        "Training steps",
        "Batches of 32 windows to learn from at most; training stops earlier when nothing improves.",
        low=least,
        high=MOST_STEPS,
    )


def learning_rate_parameter(default: float) -> Any:
    """How fast to train."""
    return parameter(
        default,
        "Learning rate",
        "Highest rate of the cycle; lower it if training does not settle.",
        low=1e-6,
        high=0.1,
    )


def label_weight_parameter(default: float) -> Any:
    """How much labels count beside the teacher."""
    return parameter(
        default,
        "Weight of labels",
        "How much the recordings' labels count beside the answers of the network that it starts from; 0 ignores them.",
        low=0.0,
        high=10.0,
    )


def patience_parameter() -> Any:
    """When to stop early."""
    return parameter(
        8,
        "Patience",
        "Epochs without an improvement on held-out windows after which training stops.",
        low=1,
        high=1000,
    )


def seed_parameter() -> Any:
    """Of every draw."""
    return parameter(0, "Seed", "Of every draw; equal seeds give equal weights on one machine.", low=0, high=2**31 - 1)


def require_known(made_by: Pass, variant: Variant) -> None:
    """Raise `PassNotApplicableError` unless a variant is in PyTorch's form, and of an architecture known here."""
    made_by.require_backend(variant, "pytorch")
    if variant.card.name not in NETWORKS:
        reason = f"its architecture is not among those known here ({', '.join(NETWORKS)})"
        raise PassNotApplicableError(made_by.name, variant.full_name, reason)
