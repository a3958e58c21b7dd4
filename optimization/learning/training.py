"""Training that passes share: a network learns to answer as its teacher does, and as the labels say.

A pass that prunes or rounds a network leaves one that answers worse. The float network that it was made from is its
teacher: of a window its logits say more than a label does, and they are what a proof compares [1]_.

.. [1] G. Hinton, O. Vinyals and J. Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv:1503.02531.
.. [2] J. Ba and R. Caruana, "Do Deep Nets Really Need to be Deep?", NeurIPS 2014, arXiv:1312.6184: the squared error
   of logits.
"""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import NoEffect
from optimization.learning.lessons import Lessons
from optimization.progress import Progress, silent

if TYPE_CHECKING:
    from torch import Tensor, nn

#: Share of the schedule in which the learning rate rises; a network may get worse before it gets better, so nothing
#: stops there.
RISING = 0.3
#: Epochs at least, however few windows a schedule of few steps is given.
EPOCHS = 5
#: Different windows at most: the teacher answers each once, which takes as long as a third of a step does.
MOST_WINDOWS = 8192


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how a network learns.

    Attributes
    ----------
    steps : int
        Batches at most.
    batch : int
        Windows of each.
    learning_rate : float
        Highest of the cycle.
    label_weight : float
        Of the cross-entropy with the labels, beside the error of the logits as a share of their power.
    patience : int
        Epochs without an improvement on held-out windows after which training stops.
    seed : int
        Of every draw.
    """

    steps: int
    batch: int = 32
    learning_rate: float = 2e-3
    label_weight: float = 0.1
    patience: int = 8
    seed: int = 0

    @property
    def windows(self) -> int:
        """Different windows to learn from."""
        return min(MOST_WINDOWS, max(self.batch, self.steps * self.batch // EPOCHS))


@dataclass(frozen=True, slots=True)
class Learned:
    """How training went.

    Attributes
    ----------
    steps : int
        Batches that were learned from.
    epochs : int
        Rounds through the windows, each judged on held-out ones.
    best_epoch : int
        The one whose weights were kept, from 1.
    losses : tuple of float
        On held-out windows after each epoch.
    """

    steps: int
    epochs: int
    best_epoch: int
    losses: tuple[float, ...]

    def told(self, asked: int) -> str:
        """Say how training went, of so many steps that were asked for."""
        stale = self.epochs - self.best_epoch
        early = f", not the {asked} asked for, because the last {stale} epochs brought nothing better"
        return (
            f"It learned from {self.steps} batches in {self.epochs} epochs{early if self.steps < asked else ''}; the "
            f"weights of epoch {self.best_epoch}, the best on held-out windows, were kept."
        )


def learn(
    student: "nn.Module",
    teacher: "nn.Module",
    lessons: Lessons,
    schedule: Schedule,
    *,
    progress: Progress = silent,
    after_step: "Callable[[int], None] | None" = None,
) -> Learned:
    """Train a network in place, and leave it in evaluation mode with the weights that did best on held-out windows.

    Equal arguments give equal weights on one machine (`engine.networks.training.reproducible`).

    Parameters
    ----------
    student : Module
        What learns.
    teacher : Module
        What it is to answer as; in evaluation mode.
    lessons : Lessons
        Windows to learn from, and others to judge by.
    schedule : Schedule
        How long and how.
    progress : callable
        Told after each epoch.
    after_step : callable, optional
        Called after each step, by its number from 1, before the weights are judged.

    Raises
    ------
    NoEffect
        If the weights are no numbers after every epoch: the learning rate was too high.
    """
    from engine.networks.training import fit, predict, reproducible

    with reproducible(schedule.seed):
        progress("Asking the teacher", 0, 0)
        taught, judged = predict(teacher, lessons.windows), predict(teacher, lessons.held_out)
        loss = Distillation(float(np.mean(np.square(taught))), schedule.label_weight)
        judge = Judge(student, loss, lessons, judged)
        epoch = -(-len(lessons.windows) // schedule.batch)

        def go_on(step: int) -> bool:
            if after_step is not None:
                after_step(step)
            if step % epoch and step < schedule.steps:
                return True
            judge.judge(step)
            progress("Training", step, schedule.steps)
            return step < RISING * schedule.steps or judge.since_best < schedule.patience

        progress("Training", 0, schedule.steps)
        fit(
            student,
            Shuffled((lessons.windows, lessons.labels, taught), np.random.default_rng(schedule.seed)),
            steps=schedule.steps,
            batch=schedule.batch,
            learning_rate=schedule.learning_rate,
            loss=loss,
            go_on=go_on,
        )
        return judge.keep_best()


class Distillation:
    """Squared error of logits, as a share of the teacher's power, and cross-entropy with the labels.

    Parameters
    ----------
    power : float
        Mean square of the teacher's logits; counted as 1 at least.
    label_weight : float
        Of the cross-entropy.
    """

    def __init__(self, power: float, label_weight: float) -> None:
        self._power = max(power, 1.0)  # the answers of a teacher with smaller logits are too vague to insist on
        self._label_weight = label_weight

    def __call__(self, logits: "Tensor", labels: "Tensor", taught: "Tensor") -> "Tensor":
        """Loss of logits of shape (W, K), given labels of shape (W,) and the teacher's logits."""
        from torch.nn import functional

        error = functional.mse_loss(logits, taught) / self._power
        return error + self._label_weight * functional.cross_entropy(logits, labels)


@dataclass(frozen=True, slots=True, eq=False)
class Shuffled:
    """Batches of windows and what belongs to them, in another order each time round.

    Attributes
    ----------
    arrays : tuple of ndarray, shape (W, ...)
        Windows first.
    random : Generator
        Of the orders.
    """

    arrays: tuple[NDArray[Any], ...]
    random: np.random.Generator

    def batches(self, count: int, size: int) -> Iterator[tuple[NDArray[Any], ...]]:
        """Yield ``count`` batches of ``size`` windows; the last of a round may be smaller, though not below two."""
        order: list[NDArray[np.int64]] = []
        for _ in range(count):
            if not order:
                order = self._round(size)
            chosen = order.pop()
            yield tuple(array[chosen] for array in self.arrays)

    def _round(self, size: int) -> list[NDArray[np.int64]]:
        places = self.random.permutation(len(self.arrays[0]))
        return [part for start in range(0, len(places), size) if len(part := places[start : start + size]) > 1]


class Judge:
    """Asks a student about held-out windows after each epoch, and remembers the best weights.

    Parameters
    ----------
    student : Module
        Whose weights are remembered.
    loss : Distillation
        What it is judged by.
    lessons : Lessons
        Of which the held-out windows.
    taught : ndarray of float32, shape (W, K)
        The teacher's logits of those.
    """

    def __init__(self, student: "nn.Module", loss: Distillation, lessons: Lessons, taught: NDArray[np.float32]) -> None:
        self._student = student
        self._loss = loss
        self._lessons = lessons
        self._taught = taught
        self._best: dict[str, Tensor] = {}
        self._best_epoch = 0
        self._steps = 0
        self.losses: list[float] = []

    @property
    def since_best(self) -> int:
        """Epochs since the best one."""
        return len(self.losses) - self._best_epoch

    def judge(self, step: int) -> None:
        """Judge the weights as they are after a step."""
        import torch

        from engine.networks.training import predict

        logits = torch.from_numpy(predict(self._student.eval(), self._lessons.held_out))
        labels = torch.from_numpy(self._lessons.held_out_labels)
        self.losses.append(float(self._loss(logits, labels, torch.from_numpy(self._taught))))
        self._steps = step
        if math.isfinite(self.losses[-1]) and self.losses[-1] <= min(filter(math.isfinite, self.losses)):
            self._best_epoch = len(self.losses)
            self._best = copy.deepcopy(self._student.state_dict())

    def keep_best(self) -> Learned:
        """Give the student its best weights; raises `NoEffect` if they were no numbers after every epoch."""
        if not self._best:
            raise NoEffect("Training", "the network answers with NaN after every epoch; choose a lower learning rate")
        self._student.load_state_dict(self._best)
        self._student.eval()
        return Learned(self._steps, len(self.losses), self._best_epoch, tuple(self.losses))
