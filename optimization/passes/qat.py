"""INT8 that a network was trained for: it learns to answer as before with its weights and activations rounded."""

from dataclasses import dataclass
from typing import ClassVar

from engine.errors import PassNotApplicableError
from engine.variant import Backend, Format, Variant
from optimization.learning.training import learn
from optimization.passes.base import PassContext
from optimization.passes.graph import serialised
from optimization.passes.integers.rehearsal import exported, freeze_ranges, read_ranges, rehearsing
from optimization.passes.integers.rehearsed_graph import store_integers
from optimization.passes.parameters import parameter
from optimization.passes.training import (
    TrainingPass,
    label_weight_parameter,
    learning_rate_parameter,
    patience_parameter,
    seed_parameter,
    steps_parameter,
)
from optimization.passes.writing import write_result

PACKAGES = ("torch", "onnx")
#: Networks whose every operator has an integer form that PyTorch can rehearse.
CONVOLUTIONAL = ("wdcnn", "resnet18-1d")
#: Share of the training after which ranges stay, so that weights settle between fixed ones.
RANGES_UNTIL = 0.7
#: Windows from which ranges are first read.
RANGED = 512


@dataclass(frozen=True, slots=True)
class Qat(TrainingPass):
    """Train a network with its weights and activations rounded as integers are, then store the integers.

    The rescue where `quantize_static` loses verdicts, as in networks whose channels differ a hundredfold in range
    (``benchmarks/optimization.py --only rescued``); where it does not, training gains nothing over it.
    """

    name: ClassVar[str] = "qat"
    title: ClassVar[str] = "Trained INT8"
    summary: ClassVar[str] = (
        "Trains with the rounding of integers in place: a rescue for networks that lose verdicts by static INT8."
    )
    gives: ClassVar[tuple[Format, Backend]] = ("onnx", "int8")
    result: ClassVar[str] = "int8-qat"

    per_channel: bool = parameter(
        True, "Scale per channel", "A scale for each channel keeps weights more exactly, at the same speed."
    )
    steps: int = steps_parameter(500, least=50)
    learning_rate: float = learning_rate_parameter(1e-4)
    label_weight: float = label_weight_parameter(0.0)
    patience: int = patience_parameter()
    seed: int = seed_parameter()

    def requires(self, variant: Variant) -> None:
        """The network must be in PyTorch's form, and made of convolutions and dense layers."""
        self.require_network(variant)
        if variant.card.name not in CONVOLUTIONAL:
            reason = (
                "recurrent layers and attention have no integer form that could be rehearsed; export it, and use "
                "quantize_static or quantize_dynamic"
            )
            raise PassNotApplicableError(self.name, variant.full_name, reason)

    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Train a rounding copy of the network and store its integers; see `Pass.run` for what it raises."""
        from engine.networks import load
        from engine.networks.training import reproducible

        card = variant.card
        teacher = load(variant)
        lessons = self.lessons(variant, context)
        context.progress("Reading ranges", 0, 0)
        with reproducible(self.seed):
            student = rehearsing(teacher, channels=card.channels, window=card.window, per_channel=self.per_channel)
            read_ranges(student, lessons.windows[:RANGED])

        def settle(step: int) -> None:
            if step == int(RANGES_UNTIL * self.steps):
                freeze_ranges(student)

        learned = learn(student, teacher, lessons, self.schedule(), progress=context.progress, after_step=settle)
        context.progress("Storing integers", 0, 0)
        model = exported(student, channels=card.channels, window=card.window)
        store_integers(model)
        return write_result(
            self,
            variant,
            context.folder,
            serialised(model, card),
            packages=PACKAGES,
            learned_from=lessons.provenance,
            notes=[learned.told(self.steps)],
        )
