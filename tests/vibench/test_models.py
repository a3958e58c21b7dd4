import json
from dataclasses import replace

from vibench.models import card_told


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
    for variant in variants:
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
