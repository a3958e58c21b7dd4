"""A race on a small network: its variants are made and screened for real, its latencies are made up."""

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import BenchmarkError, ModelRefusedError, SearchError
from optimization.measuring.process import Timed
from optimization.recording_set import simulated_proof
from optimization.searching import deciding
from optimization.searching.choice import front
from optimization.searching.deciding import Final
from optimization.searching.exploring import FIRST_GROUP, Race, Setting
from optimization.searching.making import Workshop
from optimization.searching.question import Limits, Question
from optimization.searching.screening import remembered
from optimization.searching.space import Dimension, Option, Space
from optimization.searching.state import TRIED, SearchState

#: Made-up latencies by name, in ms; the network itself takes 10.
USUAL = {"onnx": 10.0, "onnx-conv2d": 6.0, "int8-dynamic": 12.0, "int8-dynamic-conv2d": 5.0}
#: A dimension that the race does not have, and that changes nothing.
EXTRA = Dimension("extra", (Option("0"), Option("1", {"conv_layout": {}})))


@pytest.fixture(scope="module")
def screening(card):
    return remembered(simulated_proof(card, 4))


class Stopwatch:
    """Tells latencies that a test made up, and what it was asked."""

    def __init__(self, latencies):
        self.latencies, self.asked = latencies, []

    def __call__(self, candidates, windows, *, batch, threads, rounds, told):
        names = [each.variant.name for each in candidates]
        self.asked.append(names)
        told(rounds)
        times = [self.latencies[name] for name in names]
        wobble = np.random.default_rng(len(self.asked)).uniform(1, 1.01, (len(times), rounds))
        return [
            Timed(tuple(float(ms * one) for one in each), ms, ms, None, 1000 / ms)
            for ms, each in zip(times, wobble, strict=True)
        ]


class Clock:
    """Moves on by a second whenever it is looked at."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


@pytest.fixture
def race(untrained_variants, screening, tmp_path):
    """Return a race over layout and precision, and how to hold its final."""

    def make(latencies=USUAL, limits=None, progress=lambda *_: None, runtime="onnxruntime"):
        space = Space(
            (
                Dimension("layout", (Option("conv1d"), Option("conv2d", {"conv_layout": {}}))),
                Dimension("precision", (Option("float32"), Option("dynamic", {"quantize_dynamic": {}}))),
                Dimension("runtime", (Option(runtime),)),
            )
        )
        question = Question(limits=limits or Limits(0.03))
        measure = latencies if callable(latencies) else Stopwatch(latencies)
        state = SearchState(tmp_path / "state")
        setting = Setting(question, space, screening, None, None, 9, measure, Clock())
        workshop = Workshop(untrained_variants[1], None, state, None, progress)
        return Race(setting, workshop, state, progress), setting, measure

    with SearchState.open(tmp_path / "state", {}):
        yield make


def names(tried):
    return [each.name for each in tried]


def test_all_of_a_small_space_is_tried_and_the_fastest_leads(race):
    here, _, stopwatch = race()

    here.run(until=1e9)

    assert names(here.tried) == ["onnx", "onnx-conv2d", "int8-dynamic", "int8-dynamic-conv2d"]
    assert [each.number for each in here.tried] == [1, 2, 3, 4]
    assert here.leader.name == "int8-dynamic-conv2d"
    assert [each.ratio.median for each in here.tried] == pytest.approx([1.0, 0.6, 1.2, 0.5], rel=0.01)
    assert here.tried[0].ratio.low == here.tried[0].ratio.high == 1.0  # to itself, by definition
    # The network stands at both ends: as what ratios are to, and as the control.
    assert all(asked[0] == asked[-1] == "onnx" for asked in stopwatch.asked)


def test_the_clearly_slower_are_sent_off_with_the_reason(race):
    here, _, _ = race()

    here.run(until=1e9)

    sent_off = {each.name: each.dropped for each in here.tried if each.dropped}
    assert "It is slower: 1.2" in sent_off["int8-dynamic"]


def test_a_race_stops_in_time_but_not_before_one_heat(race):
    here, setting, _ = race()

    here.run(until=setting.clock() - 1)

    assert here.tried
    count = len(here.tried)
    here.run(until=setting.clock())
    assert len(here.tried) == count <= FIRST_GROUP


@pytest.mark.parametrize("lines", range(4))
def test_a_race_that_was_killed_goes_on_where_its_lines_end(race, lines, tmp_path):
    first, _, _ = race()
    first.run(until=1e9)
    path = tmp_path / "state" / TRIED
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]) + b'{"number": 9')

    again, _, _ = race()
    again.run(until=1e9)

    assert sorted(names(again.tried)) == sorted(names(first.tried))
    assert again._workshop.made == 0  # all that was made is found
    assert again.leader.name == first.leader.name
    assert [json.loads(line)["name"] for line in path.read_text().splitlines()] == names(again.tried)


def test_copies_are_neither_measured_nor_screened_twice(race, untrained_variants, screening, tmp_path):
    _, setting, stopwatch = race()
    twice = (Option("one", {"conv_layout": {}}), Option("other", {"conv_layout": {"layout": "2d"}}, "again"))
    space = Space((Dimension("layout", twice), setting.space.dimensions[-1]))
    setting = Setting(setting.question, space, screening, None, None, 9, stopwatch, Clock())
    state = SearchState(tmp_path / "state")
    here = Race(setting, Workshop(untrained_variants[1], None, state, None), state, lambda *_: None)

    here.run(until=1e9)

    assert [each.dropped for each in here.tried] == ["", "It is the same file as onnx-conv2d."]
    assert here.tried[1].ratio == here.tried[0].ratio is not None
    assert [name for asked in stopwatch.asked for name in asked].count("onnx-conv2d") == 1


def test_one_that_can_t_be_measured_is_dropped_alone(race):
    usual = Stopwatch(USUAL)

    def measure(candidates, windows, **options):
        if any(each.variant.name == "int8-dynamic" for each in candidates):
            raise BenchmarkError("The process that measures ended by signal 9", "close other programs")
        return usual(candidates, windows, **options)

    here, _, _ = race(measure)
    here.run(until=1e9)

    dropped = {each.name: each.dropped for each in here.tried}
    assert dropped["int8-dynamic"].startswith("It can't be measured: The process that measures ended by signal 9")
    assert here.leader.name == "int8-dynamic-conv2d"


def test_whoever_stops_a_race_loses_nothing_that_was_finished(race, tmp_path):
    class CancelledError(Exception):
        pass

    def stop(what, done, total):
        if what.startswith("Measuring"):
            raise CancelledError

    here, _, _ = race(progress=stop)
    with pytest.raises(CancelledError):
        here.run(until=1e9)
    again, _, _ = race()
    again.run(until=1e9)

    assert again._workshop.made == 0
    assert again.leader.name == "int8-dynamic-conv2d"


def test_the_neighbours_of_a_new_leader_come_next_once(race, monkeypatch):
    here, _, _ = race()
    approached = []
    monkeypatch.setattr(here._proposals, "near", approached.append)

    here.run(until=1e9)

    assert approached == [here.leader.choices]


def refuse(monkeypatch, *degraded):
    """Have unseen recordings show that candidates of these names are degraded; return the names that are asked."""
    honest, asked = deciding.verify, []

    def verify(variant, *rest, **options):
        asked.append(variant.name)
        found = honest(variant, *rest, **options)
        if variant.name not in degraded:
            return found
        flipped = replace(found.recordings, flips=9, flips_upper_bound=0.15)
        return replace(found, verdict="degraded", recordings=flipped)

    monkeypatch.setattr(deciding, "verify", verify)
    return asked


def decided(race, latencies=USUAL, limits=None):
    here, setting, _ = race(latencies, limits)
    here.run(until=1e9)
    return Final(here, setting, None, lambda *_: None).decide(), here


def test_the_fastest_ships_once_unseen_recordings_prove_it(race, card):
    decision, here = decided(race)

    assert decision.chosen.name == "int8-dynamic-conv2d"
    assert decision.chosen.proof["recordings"] == decision.proof.recordings.count == 100
    assert decision.proof.parent == here.baseline.variant.digest
    seen = {each.digest for each in simulated_proof(card, 4).recordings}
    assert not seen & {each["digest"] for each in decision.proof.recording_set["recordings"]}
    assert not decision.noisy


def test_the_network_itself_ships_where_nothing_is_faster(race):
    decision, _ = decided(race, dict.fromkeys(USUAL, 20.0) | {"onnx": 10.0})

    assert decision.chosen.name == "onnx"
    assert decision.proof is None
    assert not decision.chosen.recipe


def test_the_network_itself_ships_where_what_sent_it_off_fails_and_the_rest_is_a_tie(race, monkeypatch):
    refuse(monkeypatch, "int8-dynamic-conv2d")

    decision, here = decided(race, dict.fromkeys(USUAL, 9.9) | {"onnx": 10.0, "int8-dynamic-conv2d": 5.0})

    assert decision.chosen.name == "onnx"
    assert decision.chosen.ratio.median == 1.0
    assert here.tried[0].dropped == ""


@pytest.mark.parametrize(("until", "ships"), [(1e9, "onnx-conv2d"), (0.0, "onnx")])
def test_those_that_were_not_in_the_last_heat_are_proven_while_there_is_time(race, monkeypatch, until, ships):
    monkeypatch.setattr(deciding, "FINALISTS", 1)
    refuse(monkeypatch, "int8-dynamic-conv2d")
    here, setting, _ = race()
    here.run(until=1e9)

    decision = Final(here, setting, None, lambda *_: None).decide(until)

    assert [each.name for each in decision.compared_with] == ["int8-dynamic-conv2d", "onnx"]
    assert decision.chosen.name == ships


def test_candidates_and_front_tell_what_unseen_recordings_showed(race, monkeypatch):
    refuse(monkeypatch, "int8-dynamic-conv2d")

    decision, here = decided(race)

    proofs = {each.name: each.proof for each in here.tried}
    assert proofs["int8-dynamic-conv2d"]["verdict"] == "degraded"
    assert proofs["onnx-conv2d"]["recordings"] == decision.proof.recordings.count == 100
    assert "int8-dynamic-conv2d" not in names(front(here.tried))


def test_one_that_can_t_be_run_is_not_the_nearest(race):
    usual = Stopwatch(USUAL)

    def measure(candidates, windows, **options):
        if any(each.variant.name.startswith("int8") for each in candidates):
            raise BenchmarkError("The process that measures ended by signal 9", "close other programs")
        return usual(candidates, windows, **options)

    decision, _ = decided(race, measure, Limits(0.03, size_ratio=0.01))

    assert not decision.chosen.name.startswith("int8")


def test_a_search_of_what_nothing_runs_says_so(race, monkeypatch):
    from optimization.searching import screening

    def refused(variant, *_, **__):
        raise ModelRefusedError(variant.full_name, "OpenVINO can't execute it")

    monkeypatch.setattr(screening, "verify", refused)
    here, setting, _ = race(runtime="openvino")
    here.run(until=1e9)

    with pytest.raises(SearchError, match=r"Nothing could be run. It can't be run: .*OpenVINO can't execute it"):
        Final(here, setting, None, lambda *_: None).decide()


def test_a_search_that_goes_on_may_offer_other_choices(race, tmp_path):
    first, setting, _ = race()
    first.run(until=1e9)
    layout, _, runtime = setting.space.dimensions
    smaller = replace(setting, space=Space((layout, runtime)))
    larger = replace(setting, space=Space((*setting.space.dimensions[:-1], EXTRA, runtime)))
    state = SearchState(tmp_path / "state")

    for elsewhere, left in ((smaller, 0), (larger, 4)):
        again = Race(elsewhere, first._workshop, state, lambda *_: None)

        assert names(again.tried) == names(first.tried)
        assert len(again._proposals) == left
        assert Final(again, elsewhere, None, lambda *_: None).decide().chosen.name == "int8-dynamic-conv2d"


def test_among_those_as_fast_the_exact_one_ships(race):
    decision, _ = decided(race, USUAL | {"int8-dynamic-conv2d": 5.99, "onnx-conv2d": 6.0})

    assert decision.chosen.name == "onnx-conv2d"
    assert decision.resolution == pytest.approx(0.02, abs=0.005)


def test_a_size_that_nothing_keeps_gives_the_nearest(race):
    limits = Limits(0.03, size_ratio=0.01)

    decision, here = decided(race, USUAL, limits)

    smallest = min(here.tried, key=lambda each: each.size_bytes)
    assert decision.chosen.name == smallest.name
    assert decision.chosen.ratio is not None
    assert decision.proof is not None
    assert all(each.dropped for each in here.tried)


def test_a_latency_that_nothing_keeps_gives_the_fastest(race):
    decision, _ = decided(race, USUAL, Limits(0.03, latency_ratio=0.1))

    assert decision.chosen.name == "int8-dynamic-conv2d"


def test_one_that_fails_on_unseen_recordings_makes_way_for_the_next(race, monkeypatch):
    refuse(monkeypatch, "int8-dynamic-conv2d")

    decision, here = decided(race)

    assert decision.chosen.name == "onnx-conv2d"  # sent off as slower, and back once the faster one failed
    dropped = {each.name: each.dropped for each in here.tried}
    assert dropped["int8-dynamic-conv2d"] == "On recordings it had not seen: Its verdicts are degraded."
