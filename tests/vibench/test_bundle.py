import json
import zipfile
from pathlib import Path

import pytest

from optimization.bundle.target.verify import main as verify
from vibench.front import front_of
from workspace.targets import kept_of

WORDS = ["bundle", "wdcnn/int8-static", "wdcnn/onnx"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bundled")


@pytest.fixture
def packed(vibench, folder):
    """A bundle of two variants, packed once, and unpacked."""
    out = folder / "wdcnn.zip"
    if not out.exists():
        vibench(*WORDS, "--out", out)
        with zipfile.ZipFile(out) as archive:
            archive.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture
def brought(packed, folder):
    """What a target found, without latencies, and with some."""
    quick, slow = folder / "parity.json", folder / "target.json"
    if not slow.exists():
        verify(["--seconds", "0", "--out", str(quick)], packed)
        verify(["--seconds", "0.3", "--out", str(slow)], packed)
    return quick, slow


def test_people_read_what_was_packed_and_what_to_do_with_it(vibench, tmp_path):
    told = vibench("bundle", "wdcnn/int8-static", "--out", tmp_path / "a.zip")

    first, *others = told.out.splitlines()
    assert "a.zip: wdcnn/int8-static, " in first
    assert "verdicts are compared with wdcnn/onnx's" in told.out
    assert others[-1].endswith("vibench bundle --import target.json")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_it_is_the_same_twice_and_programs_read_one_document(vibench_json, packed, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    (told,) = vibench_json(*WORDS, "--out", "again.zip")

    assert (tmp_path / "again.zip").read_bytes() == (folder / "wdcnn.zip").read_bytes()
    assert told["schema"] == "vibench.bundled/1"
    assert told["size_bytes"] == (folder / "wdcnn.zip").stat().st_size
    assert [candidate["name"] for candidate in told["candidates"]] == ["wdcnn/int8-static", "wdcnn/onnx"]
    assert told["against"] == "wdcnn/onnx"


def test_a_proof_against_another_variant_than_the_one_asked_for_is_told(vibench_json, tmp_path):
    words = ["bundle", "wdcnn/int8-static", "--against", "wdcnn/fp16", "--out", tmp_path / "a.zip"]
    (told,) = vibench_json(*words)

    assert any("is against another variant than wdcnn/fp16" in warning for warning in told["warnings"])
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert json.loads(archive.read("golden/golden.json"))["parent"]["name"] == "wdcnn/fp16"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["wdcnn/pytorch", "--out", "a.zip"],
            "export it first with `vibench optimize wdcnn/pytorch --pass export_onnx`",
        ),
        (["wdcnn/onnx", "resnet18-1d/onnx", "--out", "a.zip"], "Two of the variants have the same name"),
        (["wdcnn/onnx", "--against", "resnet18-1d/onnx", "--out", "a.zip"], "pack variants of one network"),
        (["wdcnn/onnx"], "--out FILE.zip is missing"),
        (["--out", "a.zip"], "a VARIANT is missing"),
        (["nothing/onnx", "--out", "a.zip"], "There is no network or variant nothing/onnx"),
        (["wdcnn/onnx", "--out", "missing/a.zip"], "there is no folder missing"),
        (["wdcnn/onnx", "--out", "."], "it is a folder"),
        (["wdcnn/onnx", "--out", "a.zip", "--benchmark", "missing.json"], "missing.json can't be opened"),
        (["--candidates", "missing.json", "--out", "a.zip"], "missing.json can't be opened"),
        (["--import", "missing.json"], "missing.json can't be opened"),
        (["--import", "a.json", "--out", "a.zip"], "--import goes with --benchmark and --json alone"),
    ],
)
def test_what_can_t_be_packed_is_one_line(words, said, vibench, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    told = vibench("bundle", *words, status=2)

    assert told.out == ""
    assert said in told.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_targets_numbers_stand_beside_this_machines_and_are_kept(vibench, brought, workspace_folder):
    outcome = json.loads(brought[1].read_text())["outcome"]
    told = vibench("bundle", "--import", brought[1], status={"passed": 0, "failed": 1, "undecided": 4}[outcome])

    lines = told.out.splitlines()
    assert "onnxruntime" in lines[0]
    assert lines[1].split("  ")[0] == "variant"
    assert lines[2].startswith("wdcnn/int8-static")
    assert lines[3].startswith("wdcnn/onnx")
    assert "0 of 21" in lines[2]
    digest = json.loads(brought[1].read_text())["candidates"][0]["digest"]
    assert json.loads(brought[1].read_text())["measured_at"] in [
        found["measured_at"] for found in kept_of(workspace_folder, digest)
    ]
    assert "on a target: " in vibench("models", "show", lines[2].split("  ")[0]).out


def test_without_latencies_parity_alone_is_shown(vibench_json, brought):
    outcome = json.loads(brought[0].read_text())["outcome"]
    words = ["bundle", "--import", brought[0]]
    (told,) = vibench_json(*words, status={"passed": 0, "undecided": 4}[outcome])

    assert told["schema"] == "vibench.target/1"
    assert told["measuring"] is None
    assert set(told["workstation_p50_ms"].values()) == {None}


def test_a_proof_is_not_believed_for_other_instruction_sets(vibench, vibench_json, brought, tmp_path):
    document = json.loads(brought[0].read_text())
    document["machine"]["instruction_sets"] = ["asimddp"]
    document |= {"outcome": "passed", "take": document["candidates"][0]["name"]}
    for candidate in document["candidates"]:
        candidate |= {"proof": candidate["proof"] | {"verdict": "equivalent", "holds_here": True}, "outcome": "passed"}
    (tmp_path / "target.json").write_text(json.dumps(document))

    told = vibench("bundle", "--import", tmp_path / "target.json", status=4)
    (as_json,) = vibench_json("bundle", "--import", tmp_path / "target.json", status=4)

    said = " ".join(told.out.split())
    assert "warning: the target says that the proof holds there. The proof of wdcnn/int8-static that is kept" in said
    assert "here there is asimddp" in said
    assert len(as_json["warnings"]) == len(document["candidates"])
    assert all(warning.startswith("the target says") for warning in as_json["warnings"])


def test_a_result_about_variants_that_are_not_here_is_refused(vibench, brought, tmp_path):
    document = json.loads(brought[0].read_text())
    for candidate in document["candidates"]:
        candidate["digest"] = "0" * 64
    (tmp_path / "target.json").write_text(json.dumps(document))

    told = vibench("bundle", "--import", tmp_path / "target.json", status=2)

    assert "is about no variant that is here" in told.err


def test_a_bundle_that_was_damaged_on_its_target_is_told(vibench, packed, tmp_path):
    (packed / "card.json").rename(packed / "card.kept")
    try:
        verify(["--seconds", "0", "--out", str(tmp_path / "target.json")], packed)
    finally:
        (packed / "card.kept").rename(packed / "card.json")

    told = vibench("bundle", "--import", tmp_path / "target.json", status=2)

    assert "damaged: card.json is missing: unpack it there again" in told.err


def test_a_file_of_something_else_is_one_line(vibench, tmp_path):
    (tmp_path / "a.json").write_text('{"schema": "vibench.search/1"}')

    assert (
        "holds no front of a search"
        in vibench("bundle", "--candidates", tmp_path / "a.json", "--out", tmp_path / "a.zip", status=2).err
    )
    assert "does not come from a bundle's verify.py" in vibench("bundle", "--import", tmp_path / "a.json", status=2).err
    (tmp_path / "a.json").write_text("{")
    assert (
        "a.json is no JSON document"
        in vibench(
            "bundle", "wdcnn/onnx", "--benchmark", tmp_path / "a.json", "--out", tmp_path / "a.zip", status=2
        ).err
    )


def tried(number, digest, runtime="onnxruntime", recipe=()):
    """A candidate as a search tells it."""
    return {
        "number": number, "choices": {}, "name": f"int8-{number}", "runtime": runtime, "recipe": list(recipe),
        "windows": 64, "digest": digest, "size_bytes": 1, "size_ratio": 1.0, "proof": {}, "dropped": "",
        "ratio": 1.0, "ratio_low": 0.9, "ratio_high": 1.1,
    }  # fmt: skip


def found(candidates, front, ship, digest, source="simulated"):
    """What `vibench search --json` prints, as far as a bundle looks."""
    return {
        "schema": "vibench.search/1", "candidates": candidates, "front": front, "ship": {"number": ship},
        "question": {"digest": digest}, "recordings": {"source": source},
    }  # fmt: skip


def test_the_one_to_ship_comes_first_and_only_what_runs_on_a_target():
    candidates = [tried(1, "a"), tried(2, "b", "openvino"), tried(3, "c"), tried(4, "c")]

    front = front_of(found(candidates, [1, 2, 3, 4], 3, "a"), "search.json")

    assert [one.digest for one in front.tried] == ["c", "a"]
    assert (front.start, front.recordings, front.left_out) == ("a", "simulated", ("int8-2",))
    assert "fast on another runtime: int8-2" in front.warnings[0]
    with pytest.raises(Exception, match="runs on ONNX Runtime"):
        front_of(found(candidates, [2], 2, "a"), "search.json")


def test_a_search_s_front_is_packed_and_what_is_not_kept_is_made_again(vibench_json, tmp_path):
    (here,) = vibench_json("models", "list")
    digests = {f"{one['name']}/{one['variant']}": one["digest"] for one in here}
    recipe = [{"pass": "quantize_static", "parameters": {"per_channel": False}}]
    (made,) = vibench_json("optimize", "wdcnn/onnx", "--recipe", yaml_of(recipe, tmp_path), "--out", tmp_path / "made")
    wanted = made["variant"]["digest"]
    candidates = [tried(1, digests["wdcnn/onnx"]), tried(2, wanted, recipe=recipe)]
    search = tmp_path / "search.json"
    search.write_text(json.dumps(found(candidates, [1, 2], 2, digests["wdcnn/onnx"])))

    (told,) = vibench_json("bundle", "--candidates", search, "--out", tmp_path / "front.zip")

    assert wanted not in digests.values()
    assert [one["digest"] for one in told["candidates"]] == [wanted, digests["wdcnn/onnx"]]
    (after,) = vibench_json("models", "list")
    assert wanted in {one["digest"] for one in after}


@pytest.mark.parametrize(
    ("source", "digest", "said"),
    [
        ("recordings", None, "can't be made again from the search alone"),
        ("simulated", "0" * 64, "that int8-2 was made from is not here"),
    ],
)
def test_what_can_t_be_made_again_is_told(source, digest, said, vibench, vibench_json, tmp_path):
    (here,) = vibench_json("models", "list")
    start = digest or next(one["digest"] for one in here if one["variant"] == "onnx" and one["name"] == "wdcnn")
    recipe = [{"pass": "quantize_static", "parameters": {}}]
    document = found([tried(1, start), tried(2, "f" * 64, recipe=recipe)], [2], 2, start, source)
    (tmp_path / "search.json").write_text(json.dumps(document))

    told = vibench("bundle", "--candidates", tmp_path / "search.json", "--out", tmp_path / "a.zip", status=2)

    assert said in told.err
    assert not (tmp_path / "a.zip").exists()


def yaml_of(recipe, folder) -> Path:
    """Write a recipe, of which JSON is one form, to a file."""
    path = folder / "recipe.yaml"
    path.write_text(json.dumps([{"pass": step["pass"], **step["parameters"]} for step in recipe]))
    return path
