"""A float network trained on: for its own sake, and to hold a smaller one against that was trained as long."""

import copy
from dataclasses import dataclass
from typing import ClassVar

from engine.variant import Variant
from optimization.learning.training import learn
from optimization.passes.base import PassContext
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


@dataclass(frozen=True, slots=True)
class FineTune(TrainingPass):
    """Train a network on labelled recordings, its own answers keeping it near what it was."""

    name: ClassVar[str] = "fine_tune"
    title: ClassVar[str] = "Fine-tuning"
    summary: ClassVar[str] = "Trains the network on labelled recordings, such as your machine's, in float32."
    gives: ClassVar[None] = None
    result: ClassVar[str] = "tuned"

    steps: int = steps_parameter(1000, least=50)
    learning_rate: float = learning_rate_parameter(5e-4)
    label_weight: float = label_weight_parameter(0.3)
    patience: int = patience_parameter()
    seed: int = seed_parameter()

    def requires(self, variant: Variant) -> None:
        """The network must be in PyTorch's form, and of an architecture that can be built."""
        self.require_network(variant)

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Train a copy of the network; see `Pass.run` for what it raises."""
        from engine.networks import load

        teacher = load(variant)
        lessons = self.lessons(variant, context)
        student = copy.deepcopy(teacher)
        learned = learn(student, teacher, lessons, self.schedule(), progress=context.progress)
        return write_result(
            self,
            variant,
            context.folder,
            weights_of(student, like=variant),
            packages=PACKAGES,
            learned_from=lessons.provenance,
            notes=[learned.told(self.steps)],
        )
