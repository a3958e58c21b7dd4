import json

import pytest

from optimization import search as searching
from optimization.recipe import Recipe
from optimization.searching import deciding, exploring, racing
from vibench.main import main

QUICK = ["--minutes", "0.001", "--runtime", "onnxruntime", "--max-flips", "3%"]


@pytest.fixture
def few_rounds(monkeypatch):
    for module, name, value in (
        (exploring, "FIRST_GROUP", 3),
        (exploring, "FIRST_ROUNDS", 10),
        (racing, "ATTEMPTS", 1),
        (deciding, "PROCESSES", 1),
        (searching, "PROCESSES", 1),
        (deciding, "FINAL_ROUNDS", 10),
        (searching, "ROUNDS", 10),
    ):
        monkeypatch.setattr(module, name, value)


def test_a_search_keeps_what_it_ships_and_writes_its_recipe(
    vibench, vibench_json, few_rounds, tmp_path, workspace_folder
):
    out = tmp_path / "ship.yaml"
    # Nothing is so small: the limit makes it sure that INT8 is what comes nearest, and that the answer is no.
    words = ["search", "wdcnn", *QUICK, "--max-size", "0.01", "--out", out]

    told = vibench(*words, status=1)

    first = told.out.splitlines()[0]
    assert first.startswith("Nothing keeps all limits. wdcnn/int8-static")
    assert "comes nearest, but its size is 0.3" in first
    assert [step.name for step in Recipe.load(str(out)).passes] == ["quantize_static"]
    assert f"vibench optimize wdcnn/onnx --recipe {out}" in told.out
    assert "front" in told.out
    assert "/299 Proving on recordings" not in told.err
    assert "Measuring the fastest side by side" in told.err
    name = first.split()[4]
    (kept,) = vibench_json("models", "show", name)
    assert kept["verification"]["recordings"]["count"] >= 40
    assert not any((workspace_folder / "cache" / "searches").iterdir())
    if name != "wdcnn/int8-static":
        vibench("models", "remove", name)


def test_a_dry_run_keeps_nothing_and_json_is_one_document(vibench_json, few_rounds, tmp_path, capfd):
    (before,) = vibench_json("models", "list")
    state = tmp_path / "state"

    status = main(["search", "wdcnn", *QUICK, "--dry-run", "--state", str(state), "--json"])

    (line,) = capfd.readouterr().out.splitlines()
    document = json.loads(line)
    assert status == (4 if document["noisy"] else 0)  # few rounds on a busy machine are not to be believed
    assert document["schema"] == "vibench.search/1"
    assert document["ship"]["keeps_limits"]
    assert vibench_json("models", "list") == [before]
    tried = [json.loads(line)["name"] for line in (state / "tried.jsonl").read_text().splitlines()]
    assert tried == [each["name"] for each in document["candidates"]]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["wdcnn/pytorch"], "is not the network in float32 as ONNX: start from wdcnn/onnx"),
        (["wdcnn", "--runtime", "tensorrt"], "There is no runtime tensorrt"),
        (["wdcnn", "--runtime", ","], "--runtime names no runtime"),
        (["wdcnn", "--workspace-recordings", ","], "--workspace-recordings names no recording"),
        (["wdcnn", "--workspace-recordings", "nobody"], "no recording nobody"),
        (["wdcnn", "--runtime", "pytorch"], "pytorch executes no ONNX"),
        (["wdcnn", "--max-flips", "200%"], "'200%' is no share"),
        (["wdcnn", "--max-flips", "0"], "is no share of verdicts"),
        (["wdcnn", "--max-size", "-1"], "-1 is no ratio of size"),
        (["wdcnn", "--minutes", "0"], "can't take 0 minutes"),
        (["wdcnn", "--out", "nowhere/ship.yaml"], "there is no folder nowhere"),
        (["nobody"], "nobody"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(vibench, words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    captured = vibench("search", *words, status=2)

    assert captured.out == ""
    assert told in captured.err.splitlines()[-1]
    assert not any(tmp_path.iterdir())


def test_a_state_of_something_else_is_left_as_it_is(vibench, tmp_path):
    (tmp_path / "thesis.tex").touch()

    captured = vibench("search", "wdcnn", *QUICK, "--state", tmp_path, status=2)

    assert "holds something else" in captured.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
