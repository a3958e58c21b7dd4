"""The end of a search: the fastest once more in fresh processes, and a proof on recordings that it never saw."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Any

import numpy as np

from engine.errors import SearchError
from optimization.measuring.intervals import RESOLUTION, Interval, compare, hierarchical_interval
from optimization.progress import Progress
from optimization.recording_set import TEST_SEED, RecordingSet, simulated_for
from optimization.searching.candidates import Tried, proof_facts
from optimization.searching.choice import distance, latency_of, missed, ranked
from optimization.searching.exploring import Race, Setting
from optimization.searching.screening import ITSELF, budget_for, sentence_of
from optimization.searching.timing import proof_sizes
from optimization.verification import Verification, verify

#: Candidates of the heat before the last, and of the last.
SEMIFINALISTS, FINALISTS = 8, 4
SEMIFINAL_ROUNDS = 60
#: Fresh processes of the last heat, and rounds in each.
PROCESSES, FINAL_ROUNDS = 5, 24


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a race.

    Attributes
    ----------
    chosen : Tried
        The one to ship, or the nearest to it, its ratio of the last heat and its proof of unseen recordings.
    proof : Verification or None
        Of the chosen one; ``None`` of the network as it was given.
    compared_with : tuple of Tried
        All of the last heat, the fastest first.
    resolution : float
        Share by which two equal variants seemed to differ in it.
    noisy : bool
        Whether its control was no tie.
    """

    chosen: Tried
    proof: Verification | None
    compared_with: tuple[Tried, ...]
    resolution: float
    noisy: bool


class Final:
    """Decides among what a race has left.

    Parameters
    ----------
    race : Race
        Which is over.
    setting : Setting
        What it was run with.
    held_out : RecordingSet or None
        Somebody's own recordings, which the race did not see.
    progress : callable
        Told how far it is.
    """

    def __init__(self, race: Race, setting: Setting, held_out: RecordingSet | None, progress: Progress) -> None:
        self._race = race
        self._setting = setting
        self._held_out = held_out
        self._progress = progress
        self._proofs: dict[tuple[str, str], Verification] = {}

    def decide(self, until: float = math.inf) -> Decision:
        """Return the fastest that keeps all limits; if there is none, the one that misses them by least.

        Among those as fast, as far as the last heat can tell, `ranked` decides. Proofs are made in that order until
        one holds: first of those of the last heat that are faster than the network itself, then of all others.

        Parameters
        ----------
        until : float
            When those that were not in the last heat are proven no more, on the setting's clock, in seconds.

        Raises
        ------
        SearchError
            If no candidate could be run.
        """
        finalists, resolution, noisy = self._last_heat(self.finalists())
        if not finalists:
            raise SearchError(f"Nothing could be run. {self._race.tried[0].dropped}", "choose other runtimes")
        limits = self._setting.question.limits
        order = ranked(finalists, resolution)
        others = [each for each in self._measured() if each.key not in {one.key for one in finalists}]
        first = list(takewhile(lambda each: each.key != self._race.baseline.key, order))
        excess: dict[int, tuple[float, float]] = {}
        for tried in [*first, *ranked([*order[len(first) :], *others], resolution)]:
            if missed(tried, limits, proven=False) or missed(replace(tried, proof=ITSELF), limits, proven=True):
                excess[tried.number] = distance(tried, limits, proven=False), latency_of(tried)
                continue
            if tried in others and tried.recipe and self._setting.clock() > until:
                continue
            proven = self.proven(tried)
            found = missed(proven, limits, proven=True)
            told = f"On recordings it had not seen: {sentence_of(str(found[0]))}" if found else ""
            raced = self._race.tried[tried.number - 1]
            self._race.tried[tried.number - 1] = replace(raced, proof=proven.proof, dropped=told)
            if not found:
                return self._decision(proven, finalists, resolution, noisy)
            excess[tried.number] = distance(proven, limits, proven=True), latency_of(tried)
        judged = [each for each in (*order, *others) if each.number in excess]
        nearest = min(judged, key=lambda each: excess[each.number])
        return self._decision(self.proven(nearest), finalists, resolution, noisy)

    def _decision(self, chosen: Tried, finalists: Sequence[Tried], resolution: float, noisy: bool) -> Decision:
        proof = self._proofs.get(chosen.key)
        return Decision(chosen, proof, tuple(sorted(finalists, key=latency_of)), resolution, noisy)

    def finalists(self) -> list[Tried]:
        """Return the few that are run in the last heat, after one more heat where there are many."""
        space, race = self._setting.space, self._race
        best: dict[Any, Tried] = {}
        for tried in ranked([each for each in self._measured() if not each.dropped], race.resolution):
            best.setdefault(space.twin_key(tried.choices), tried)
        racing = sorted(best.values(), key=latency_of)[:SEMIFINALISTS]
        if len(racing) > FINALISTS:
            racing = race.again(racing, SEMIFINAL_ROUNDS)
        return ranked(racing, race.resolution)[:FINALISTS] or self._nearest()

    def _measured(self) -> list[Tried]:
        """Return all that ran and that nothing speaks against but, perhaps, a faster one; copies once."""
        limits = self._setting.question.limits
        kept = [each for each in self._race.tried if each.ratio is not None and not missed(each, limits, proven=False)]
        return list({each.key: each for each in reversed(kept)}.values())[::-1]

    def _nearest(self) -> list[Tried]:
        """Return those that miss the limits by least, where all miss one; what can't be run is not among them."""
        limits = self._setting.question.limits
        there = [each for each in self._race.tried if each.digest and missed(each, limits, proven=False)]
        once = {each.key: each for each in reversed(there)}.values()
        nearest = sorted(once, key=lambda each: distance(each, limits, proven=False))
        # Nobody has run those yet that were sent off for their size.
        return list(islice((each for each in nearest if each.ratio is not None or self._race.runs(each)), FINALISTS))

    def _last_heat(self, finalists: Sequence[Tried]) -> tuple[list[Tried], float, bool]:
        """Run the finalists in several fresh processes; return them with their ratios, the resolution, and if noisy.

        The network as it was given is one of them, since the others are measured beside it in any case.
        """
        race, question = self._race, self._setting.question
        itself = [each for each in race.tried if each.key == race.baseline.key][:1]
        finalists = [each for each in finalists if each.key != race.baseline.key]
        entrants = [race.baseline, *(race.candidate(each) for each in finalists), race.baseline]
        rounds: list[list[np.ndarray[Any, np.dtype[np.float64]]]] = []
        for process in range(PROCESSES):

            def told(done: int, before: int = process * FINAL_ROUNDS) -> None:
                self._progress("Measuring the fastest side by side", before + done, PROCESSES * FINAL_ROUNDS)

            timed = self._setting.measure(
                entrants,
                self._setting.windows,
                batch=question.batch,
                threads=question.threads,
                rounds=FINAL_ROUNDS,
                told=told,
            )
            rounds.append([np.array(each.rounds_ms) for each in timed])
        intervals = [
            hierarchical_interval([process[number] / process[0] for process in rounds])
            for number in range(1, len(entrants))
        ]
        control = intervals.pop()
        ran = [replace(each, ratio=ratio) for each, ratio in zip(finalists, intervals, strict=True)]
        ran += [replace(each, ratio=Interval(1.0, 1.0, 1.0)) for each in itself]
        return ran, max(RESOLUTION, control.deviation), compare(control) != "tie"

    def proven(self, tried: Tried) -> Tried:
        """Return a candidate with its proof on recordings that the search did not see.

        More recordings are asked where the first ones leave it undecided, up to three times; each time the bound is
        that of one look.
        """
        race, limits = self._race, self._setting.question.limits
        if tried.key == race.baseline.key:
            return replace(tried, proof=ITSELF)
        candidate, start = race.candidate(tried), race.baseline.variant
        budget = budget_for(tried, limits)
        found: Verification | None = None
        for count in proof_sizes(limits.flips_share):
            found = verify(
                candidate.variant,
                start,
                self.unseen(count),
                runtime=tried.runtime,
                budget=budget,
                progress=self._progress,
            )
            if found.verdict != "undecided":
                break
        assert found is not None
        self._proofs[tried.key] = found
        return replace(tried, proof=proof_facts(found))

    def unseen(self, count: int) -> RecordingSet:
        """Return recordings that nothing was calibrated on, learned from or chosen by."""
        simulated = simulated_for(self._race.baseline.variant.card, count, seed=TEST_SEED)
        if self._held_out is None:
            return simulated
        return RecordingSet("both", (*self._held_out.recordings, *simulated.recordings), simulated.seed)
