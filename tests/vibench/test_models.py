import json
import shutil
from dataclasses import replace

import pytest

from engine.variant import Variant
from vibench.model_told import card_told, target_told


def test_the_list_names_every_variant_once(vibench, vibench_json):
    (variants,) = vibench_json("models", "list")

    names = [f"{variant['name']}/{variant['variant']}" for variant in variants]
    assert len(set(names)) == len(names)
    assert {variant["backend"] for variant in variants if variant["name"] == "wdcnn"} >= {"pytorch", "onnx"}
    assert all(variant["size_bytes"] > 0 and len(variant["digest"]) == 64 for variant in variants)
    for name in names:
        assert name in vibench("models").out


def test_json_may_stand_before_the_action_too(vibench):
    assert json.loads(vibench("models", "--json", "list").out)


def test_a_variant_is_shown_by_name_and_by_digest(vibench, vibench_json):
    (variants,) = vibench_json("models", "list")
    for variant in (one for one in variants if one["name"] == "wdcnn"):
        (by_name,) = vibench_json("models", "show", f"{variant['name']}/{variant['variant']}")
        (by_digest,) = vibench_json("models", "show", variant["digest"][:12])
        assert by_name == by_digest
        assert by_name["card"]["classes"] == ["normal", "inner", "outer", "ball"]


def test_the_card_is_told_to_people(vibench):
    told = vibench("models", "show", "wdcnn").out

    for label in (
        "network: ",
        "takes: ",
        "answers: ",
        "validated on: ",
        "simulated: ",
        "other machines: ",
        "elsewhere: ",
    ):
        assert f"\n  {label}" in told


def test_both_protocols_are_told_beside_the_linear_model(vibench, vibench_json):
    (shown,) = vibench_json("models", "show", "wdcnn")
    told = " ".join(vibench("models", "show", "wdcnn").out.split())

    for name, counts in shown["card"]["evaluation"]["protocols"].items():
        linear = counts["linear_model_on_trivial_statistics"]
        _, _, protocol = told.partition(f"protocol {name}: ")
        assert protocol.startswith(f"kept apart by {counts['kept_apart_by']}: {counts['recordings_right']} of ")
        right = f"{linear['recordings_right']} of {linear['recordings']} recordings right"
        assert f"a linear model on trivial statistics, {right}" in protocol


def test_a_card_without_tests_is_told_without_them(card):
    labels = [label for label, _ in card_told(replace(card, evaluation={}))]

    assert labels == ["network", "takes", "answers", "validated on", "elsewhere"]


def test_an_unknown_name_lists_the_known_ones(vibench):
    told = vibench("models", "show", "resnet50", status=2)

    (line,) = told.err.splitlines()
    assert "wdcnn/" in line


@pytest.fixture
def made_elsewhere(vibench, tmp_path):
    """The folder of a variant that the workspace does not hold."""
    words = ["--pass", "quantize_dynamic", "--set", "operators=all", "--set", "weight_type=U8"]
    vibench("optimize", "wdcnn", *words, "--out", tmp_path / "elsewhere", "--name", "elsewhere")
    return tmp_path / "elsewhere" / "wdcnn" / "elsewhere"


def test_the_list_tells_proof_and_parent_in_lines_of_a_readable_width(vibench):
    head, *rows = vibench("models").out.splitlines()

    assert head.split() == ["variant", "backend", "kB", "proof", "made", "from", "digest"]
    assert max(map(len, (head, *rows))) <= 110
    row = next(row for row in rows if row.startswith("wdcnn/fp16 "))
    assert row.split()[3:5] == ["equivalent", "onnx"]


def test_where_a_variant_comes_from_is_told(vibench, vibench_json):
    told = " ".join(vibench("models", "show", "wdcnn/int8-static").out.split())

    _, _, step = told.partition(" step 2: quantize_static ")
    for setting in ("scheme=U8S8", "activations=asymmetric", "per_channel=true", "method=minmax"):
        assert setting in step
    assert " made from: onnx " in told
    assert " calibrated on: 128 simulated windows" in told
    assert " proof: equivalent: " in told
    (shown,) = vibench_json("models", "show", "wdcnn/int8-static")
    assert shown["calibration"]["source"] == shown["calibrated_on"] == "simulated"
    assert shown["verification"]["verdict"] == shown["verdict"] == "equivalent"


def test_what_a_variant_costs_is_told(vibench, vibench_json):
    told = vibench("models", "show", "wdcnn").out

    assert "\n  parameters: 53,224, none of them zero\n" in told
    assert "\n  work: 0.716 million multiplications with addition for a window\n" in told
    assert "\n  memory: activations take up to 16 kB for a window" in told
    assert " when zlib compresses it\n" in told
    (shown,) = vibench_json("models", "show", "wdcnn")
    counted = shown["statistics"]
    assert (counted["parameters"], counted["macs"]) == (53_224, 715_920)
    assert counted["size_bytes"] == shown["size_bytes"] > counted["compressed_bytes"]
    assert sum(layer["macs"] for layer in counted["layers"]) == counted["macs"]


def test_layers_are_told_when_they_are_asked_for(vibench):
    plain, with_layers = vibench("models", "show", "wdcnn").out, vibench("models", "show", "wdcnn", "--layers").out

    assert with_layers.startswith(plain)
    head, *rows = with_layers.removeprefix(plain).splitlines()
    assert head.split() == ["layer", "operator", "output", "parameters", "non-zero", "million", "MACs", "kB"]
    assert rows[0].split()[1:] == ["Conv", "1", "x", "16", "x", "128", "1,040", "1,040", "0.131", "4.2"]
    assert len(rows) == 7


def test_what_a_pass_noted_is_told(vibench):
    told = " ".join(vibench("models", "show", "wdcnn/fp16").out.split())

    assert "convert_fp16 note: It is a choice of size: on x86 processors ONNX Runtime widens the weights" in told


def test_the_folder_of_a_stranger_is_tried_before_its_graph_is_run_here(vibench, vibench_json, made_elsewhere):
    (shown,) = vibench_json("models", "show", made_elsewhere)
    assert shown["statistics"]["parameters"] == 53_224
    weights = made_elsewhere / "model.onnx"
    weights.write_bytes(weights.read_bytes()[:-1])

    assert "cannot be loaded" in vibench("models", "show", made_elsewhere, status=2).err


def test_a_variant_is_added_found_again_and_removed(vibench, vibench_json, made_elsewhere):
    given = Variant.load(made_elsewhere)

    assert vibench("models", "add", made_elsewhere).out.startswith("wdcnn/elsewhere is kept: backend int8")
    assert vibench("models", "add", made_elsewhere).out.startswith("wdcnn/elsewhere is there already")
    (shown,) = vibench_json("models", "show", "wdcnn/elsewhere")
    assert (shown["digest"], shown["verification"]) == (given.digest, given.verification)

    told = vibench("models", "remove", "wdcnn/elsewhere").out
    assert told.startswith("Removed wdcnn/elsewhere, ")
    assert "`vibench optimize wdcnn/onnx --pass quantize_dynamic --set operators=all" in told
    vibench("models", "show", "wdcnn/elsewhere", status=2)


def test_a_variant_can_be_given_another_name(vibench, vibench_json, made_elsewhere):
    (kept,) = vibench_json("models", "add", made_elsewhere, "--name", "mine")
    assert (kept["name"], kept["variant"]) == ("wdcnn", "mine")
    assert "another variant has that name" in vibench("models", "add", made_elsewhere, "--name", "onnx", status=2).err

    (removed,) = vibench_json("models", "remove", kept["digest"][:12])
    assert (removed["variant"], removed["comes_back"], removed["made_from_it"]) == ("mine", False, [])


def test_a_card_that_is_not_the_networks_is_refused(vibench, made_elsewhere):
    given = Variant.load(made_elsewhere)
    replace(given, card=replace(given.card, title="Another")).write_description()

    told = vibench("models", "add", made_elsewhere, status=2)

    assert "its card is not that of the network wdcnn here" in told.err


def test_what_comes_with_vibench_comes_back_and_it_says_so(vibench):
    told = vibench("models", "remove", "wdcnn/fp16").out

    assert told.startswith("Removed wdcnn/fp16, ")
    assert "brings it back" in told
    assert "wdcnn/fp16" in vibench("models").out


@pytest.mark.parametrize(("name", "sentence"), [("wdcnn", "wdcnn is a network"), ("wdcnn/none", "There is no network")])
def test_what_can_not_be_removed_is_told(vibench, name, sentence):
    (line,) = vibench("models", "remove", name, status=2).err.splitlines()

    assert sentence in line


def test_a_pickle_is_refused_with_what_to_do(vibench, tmp_path):
    (tmp_path / "model.pt").write_bytes(b"x")

    (line,) = vibench("models", "add", tmp_path / "model.pt", status=2).err.splitlines()

    assert "save its weights with safetensors" in line


def test_a_cut_file_is_refused(vibench, made_elsewhere, tmp_path):
    folder = shutil.copytree(made_elsewhere, tmp_path / "cut")
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:5000])

    (line,) = vibench("models", "add", folder, status=2).err.splitlines()

    assert "cut cannot be loaded" in line


def test_what_a_target_found_is_told_with_its_machine_and_without_numbers_that_it_did_not_measure():
    found = {
        "outcome": "passed",
        "machine": {"cpu": "Cortex-A72", "used_threads": 1},
        "parity": {"verdicts_changed": 0, "recordings": 21},
        "latency": {"network": {"calls": 300, "p50_ms": 1.25, "p90_ms": 1.5, "p99_ms": None}},
    }

    assert target_told(found) == (
        "passed on Cortex-A72, 1 thread: 1.25 ms a window, 90 % within 1.5 ms, 0 of 21 verdicts changed"
    )
    assert ": no latency measured, 0 of 21" in target_told(found | {"latency": None})
