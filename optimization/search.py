"""The search for the variant to ship: made, measured and proven on this machine, within limits and a time."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import SearchError
from engine.machine import Machine, this_machine
from engine.variant import Variant
from optimization.benchmark import Benchmark, BenchmarkSettings, Row, benchmark, benchmark_windows
from optimization.calibration import WINDOWS
from optimization.measuring.candidate import Candidate
from optimization.measuring.intervals import Interval
from optimization.passes.changes import graph_of, operators
from optimization.progress import Progress, silent
from optimization.recording_set import (
    TEST_SEED,
    RecordingSet,
    calibration_and_proof,
    groups_of,
    require_rate,
    simulated_for,
    simulated_proof,
)
from optimization.searching.candidates import recipe_from
from optimization.searching.choice import front, missed
from optimization.searching.deciding import PROCESSES, Decision, Final
from optimization.searching.exploring import Race, Setting
from optimization.searching.found import Found, Ship, reason_of
from optimization.searching.keeping import Ranking
from optimization.searching.making import Workshop
from optimization.searching.question import Question
from optimization.searching.screening import remembered
from optimization.searching.space import Facts, Space
from optimization.searching.state import SearchState
from optimization.verification import verify

__all__ = ["Found", "Question", "require_searchable", "search"]

#: Simulated recordings on which verdicts are compared while the race is on.
SCREENED_ON = 24
#: Pruned networks learn for minutes; a search with less time leaves them out.
LEARNING_MINUTES = 10.0
#: What the winner is measured on, and how long.
UNSEEN_RECORDINGS = 32
ROUNDS = 100
USUAL = "onnxruntime"
#: Operators with weights that static quantisation may leave in float32.
LAYERS = ("Conv", "Gemm", "MatMul")


def search(
    start: Variant,
    question: Question,
    folder: Path,
    *,
    source: Variant | None = None,
    recordings: RecordingSet | None = None,
    resample: bool = False,
    progress: Progress = silent,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """Look for the fastest form of a network that keeps the limits.

    Candidates are made, held against the network's verdicts on a few recordings, and run beside it in heats, in which
    the clearly slower ones are sent off. The last of them run once more in fresh processes; the best is then proven
    and measured on recordings that the search did not see, and the next one where that fails. The network itself is
    always among the candidates, so there is always an answer.

    Parameters
    ----------
    start : Variant
        The network in float32, as ONNX.
    question : Question
        What is asked.
    folder : Path
        Empty or missing, or of an earlier search of the same question, from which this one goes on.
    source : Variant or None
        The same network in PyTorch's form: what is pruned, if there are labelled recordings to learn from and
        `LEARNING_MINUTES` or more.
    recordings : RecordingSet or None
        To calibrate on, to learn from and, apart from those, to prove with, beside simulated ones; simulated ones
        alone if ``None``.
    resample : bool
        Take recordings of other rates too, resampled; otherwise they are refused.
    progress : callable
        Told how far it is; what it raises ends the search, which can go on later.
    clock : callable
        Returns seconds.

    Raises
    ------
    SearchError
        As `require_searchable`, or if the folder holds something else.
    CalibrationError, SignalError
        If the recordings can't be used.
    ModelError, BenchmarkError
        If the network itself can't be loaded or measured.
    OSError
        If the disk is full, or may not be written to.
    """
    began = clock()
    require_searchable(start, question)
    if recordings is not None and not resample:
        require_rate(recordings.recordings, start.card)
    learn_from, held_out = parted(recordings, start)
    found = operators(graph_of(start.weights))
    facts = Facts(
        operators=frozenset(found),
        runtimes=tuple(question.runtimes_of(start)),
        prunes=source is not None and can_prune(question, learn_from),
        small=question.limits.size_ratio is not None,
    )
    machine = this_machine()
    with SearchState.open(folder, asked(start, question, recordings, machine)) as state:
        workshop = Workshop(start, source, state, learn_from, progress)
        screening = remembered(simulated_proof(start.card, SCREENED_ON))
        ranking = Ranking(partial(workshop.calibration, WINDOWS, start), screening, state.folder, progress, clock)
        setting = Setting(
            question=question,
            space=Space.of(facts),
            screening=screening,
            windows=benchmark_windows(start.card, question.batch, learn_from)[0],
            ranking=ranking,
            layers=sum(found[name] for name in LAYERS),
            clock=clock,
        )
        race = Race(setting, workshop, state, progress)
        until = began + 60 * question.minutes
        race.run(until)
        decision = Final(race, setting, held_out, progress).decide(until)
        ship = shipped(race, decision, held_out, progress)
        place = ship.tried.number - 1
        race.tried[place] = replace(race.tried[place], ratio=ship.tried.ratio, proof=ship.tried.proof)
        return Found(
            question=question,
            network=start,
            candidates=tuple(race.tried),
            front=tuple(front(race.tried, race.resolution)),
            ship=ship,
            finalists=decision.compared_with,
            recordings=told_of(learn_from, held_out, ship),
            noisy=decision.noisy or ship.measured.noisy,
            seconds=round(clock() - began, 1),
            machine=machine,
        )


def require_searchable(start: Variant, question: Question) -> None:
    """Raise `SearchError` unless a network is ONNX in float32, and one of the runtimes asked for executes it."""
    if (start.format, start.backend) != ("onnx", "onnx"):
        network = start.card.name
        remedy = f"start from {network}/onnx, which `vibench optimize {network} --pass export_onnx` makes"
        raise SearchError(f"{start.full_name} is not the network in float32 as ONNX", remedy)
    if not question.runtimes_of(start):
        named = " and ".join(question.runtimes)
        raise SearchError(f"{named} executes no ONNX", "choose onnxruntime or openvino, or leave --runtime out")


def parted(recordings: RecordingSet | None, start: Variant) -> tuple[RecordingSet | None, RecordingSet | None]:
    """Part somebody's recordings as a recipe does: what to calibrate on and learn from, and what is held out."""
    if recordings is None:
        return None, None
    if len(groups_of(recordings)) == 1:
        return recordings, None
    learn_from, prove_with = calibration_and_proof(recordings, start.card)
    own = {recording.digest for recording in recordings.recordings}
    held_out = tuple(recording for recording in prove_with.recordings if recording.digest in own)
    return learn_from, replace(recordings, recordings=held_out)


def can_prune(question: Question, learn_from: RecordingSet | None) -> bool:
    """Whether there is something to learn from, and the time for it."""
    labelled = learn_from is not None and any(each.label for each in learn_from.recordings)
    return labelled and question.minutes >= LEARNING_MINUTES


def key_of(*asked_of: Any) -> str:
    """Return a short text that is the same for searches of the same question on the same machine; see `asked`."""
    return hashlib.sha256(json.dumps(asked(*asked_of), sort_keys=True).encode()).hexdigest()[:24]


def asked(start: Variant, question: Question, recordings: RecordingSet | None, machine: Machine) -> dict[str, Any]:
    """Return all that decides what a search's measurements mean: another one of these is another search."""
    described = question.to_json()
    del described["minutes"]  # a search that goes on may take longer
    return {
        "network": [start.digest, start.card.digest_text()],
        "asked": described,
        "recordings": None if recordings is None else sorted(each.digest for each in recordings.recordings),
        "machine": [machine.cpu, list(machine.flags), machine.versions],
    }


def shipped(race: Race, decision: Decision, held_out: RecordingSet | None, progress: Progress) -> Ship:
    """Prove the variants on the way to the chosen one, and measure it on recordings that the search did not see."""
    chosen, start = decision.chosen, race.baseline.variant
    recipe = recipe_from(chosen)
    source = race.start_of(recipe)
    chain = proved(race.chain(chosen), source, decision, progress)
    candidate = Candidate(chain[-1] if chain else start, chosen.runtime)
    measured = measured_once_more(candidate, start, race.question, held_out, progress)
    row = row_of(measured, candidate)
    if row.verdict != "baseline":
        chosen = replace(chosen, ratio=Interval(row.ratio, row.ratio_low, row.ratio_high))
    return Ship(
        candidate=candidate,
        chain=tuple(chain),
        tried=chosen,
        recipe=recipe,
        start=source,
        missed=tuple(missed(chosen, race.question.limits, proven=True)),
        measured=measured,
        row=row,
        verification=decision.proof,
        reason=reason_of(decision.chosen, decision.compared_with, decision.resolution),
    )


def proved(chain: Sequence[Variant], start: Variant, decision: Decision, progress: Progress) -> list[Variant]:
    """Return a chain of variants, each with its proof against the one before, as a recipe leaves them."""
    made: list[Variant] = []
    before, last = start, decision.proof
    for variant in chain:
        on_unseen = variant is chain[-1] and last is not None and last.parent == before.digest
        if on_unseen and decision.chosen.runtime == USUAL:
            assert last is not None
            proof = last
        else:
            proof = verify(variant, before, simulated_proof(variant.card), progress=progress)
        made.append(replace(variant, verification=proof.to_json()))
        before = variant
    return made


def measured_once_more(
    candidate: Candidate, start: Variant, question: Question, held_out: RecordingSet | None, progress: Progress
) -> Benchmark:
    """Measure a candidate beside the network in float32, on windows that the search did not see."""
    unseen = held_out or simulated_for(start.card, UNSEEN_RECORDINGS, seed=TEST_SEED)
    windows, source = benchmark_windows(start.card, question.batch, unseen)
    settings = BenchmarkSettings(
        batches=(question.batch,),
        threads=(question.threads,),
        rounds=ROUNDS,
        processes=PROCESSES,
        baseline=start.full_name,
        runtimes=() if candidate.runtime == USUAL else (USUAL, candidate.runtime),
    )
    variants = [start] if candidate.variant is start else [start, candidate.variant]
    return benchmark(variants, settings, windows, source, progress=progress)


def row_of(measured: Benchmark, candidate: Candidate) -> Row:
    """Return the row of a candidate."""
    return next(row for row in measured.rows if (row.digest, row.runtime) == candidate.key)


def told_of(learn_from: RecordingSet | None, held_out: RecordingSet | None, ship: Ship) -> dict[str, Any]:
    """Return whose recordings were used for what."""
    return {
        "source": "simulated" if learn_from is None else "recordings",
        "learned_from": 0 if learn_from is None else len(learn_from.recordings),
        "chosen_by": SCREENED_ON,
        "held_out": 0 if held_out is None else len(held_out.recordings),
        "proven_with": 0 if ship.verification is None else ship.verification.recordings.count,
    }
