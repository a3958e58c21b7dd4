"""What is tried next: Optuna proposes, and nothing is proposed twice."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optimization.searching.space import Choices, Dimension, Space

if TYPE_CHECKING:
    import optuna

#: Latency and size over those of the network in float32, and how loud the error of the logits is, in dB below them.
OBJECTIVES = ("latency", "size", "error")
#: The dimension that decides which others are asked.
BRANCH = "precision"
#: What the sampler, and nobody else, is told of a candidate that was not measured because it must not ship anyway.
NOT_MEASURED = (10.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Told:
    """What the sampler learns of a candidate.

    Attributes
    ----------
    values : tuple of float
        `OBJECTIVES`; `NOT_MEASURED` where there are none.
    excess : tuple of float
        By how much each limit is missed; 0 and below where it is kept.
    """

    values: tuple[float, float, float] = NOT_MEASURED
    excess: tuple[float, ...] = (1.0,)


class Proposals:
    """Choices worth trying, the known good ones first.

    Parameters
    ----------
    space : Space
        What may be chosen.
    seed : int
        Equal seeds and equal answers give equal proposals.

    Notes
    -----
    The sampler is a tree-structured Parzen estimator, which takes conditional dimensions, several objectives and
    limits, and whose estimates of categories need few trials [1]_. In a small space it soon proposes what was tried
    already; then the one is next that differs from it in the fewest values, so that the space is searched whole, the
    promising part first.

    References
    ----------
    .. [1] Y. Ozaki, Y. Tanigaki, S. Watanabe, M. Nomura and M. Onishi, "Multiobjective tree-structured Parzen
       estimator", Journal of Artificial Intelligence Research 73, 2022. doi:10.1613/jair.1.13188
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._waiting = space.starts()
        self._left = {key_of(choices): choices for choices in space.every()}
        self._random = np.random.default_rng(seed)
        with quiet():
            self._study = new_study(seed)

    def next(self) -> Choices | None:
        """Return choices that were not tried before, ``None`` if there are none left."""
        while self._waiting:
            choices = self._waiting.pop(0)
            if self._left.pop(key_of(choices), None) is not None:
                return choices
        if not self._left:
            return None
        wanted = self._suggested({})
        if key_of(wanted) not in self._left:
            # A kind of network, float32 for one, may be tried out; then the sampler says what it wants of another kind.
            branch = self._left[self._nearest(wanted)]
            wanted = self._suggested({BRANCH: branch[BRANCH]} if BRANCH in branch else {})
        return self._left.pop(self._nearest(wanted))

    def _suggested(self, fixed: Choices) -> Choices:
        """Return what the sampler proposes, tried or not; it hears what comes of it from `learn` alone."""
        with quiet():
            self._study.enqueue_trial(dict(fixed))
            trial = self._study.ask()
            wanted = self._space.walk(lambda dimension: suggested(trial, dimension))
            self._study.tell(trial, state=failed())
        return wanted

    def _nearest(self, wanted: Choices) -> str:
        """Return the key of what is left that differs from choices in the fewest values, drawn among the nearest."""
        if key_of(wanted) in self._left:
            return key_of(wanted)
        differing = {
            key: sum(choices.get(name) != value for name, value in wanted.items())
            for key, choices in self._left.items()
        }
        least = min(differing.values())
        nearest = [key for key, count in differing.items() if count == least]
        return nearest[int(self._random.integers(len(nearest)))]

    def learn(self, choices: Choices, told: Told) -> None:
        """Tell what came of choices, proposed here or tried by an earlier search of the same question."""
        adopted = self._space.adopted(choices)
        if adopted is None:
            return
        self._left.pop(key_of(adopted), None)
        with quiet():
            self._study.add_trial(finished(self._space, adopted, told))

    def near(self, choices: Choices) -> None:
        """Have those tried next that differ from the best so far in one value: what is fastest is mostly near it."""
        self._waiting = [*self._waiting, *self._space.neighbours(choices)]

    def __len__(self) -> int:
        """How many choices were not proposed yet."""
        return len(self._left)


def key_of(choices: Choices) -> str:
    """Return the same text for the same choices."""
    return " ".join(f"{name}={value}" for name, value in sorted(choices.items()))


def new_study(seed: int) -> "optuna.Study":
    """Return an empty study of the objectives, all the better the smaller they are."""
    import optuna

    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, gamma=good_ones)
    return optuna.create_study(sampler=sampler, directions=["minimize"] * len(OBJECTIVES))


def good_ones(count: int) -> int:
    """Return how many of so many trials the sampler takes for good: more than is usual, as there are few in all."""
    return max(3, count // 4)


def suggested(trial: "optuna.Trial", dimension: Dimension) -> str:
    """Return the sampler's value of a dimension."""
    value: str = trial.suggest_categorical(dimension.name, [option.value for option in dimension.options])
    return value


def failed() -> "optuna.trial.TrialState":
    """Return the state of a trial from which the sampler learns nothing."""
    from optuna.trial import TrialState

    return TrialState.FAIL


def finished(space: Space, choices: Choices, told: Told) -> "optuna.trial.FrozenTrial":
    """Return a trial of which all is known."""
    from optuna.distributions import CategoricalDistribution
    from optuna.trial import create_trial

    options = {each.name: [option.value for option in each.options] for each in space.dimensions}
    return create_trial(
        params=dict(choices),
        distributions={name: CategoricalDistribution(options[name]) for name in choices},
        values=list(told.values),
        constraints={str(number): excess for number, excess in enumerate(told.excess)},
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from telling its log of each trial, and from warning of parts that are young."""
    import optuna  # which sets up its logger

    logger = logging.getLogger(optuna.__name__)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def in_turn(proposals: Proposals, count: int) -> Sequence[Choices]:
    """Return so many proposals, fewer where there are no more."""
    found: list[Choices] = []
    while len(found) < count and (choices := proposals.next()) is not None:
        found.append(choices)
    return found
