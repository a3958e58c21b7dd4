import json


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

    for label in ("network: ", "takes: ", "answers: ", "validated on: ", "elsewhere: "):
        assert f"\n  {label}" in told


def test_an_unknown_name_lists_the_known_ones(vibench):
    told = vibench("models", "show", "resnet50", status=2)

    (line,) = told.err.splitlines()
    assert "wdcnn/" in line
