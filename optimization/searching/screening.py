"""The first look at a candidate: what limits say of its file, and what a few recordings say of its verdicts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from engine.errors import VibenchError
from engine.variant import Variant
from optimization.recording_set import RecordingSet
from optimization.searching.candidates import Tried, proof_facts, recipe_from
from optimization.searching.choice import missed
from optimization.searching.question import Limits
from optimization.searching.timing import Costs
from optimization.verification import Budget, verify

#: What the logits of a candidate must keep that was trained.
ANY_LOGITS: Mapping[str, float] = {"top1_agreement": 0.01, "sqnr_db": -300.0}
#: What is said of the network itself, which gives its own verdicts.
ITSELF = {
    "verdict": "equivalent",
    "flips": 0,
    "recordings": 0,
    "flips_upper_bound": 0.0,
    "top1_agreement": 1.0,
    "sqnr_db": None,
    "stale": False,
}


def budget_for(tried: Tried, limits: Limits) -> Budget:
    """Return what a candidate may change.

    One that was trained finds the same verdicts by other logits, so that its flips alone are held against a limit.
    """
    recipe = recipe_from(tried)
    if recipe is not None and recipe.learns:
        return Budget(flips_share=limits.flips_share, **ANY_LOGITS)
    return Budget(flips_share=limits.flips_share)


def screened(
    tried: Tried,
    made: Variant,
    start: Variant,
    limits: Limits,
    recordings: RecordingSet,
    costs: Costs,
    clock: Callable[[], float] = time.monotonic,
) -> Tried:
    """Return a candidate with what recordings say of it, dropped where it can't ship.

    Parameters
    ----------
    tried : Tried
        Which candidate.
    made, start : Variant
        Its variant, and the network as it was given.
    limits : Limits
        What must be kept.
    recordings : RecordingSet
        A few.
    costs : Costs
        Told how long it took.
    clock : callable
        Returns seconds.
    """
    if too_large := missed(tried, limits, proven=False):
        return replace(tried, dropped=sentence_of(str(too_large[0])))
    if made is start and tried.runtime == "onnxruntime":
        return replace(tried, proof=ITSELF)
    began = clock()
    try:
        proven = verify(made, start, recordings, runtime=tried.runtime, budget=budget_for(tried, limits))
    except VibenchError as error:
        return replace(tried, dropped=f"It can't be run: {error}")
    costs.screened_s.append(clock() - began)
    tried = replace(tried, proof=proof_facts(proven))
    if missed(tried, limits, proven=False):
        return replace(tried, dropped=f"Its verdicts are degraded: {proven.reasons[0]}")
    return tried


def sentence_of(text: str) -> str:
    """Return a clause as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def remembered(recordings: RecordingSet) -> RecordingSet:
    """Return a set whose signals are kept once they were loaded; for small ones that are asked about often."""
    members = tuple(replace(each, load=cache(each.load)) for each in recordings.recordings)
    return replace(recordings, recordings=members)
