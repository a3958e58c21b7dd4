"""What passes that train share: their parameters, and what these say of schedule and lessons."""

from typing import Any, ClassVar

from engine.variant import Variant
from optimization.learning.lessons import Lessons, lessons_for
from optimization.learning.training import Schedule
from optimization.passes.base import Pass, PassContext
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


class TrainingPass(Pass):
    """A pass that trains; each declares the parameters below, with defaults of its own."""

    __slots__ = ()

    learns: ClassVar[bool] = True

    steps: int
    learning_rate: float
    label_weight: float
    patience: int
    seed: int

    def schedule(self) -> Schedule:
        """Return how long and how it trains."""
        return Schedule(
            self.steps,
            learning_rate=self.learning_rate,
            label_weight=self.label_weight,
            patience=self.patience,
            seed=self.seed,
        )

    def lessons(self, variant: Variant, context: PassContext) -> Lessons:
        """Gather what it trains on; raises as `lessons_for`."""
        return lessons_for(
            variant.card,
            context.learn_from,
            windows=self.schedule().windows,
            seed=self.seed,
            progress=context.progress,
        )
