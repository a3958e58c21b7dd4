"""``vibench sensitivity``, called as people call it."""

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

import engine

BUNDLED = Path(engine.__file__).parent / "bundled" / "wdcnn"


@pytest.fixture
def noise_folder(tmp_path):
    """A folder of recordings that a random number generator made."""
    folder = tmp_path / "noise"
    folder.mkdir()
    for seed in range(4):
        samples = np.random.default_rng(seed).standard_normal(30_000, dtype=np.float32)
        np.savez(folder / f"noise-{seed}.npz", vibration=samples, sampling_rate=12_000.0)
    return folder


def test_layers_are_ranked_and_the_command_that_keeps_the_worst_works(vibench_json, vibench, tmp_path):
    words = ["sensitivity", "wdcnn", "--windows", "8"]
    (found,) = vibench_json(*words)
    told = vibench(*words).out.splitlines()

    assert (found["schema"], found["to"], found["variant"]) == ("vibench.sensitivity/1", "layers", "wdcnn/onnx")
    assert len(found["layers"]) == 7
    ranked = [layer["logits_sqnr_db"] for layer in found["layers"]]
    assert ranked == sorted(ranked)
    assert told[2].split()[0] == found["layers"][0]["name"]
    assert told[-1].strip() == found["command"]
    program, *again = shlex.split(found["command"])
    assert program == "vibench"
    (kept,) = vibench_json(*again, "--out", tmp_path)
    assert kept["steps"][0]["parameters"]["keep_fp32"] == found["worst"]
    assert kept["verification"]["windows"]["sqnr_db"] > found["network"]["sqnr_db"]


def test_of_an_int8_variant_it_is_how_that_was_made_that_counts(vibench_json, vibench, tmp_path):
    parameters = ["--set", "per_channel=false", "--set", "keep_fp32=node_linear"]
    (made,) = vibench_json("optimize", "wdcnn", "--pass", "quantize_static", *parameters, "--name", "of-sensitivity")
    (found,) = vibench_json("sensitivity", "wdcnn/of-sensitivity", "--set", "method=entropy", "--windows", "4")
    vibench("models", "remove", "wdcnn/of-sensitivity")

    assert found["variant"] == "wdcnn/onnx"
    assert found["step"]["parameters"] == made["steps"][0]["parameters"] | {"method": "entropy"}
    assert "node_linear" not in [layer["name"] for layer in found["layers"]]


def test_how_many_windows_are_enough_is_told(vibench_json, vibench):
    words = ["sensitivity", "wdcnn", "--to", "windows", "--windows", "8"]
    (found,) = vibench_json(*words)
    told = vibench(*words).out.splitlines()

    assert [one["windows"] for one in found["counts"]] == [1, 2, 4, 8]
    assert found["counts"][-1]["against_float32"]["sqnr_db"] > found["counts"][0]["against_float32"]["sqnr_db"]
    assert f"{found['enough']} windows are" in told[0]
    assert told[1].split() == ["windows", "logits", "dB", "agree", "%"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["wdcnn/fp16"], "start from the network's ONNX variant, wdcnn/onnx"),
        (["nothing"], "nothing"),
        (["wdcnn", "--set", "scheme=U9"], "scheme can't be U9"),
        (["wdcnn", "--set", "keep_fp32=node_conv"], "the graph has no node of that name"),
        (["wdcnn", "--windows", "0"], "ask for 1 to 4096"),
    ],
)
def test_bad_input_is_one_sentence(vibench, words, said):
    told = vibench("sensitivity", *words, status=2)

    assert told.out == ""
    assert said in told.err.splitlines()[-1]


def test_random_noise_is_refused_unless_forced_and_then_the_variant_says_so(
    vibench, vibench_json, noise_folder, tmp_path
):
    words = ["wdcnn", "--calibration", noise_folder]
    for command in (["sensitivity"], ["sensitivity", "--to", "windows"], ["optimize", "--pass", "quantize_static"]):
        told = vibench(*command, *words, status=2)
        assert "holds random noise" in told.err.splitlines()[-1]

    out = ["--out", tmp_path / "made", "--force-noise"]
    told = vibench("optimize", "--pass", "quantize_static", *words, *out, status=1)

    assert "random noise among them" in " ".join(told.out.split())
    (shown,) = vibench_json("models", "show", tmp_path / "made" / "wdcnn" / "int8-static")
    assert shown["calibration"]["noise"] is True


def test_a_variant_of_a_stranger_need_not_say_what_made_it(vibench, vibench_json, tmp_path):
    shutil.copytree(BUNDLED / "int8-static", tmp_path / "int8")
    (listed,) = vibench_json("models")
    (exported,) = (one["digest"] for one in listed if (one["name"], one["variant"]) == ("wdcnn", "onnx"))
    described = json.loads((tmp_path / "int8" / "variant.json").read_text())
    (tmp_path / "int8" / "variant.json").write_text(json.dumps(described | {"steps": [], "parent": exported}))

    told = vibench("sensitivity", tmp_path / "int8", status=2)

    assert "it is INT8 already" in told.err
