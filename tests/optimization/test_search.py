"""A search with real latencies, a few rounds of them; what it decides by made-up ones is told in ``searching/``."""

import json
from dataclasses import replace

import pytest
import yaml

from engine.errors import CalibrationError, SearchError
from engine.machine import this_machine
from engine.variant import sha256_of
from optimization import search as searching
from optimization.recipe import Recipe, optimize
from optimization.recording_set import RecordingSet, simulated_set
from optimization.search import key_of, parted, require_searchable, search
from optimization.searching import deciding, exploring, racing
from optimization.searching.candidates import Tried
from optimization.searching.question import Limits, Question

#: So little time that there is one heat, and limits that a proof of 100 recordings can show.
QUICK = Question(limits=Limits(0.03), runtimes=("onnxruntime",), minutes=0.001)


@pytest.fixture(scope="module")
def few_rounds():
    """Measure so little that the answer is quick, whatever it is worth."""
    patch = pytest.MonkeyPatch()
    for module, name, value in (
        (exploring, "FIRST_GROUP", 3),
        (exploring, "FIRST_ROUNDS", 10),
        (racing, "ATTEMPTS", 1),
        (deciding, "PROCESSES", 1),
        (searching, "PROCESSES", 1),
        (deciding, "FINAL_ROUNDS", 10),
        (searching, "ROUNDS", 10),
    ):
        patch.setattr(module, name, value)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def found(few_rounds, untrained_variants, tmp_path_factory):
    """What a search found, and the folder that it remembers it in."""
    folder = tmp_path_factory.mktemp("search") / "state"
    return search(untrained_variants[1], QUICK, folder), folder


def test_a_search_ends_with_something_proven_measured_and_made_again_by_its_yaml(found, untrained_variants, tmp_path):
    answer, _ = found
    document = json.loads(json.dumps(answer.to_json(), allow_nan=False))
    ship = document["ship"]

    assert [each["name"] for each in document["candidates"]] == ["onnx", "onnx-conv2d", "int8-static"]
    assert document["schema"] == "vibench.search/1"
    assert document["question"]["model"] == "wdcnn/onnx"
    assert [Tried.from_json(each) for each in document["candidates"]] == list(answer.candidates)
    assert set(document["front"]) <= {1, 2, 3}
    assert document["front"]
    assert ship["benchmark"]["schema"] == "vibench.benchmark/1"
    assert answer.ship.row.digest == ship["digest"]
    assert document["candidates"][ship["number"] - 1]["ratio"] == answer.ship.row.ratio
    assert answer.sentence()
    if ship["recipe"]:
        path = tmp_path / "ship.yaml"
        path.write_text(ship["yaml"], encoding="utf-8")
        assert isinstance(yaml.safe_load(path.read_text()), list)
        again = optimize(untrained_variants[1], Recipe.load(str(path)), tmp_path / "again")
        assert again.variant.digest == ship["digest"] == sha256_of(answer.ship.candidate.variant.weights)
        assert ship["verification"]["recordings"]["count"] >= 100
        assert all(variant.verification for variant in answer.ship.chain)


def test_the_numbers_that_are_shown_are_of_recordings_that_the_search_did_not_see(found, untrained_variants):
    answer, _ = found
    card = untrained_variants[1].card
    shown = answer.ship.verification

    seen = {each.digest for each in searching.simulated_proof(card, searching.SCREENED_ON).recordings}
    seen |= {each["digest"] for each in answer.ship.candidate.variant.calibration.get("recordings", ())}
    if shown is not None:
        assert not seen & {each["digest"] for each in shown.recording_set["recordings"]}


def test_the_same_question_goes_on_and_another_is_refused(found, untrained_variants):
    answer, folder = found
    told = []

    again = search(untrained_variants[1], QUICK, folder, progress=lambda what, *_: told.append(what))

    assert "Going on after 3 candidates" in told
    assert [one.key for one in again.candidates[:3]] == [one.key for one in answer.candidates]
    with pytest.raises(SearchError, match="another question"):
        search(untrained_variants[1], Question(batch=2, limits=Limits(0.03), minutes=0.001), folder)


def test_only_a_network_in_float32_as_onnx_is_searched(untrained_variants):
    pytorch, onnx = untrained_variants

    with pytest.raises(SearchError, match="start from wdcnn/onnx, which `vibench optimize wdcnn --pass export_onnx`"):
        require_searchable(pytorch, QUICK)
    with pytest.raises(SearchError, match="executes no ONNX"):
        require_searchable(onnx, Question(runtimes=("pytorch",)))


def test_recordings_of_another_rate_are_refused_before_anything_is_made(untrained_variants, tmp_path):
    own = RecordingSet("recordings", simulated_set(3, seed=9, sampling_rate_hz=25_600.0).recordings)

    with pytest.raises(CalibrationError, match="25600 Hz"):
        search(untrained_variants[1], QUICK, tmp_path / "state", recordings=own)
    assert not (tmp_path / "state").exists()


def test_own_recordings_are_parted_as_a_recipe_parts_them(untrained_variants):
    own = RecordingSet("recordings", simulated_set(8, seed=9).recordings)

    learn_from, held_out = parted(own, untrained_variants[1])

    assert held_out.source == "recordings"
    assert {each.digest for each in learn_from.recordings} | {each.digest for each in held_out.recordings} == {
        each.digest for each in own.recordings
    }
    assert not {each.digest for each in learn_from.recordings} & {each.digest for each in held_out.recordings}
    assert parted(None, untrained_variants[1]) == (None, None)


def test_a_question_is_another_one_on_another_machine_but_not_for_more_time(untrained_variants):
    _, onnx = untrained_variants
    machine = this_machine()

    key = key_of(onnx, QUICK, None, machine)

    longer = Question(limits=QUICK.limits, runtimes=QUICK.runtimes, minutes=60)
    assert key_of(onnx, longer, None, machine) == key
    assert key_of(onnx, Question(batch=2), None, machine) != key
    assert key_of(onnx, QUICK, None, replace(machine, cpu="another")) != key


@pytest.mark.parametrize(("minutes", "labelled", "prunes"), [(30, True, True), (1, True, False), (30, False, False)])
def test_pruning_needs_labels_and_time(minutes, labelled, prunes):
    own = RecordingSet("recordings", simulated_set(4, seed=9).recordings)
    if not labelled:
        own = replace(own, recordings=tuple(replace(each, label=None) for each in own.recordings))

    assert searching.can_prune(Question(minutes=minutes), own) is prunes
    assert not searching.can_prune(Question(minutes=minutes), None)
