"""The race: candidates are proposed, made, held against the network's verdicts, and run beside it in heats."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.errors import BenchmarkError, ModelError, VibenchError
from engine.variant import Variant
from optimization.measuring.candidate import Candidate
from optimization.measuring.intervals import RESOLUTION, Interval
from optimization.measuring.process import measure_rounds
from optimization.progress import Progress
from optimization.recipe import Recipe
from optimization.recording_set import RecordingSet
from optimization.searching.candidates import Tried, recipe_from
from optimization.searching.choice import latency_of, missed
from optimization.searching.keeping import Ranking
from optimization.searching.making import Workshop
from optimization.searching.question import Question
from optimization.searching.racing import FIRST_ROUNDS, Heat, Measure, narrowed, run_heat
from optimization.searching.sampling import NOT_MEASURED, Proposals, Told, in_turn
from optimization.searching.screening import screened, sentence_of
from optimization.searching.space import RUNTIME, WINDOWS_ASKED, Chain, Choices, Space, recipe_of
from optimization.searching.state import SearchState
from optimization.searching.timing import Costs

#: Candidates of one heat; the first holds the likely winners (`space.STARTS`) on two runtimes, however short the time.
GROUP, FIRST_GROUP = 6, 8


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What a race is run with.

    Attributes
    ----------
    question : Question
        What is asked.
    space : Space
        Where to look.
    screening : RecordingSet
        On which verdicts are compared while the race is on.
    windows : ndarray of float32, shape (W, C, L)
        That heats are run on.
    ranking : Ranking
        Says which layers lose most as integers.
    layers : int
        How many the network has, for what ranking them would take.
    measure : callable
        `optimization.measuring.process.measure_rounds`, or what does the same.
    clock : callable
        Returns seconds.
    """

    question: Question
    space: Space
    screening: RecordingSet
    windows: NDArray[np.float32]
    ranking: Ranking
    layers: int
    measure: Measure = measure_rounds
    clock: Callable[[], float] = time.monotonic


class Race:
    """Tries candidates until the time is up, and knows what came of each.

    Parameters
    ----------
    setting : Setting
        What it is run with.
    workshop : Workshop
        Makes variants.
    state : SearchState
        Remembers them beyond this process; what it knows already is not tried again.
    progress : callable
        Told how far it is.

    Attributes
    ----------
    tried : list of Tried
        In the order of their numbers.
    question : Question
        What is asked.
    baseline : Candidate
        The network in float32 on its usual runtime, that ratios are to.
    resolution : float
        Share by which two equal candidates seemed to differ in the latest heat.
    costs : Costs
        How long things took.
    """

    def __init__(self, setting: Setting, workshop: Workshop, state: SearchState, progress: Progress) -> None:
        self.tried: list[Tried] = []
        self.question = setting.question
        self.baseline = Candidate(workshop.start, "onnxruntime")
        self.resolution = RESOLUTION
        self.costs = Costs()
        self._setting = setting
        self._workshop = workshop
        self._state = state
        self._progress = progress
        self._proposals = Proposals(setting.space, setting.question.seed)
        self._approached: Tried | None = None
        self._ranked: set[tuple[str, ...]] = set()
        for line in state.tried():
            self._remember(line)
        if self.tried:
            progress(f"Going on after {len(self.tried)} candidates", 0, 0)
        self._approach()

    def run(self, until: float) -> None:
        """Try candidates, group by group, while another group and the end of the search would be done in time.

        At least one group is tried, unless an earlier search has done so.

        Parameters
        ----------
        until : float
            When the search must be over, on the setting's clock, in seconds.

        Raises
        ------
        ModelError, OSError
            If the network itself can't be run, or the disk is full.
        """
        clock = self._setting.clock
        while not self.tried or clock() + self.costs.next_group_s < until - self.end_s():
            began = clock()
            if not self._one_group(until - self.end_s()):
                return
            self.costs.groups_s.append(clock() - began)

    def end_s(self) -> float:
        """Return how long all that follows the race will take, in seconds, as far as can be told."""
        return self.costs.end_s(self.question.limits.flips_share, len(self._setting.screening.recordings))

    def _one_group(self, until: float) -> bool:
        """Try a group, the first one whole; ``False`` if there was nothing left to try."""
        first = not self.tried
        group = in_turn(self._proposals, FIRST_GROUP if first else GROUP)
        entrants: list[Tried] = []
        copies: list[Tried] = []
        for choices in group:
            if not first and self._setting.clock() > until:
                break
            if (ranking_s := self._ranking_s(choices)) and ranking_s > until - self._setting.clock():
                continue  # a search with more time takes it up
            self._tell()
            tried = self._prepared(choices, entrants)
            if tried.dropped and tried.key in {each.key for each in entrants}:
                copies.append(tried)
            elif tried.dropped:
                self._finish(tried)
            else:
                entrants.append(tried)
        for tried in self._measured(entrants) if entrants else []:
            self._finish(tried)
        for tried in copies:
            self._finish(self._like_its_original(tried, self.tried))
        self._approach()
        return bool(group)

    def _tell(self) -> None:
        best = self.leader
        leads = "" if best is None else f", {best.name} leads at {latency_of(best):.2f}"
        self._progress(f"Candidate {len(self.tried) + 1}{leads}", 0, 0)

    def _prepared(self, choices: Choices, entrants: Sequence[Tried]) -> Tried:
        """Make a candidate and take a first look at it; it is dropped where that shows that it can't ship."""
        setting = self._setting
        chain = setting.space.chain(choices)
        name = "-".join([*chain, *setting.space.words(choices)])
        tried = Tried(0, choices, name, choices[RUNTIME], windows=int(choices.get(WINDOWS_ASKED, 0)))
        try:
            recipe = recipe_of(chain, self._keep)
            tried = replace(tried, name=self.name_of(choices, recipe))
            made = self._workshop.make(recipe, tried.windows, tried.name)[-1]
        except VibenchError as error:
            return replace(tried, dropped=f"It can't be made: {error}")
        tried = replace(
            tried,
            recipe=() if recipe is None else tuple(recipe.to_json()),
            digest=made.digest,
            size_bytes=made.size_bytes,
            size_ratio=made.size_bytes / self._workshop.start.size_bytes,
        )
        if tried.key in {each.key for each in (*self.tried, *entrants) if each.digest}:
            return self._like_its_original(tried, [*self.tried, *entrants])
        limits, recordings = self.question.limits, setting.screening
        return screened(tried, made, self._workshop.start, limits, recordings, self.costs, setting.clock)

    def _like_its_original(self, tried: Tried, others: Sequence[Tried]) -> Tried:
        """Return a candidate of the same weights on the same runtime as another, with what is known of that one."""
        original = next(each for each in others if each.key == tried.key)
        told = f"It is the same file as {original.name}."
        return replace(tried, proof=original.proof, ratio=original.ratio, dropped=told)

    def _measured(self, entrants: Sequence[Tried]) -> list[Tried]:
        """Run a heat and return the entrants with what it found; one that can't be measured is dropped alone."""
        try:
            heat = self._heat(entrants, FIRST_ROUNDS)
        except (BenchmarkError, ModelError) as error:
            if len(entrants) == 1:
                return [replace(entrants[0], dropped=f"It can't be measured: {error}")]
            return [tried for each in entrants for tried in self._measured([each])]
        return [self._after(tried, heat, number) for number, tried in enumerate(entrants)]

    def _after(self, tried: Tried, heat: Heat, number: int) -> Tried:
        """Return a candidate with what a heat found of it, dropped where that sends it off."""
        itself = self.candidate(tried).key == self.baseline.key
        found = Interval(1.0, 1.0, 1.0) if itself else narrowed(tried.ratio, heat.ratios[number])
        tried = replace(tried, ratio=found)
        if excess := missed(tried, self.question.limits, proven=False):
            return replace(tried, dropped=sentence_of(str(excess[0])))
        if heat.clearly_slower(number):
            behind = heat.behind[number]
            told = f"{behind.median:.2f} times [{behind.low:.2f} to {behind.high:.2f}] the latency of the fastest then"
            return replace(tried, dropped=f"It is slower: {told}.")
        return tried

    def _heat(self, entrants: Sequence[Tried], rounds: int) -> Heat:
        """Run candidates side by side with the network and with the fastest so far."""
        setting, leader = self._setting, self.leader

        def told(done: int) -> None:
            self._progress(f"Measuring {', '.join(each.name for each in entrants)}", done, rounds)

        began = setting.clock()
        found = run_heat(
            [self.candidate(each) for each in entrants],
            self.baseline,
            self.baseline if leader is None else self.candidate(leader),
            setting.windows,
            batch=self.question.batch,
            threads=self.question.threads,
            rounds=rounds,
            measure=setting.measure,
            told=told,
        )
        self.costs.heats_s.append((setting.clock() - began) / found.attempts)
        self.resolution = max(RESOLUTION, found.resolution)
        return found

    def again(self, entrants: Sequence[Tried], rounds: int) -> list[Tried]:
        """Run a longer heat among those that are left, send off those clearly slower, and return the rest."""
        heat = self._heat(entrants, rounds)
        after = [self._after(tried, heat, number) for number, tried in enumerate(entrants)]
        for tried in after:
            self.tried[tried.number - 1] = tried
        return [tried for tried in after if not tried.dropped]

    def runs(self, tried: Tried) -> bool:
        """Whether a candidate can be measured at all."""
        question = self.question
        try:
            self._setting.measure(
                [self.candidate(tried)],
                self._setting.windows,
                batch=question.batch,
                threads=question.threads,
                rounds=1,
                told=lambda _: None,
            )
        except (BenchmarkError, ModelError):
            return False
        return True

    @property
    def leader(self) -> Tried | None:
        """The fastest that is in the race; ``None`` before the first heat."""
        racing = [each for each in self.tried if not each.dropped and each.ratio is not None]
        return min(racing, key=latency_of, default=None)

    def candidate(self, tried: Tried) -> Candidate:
        """Return what is measured of a candidate, made again where its files are gone."""
        return Candidate((self.chain(tried) or [self.baseline.variant])[-1], tried.runtime)

    def chain(self, tried: Tried) -> list[Variant]:
        """Return the variants on the way to a candidate and its own; none for the network as it was given."""
        recipe = recipe_from(tried)
        return [] if recipe is None else self._workshop.make(recipe, tried.windows, tried.name)

    def start_of(self, recipe: Recipe | None) -> Variant:
        """Return what a recipe starts from."""
        return self._workshop.start_of(recipe)

    def name_of(self, choices: Choices, recipe: Recipe | None) -> str:
        """Return what a candidate's variant is called: by its passes, and by what of them is not as usual."""
        start = self.start_of(recipe)
        passes = start.name if recipe is None else recipe.check(start)[-1]
        return "-".join([passes, *self._setting.space.words(choices)])

    def _keep(self, before: Chain, count: int) -> tuple[str, ...]:
        """Return the layers to keep in float32 of what the passes ``before`` make."""
        recipe = recipe_of(before, self._keep)
        made = self._workshop.make(recipe, 0, self.name_of({}, recipe))[-1]
        names = self._setting.ranking.most_sensitive(made, count)
        self._ranked.add(tuple(before))
        return names

    def _ranking_s(self, choices: Choices) -> float:
        """Return how long it would take to find the layers that choices keep in float32; 0 if they keep none."""
        chain = self._setting.space.chain(choices)
        before = tuple(chain)[: list(chain).index("quantize_static")] if "quantize_static" in chain else ()
        if "keep_fp32" not in chain.get("quantize_static", {}) or before in self._ranked:
            return 0.0
        return self._setting.ranking.took_s or self._setting.layers * self._workshop.longest_s

    def _approach(self) -> None:
        """Have the neighbours of a new leader tried next."""
        leader, before = self.leader, self._approached
        if leader is None or (before is not None and leader.key == before.key):
            return
        if before is None or latency_of(leader) * (1 + self.resolution) < latency_of(before):
            self._approached = leader
            self._proposals.near(leader.choices)

    def _finish(self, tried: Tried) -> None:
        tried = replace(tried, number=len(self.tried) + 1)
        self._state.add(tried)
        self._remember(tried)

    def _remember(self, tried: Tried) -> None:
        self.tried.append(tried)
        self._proposals.learn(tried.choices, told_of(tried, self.question))


def told_of(tried: Tried, question: Question) -> Told:
    """Return what the sampler learns of a candidate."""
    excess = tuple(one.excess for one in missed(tried, question.limits, proven=False))
    if tried.ratio is None or not tried.proof:
        return Told(NOT_MEASURED, excess or (1.0,))
    return Told((latency_of(tried), tried.size_ratio, tried.error_db), excess or (0.0,))
