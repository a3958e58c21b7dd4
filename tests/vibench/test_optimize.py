import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from engine.variant import Variant
from optimization.passes import PASSES
from vibench.main import main


@pytest.fixture
def dynamic(vibench):
    """Make a dynamic INT8 variant of WDCNN, which takes a second, with further options."""

    def make(*words, status=0):
        return vibench("optimize", "wdcnn", "--pass", "quantize_dynamic", *words, status=status)

    return make


def one_sentence(told):
    assert told.out == ""
    line = last_line(told)
    assert line.startswith("vibench: ")
    return line


def last_line(told):
    return told.err.splitlines()[-1]


def test_the_answer_says_what_was_done_and_how_it_is_proven(dynamic, vibench_json):
    told = dynamic("--set", "operators=all", "--name", "all-dynamic")

    first, step, *proof = told.out.splitlines()
    assert first.startswith("wdcnn/all-dynamic: ")
    assert " kB, in the workspace, " in first
    assert step.startswith("  Dynamic INT8: ")
    assert " kB, Mul 0 to " in step
    said = " ".join(line.strip() for line in proof)
    for part in ("windows agree, SQNR ", " dB, largest error ", "of 40 simulated recordings change their verdict"):
        assert part in said
    assert "Dynamic INT8: Computing with integers: " in said
    assert "Made again on this machine, it is the same file, byte for byte." in said
    assert "Compared on 40 simulated recordings, seed 1" in said
    assert "0/40 Proving on recordings" in told.err
    (shown,) = vibench_json("models", "show", "wdcnn/all-dynamic")
    assert shown["steps"][-1]["parameters"]["operators"] == "all"


def test_json_is_one_document_with_the_name_that_the_variant_got(vibench_json, vibench):
    words = ["optimize", "wdcnn/onnx", "--pass", "quantize_static", "--windows"]
    (first,) = vibench_json(*words, "5")
    (other,) = vibench_json(*words, "6")
    (again,) = vibench_json(*words, "5")

    assert first["schema"] == "vibench.optimization/1"
    assert [step["pass"] for step in first["steps"]] == ["quantize_static"]
    assert first["verification"]["verdict"] == "equivalent"
    assert other["variant"]["variant"] != first["variant"]["variant"]
    assert again["variant"] == first["variant"]  # the same bytes are the variant that is there
    for made in (first, other):
        vibench("models", "remove", f"wdcnn/{made['variant']['variant']}")


def test_a_network_stands_for_the_variant_that_the_first_pass_takes(vibench_json, tmp_path):
    (exported,) = vibench_json("optimize", "wdcnn", "--pass", "export_onnx", "--set", "opset=19", "--out", tmp_path)
    (light,) = vibench_json("optimize", "wdcnn", "--pass", "convert_fp16", "--out", tmp_path)

    (listed,) = vibench_json("models")
    digests = {variant["variant"]: variant["digest"] for variant in listed if variant["name"] == "wdcnn"}
    assert exported["variant"]["parent"] == digests["pytorch"]
    assert light["variant"]["parent"] == digests["onnx"]


def test_a_recipe_leaves_a_folder_for_every_step(vibench, tmp_path):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("- pass: export_onnx\n- {pass: quantize_dynamic, operators: all}\n")
    out = tmp_path / "out"

    told = vibench("optimize", "wdcnn", "--recipe", recipe, "--out", out, "--name", "mine")

    assert f"in {out / 'wdcnn' / 'mine'}" in told.out
    exported, made = Variant.load(out / "wdcnn" / "onnx"), Variant.load(out / "wdcnn" / "mine")
    assert (made.name, made.parent) == ("mine", exported.digest)
    for variant in (exported, made):
        variant.check_weights()
        assert variant.verification["variant"] == variant.digest
    assert sorted(path.name for path in out.rglob("*")) == sorted(
        ["wdcnn", "onnx", "mine", *["model.onnx", "variant.json"] * 2]
    )


def test_a_folder_is_a_model_and_is_never_written_over(vibench, tmp_path):
    vibench("optimize", "wdcnn", "--pass", "convert_fp16", "--out", tmp_path)
    place = tmp_path / "wdcnn" / "fp16"
    before = (place / "model.onnx").stat().st_mtime_ns

    told = vibench("optimize", "wdcnn", "--pass", "convert_fp16", "--out", tmp_path, status=2)

    assert f"{place} is there already: give another --out, or another --name" in one_sentence(told)
    assert (place / "model.onnx").stat().st_mtime_ns == before
    told = vibench("optimize", place, "--pass", "quantize_dynamic", status=2)
    assert "quantize_dynamic can't be run on wdcnn/fp16: it is FP16 already" in one_sentence(told)


def test_calibration_on_a_folder_or_on_recordings_of_the_workspace(vibench_json, simulated, tmp_path, workspace_folder):
    from workspace.settings import Settings
    from workspace.workspace import Workspace

    folder = next(iter(simulated.values())).parent
    with Workspace.open(Settings(_env_file=None, workspace=workspace_folder)) as workspace:
        ids = [workspace.recordings.add(path, path.name).row.id for path in simulated.values()]
    words = ["optimize", "wdcnn", "--pass", "quantize_static", "--out"]

    (of_folder,) = vibench_json(*words, tmp_path / "1", "--calibration", folder)
    (of_workspace,) = vibench_json(*words, tmp_path / "2", "--calibration-recordings", ",".join(ids))

    for made, at in ((of_folder, "1"), (of_workspace, "2")):
        kept = Variant.load(tmp_path / at / "wdcnn" / made["variant"]["variant"])
        assert (kept.calibration["source"], kept.calibration["windows"]) == ("recordings", 64)
        assert made["verification"]["recordings"]["count"] == 41
        calibrated = {recording["digest"] for recording in kept.calibration["recordings"]}
        assert not calibrated & {one["digest"] for one in made["verification"]["recording_set"]["recordings"]}


def test_a_degraded_variant_is_made_and_the_status_says_so(vibench, tmp_path):
    # The ranges of one window, their rarest values left out, fit no other window.
    told = vibench(
        "optimize",
        "wdcnn",
        "--pass",
        "quantize_static",
        *("--set", "scheme=U8U8", "--set", "method=percentile", "--set", "activations=symmetric"),
        *("--windows", "1", "--out", tmp_path, "--json"),
        status=1,
    )

    assert json.loads(told.out)["verification"]["verdict"] == "degraded"
    assert (tmp_path / "wdcnn" / "int8-static" / "model.onnx").is_file()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["resnet50", "--pass", "convert_fp16"], "There is no network or variant resnet50"),
        (["wdcnn", "--pass", "shrink"], "pass can't be shrink: it is one of export_onnx"),
        (["wdcnn", "--pass", "export_onnx", "--set", "opest=20"], "it takes opset"),
        (["wdcnn", "--pass", "export_onnx", "--set", "opset=7"], "opset can't be 7: it is a whole number from 18 to"),
        (["wdcnn", "--pass", "export_onnx", "--set", "opset"], "'opset' is not like KEY=VALUE"),
        (["wdcnn/pytorch", "--pass", "convert_fp16"], "convert_fp16 can't be run on wdcnn/pytorch"),
        (["wdcnn", "--recipe", "none"], "recipe can't be none: it is aggressive, light, standard"),
        (["wdcnn", "--recipe", "standard", "--set", "opset=20"], "--set is of a --pass"),
        (["wdcnn"], "one of the arguments --pass --recipe is required"),
        (["wdcnn", "--pass", "quantize_static", "--windows", "0"], "Ranges can't be read from 0 windows"),
        (["wdcnn", "--pass", "quantize_static", "--calibration", "none"], "none can't be opened"),
        (["wdcnn", "--pass", "quantize_static", "--calibration-recordings", "x"], "There is no recording x"),
        (["wdcnn", "--pass", "quantize_static", "--calibration-recordings", ", "], "names no recording"),
        (["wdcnn", "--pass", "quantize_dynamic", "--name", "My Own"], "a name has 1 to 64 lower-case letters"),
        (["wdcnn", "--pass", "quantize_dynamic", "--name", "onnx"], "another variant has that name already"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(words, sentence, vibench, workspace_folder):
    vibench("models")  # the first command puts the networks there
    before = sorted(workspace_folder.rglob("*"))

    assert sentence in one_sentence(vibench("optimize", *words, status=2))

    changing = {".db-wal", ".db-shm"}
    after = sorted(path for path in workspace_folder.rglob("*") if path.suffix not in changing)
    assert after == [path for path in before if path.suffix not in changing]


def test_a_folder_without_a_recording_can_not_be_calibrated_on(vibench, tmp_path):
    (tmp_path / "notes.docx").write_bytes(b"x")

    told = vibench("optimize", "wdcnn", "--pass", "quantize_static", "--calibration", tmp_path, status=2)

    assert "holds no recording" in one_sentence(told)


def test_recordings_of_another_rate_are_refused_unless_they_may_be_resampled(vibench, tmp_path):
    folder, out = tmp_path / "recordings", tmp_path / "out"
    folder.mkdir()
    for number, condition in enumerate(("normal", "inner")):
        words = ["simulate", "rolling", "--condition", condition, "--seconds", "2", "--sampling-rate", "25600"]
        assert main([*words, "--seed", str(number), "--out", str(folder / f"{condition}.npz")]) == 0
    words = ["optimize", "wdcnn", "--pass", "quantize_static", "--calibration", folder, "--out", out]

    assert "25600" in last_line(vibench(*words, status=2))
    assert not out.exists()
    assert main([*map(str, words), "--resample"]) in {0, 4}  # two recordings more or less prove little


def test_a_cut_weight_file_is_told(vibench, tmp_path):
    vibench("optimize", "wdcnn", "--pass", "convert_fp16", "--out", tmp_path / "whole")
    (tmp_path / "cut").mkdir()
    folder = shutil.copytree(tmp_path / "whole" / "wdcnn" / "fp16", tmp_path / "cut" / "fp16")
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:1000])
    description = json.loads((folder / "variant.json").read_text()) | {"backend": "onnx"}
    (folder / "variant.json").write_text(json.dumps(description))

    told = vibench("optimize", folder, "--pass", "convert_fp16", "--out", tmp_path / "out", status=2)

    assert "cannot be loaded" in last_line(told)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_somebody_wrote_is_tried_like_every_file_from_somebody_else(vibench, tmp_path):
    import onnx

    vibench("optimize", "wdcnn/pytorch", "--pass", "export_onnx", "--out", tmp_path / "whole")
    folder = tmp_path / "whole" / "wdcnn" / "onnx"
    model = onnx.load(folder / "model.onnx")
    (folder / "model.onnx").unlink()
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)

    told = vibench("optimize", folder, "--pass", "quantize_dynamic", "--out", tmp_path / "out", status=2)

    assert "its weights lie in another file" in last_line(told)
    assert not (tmp_path / "out").exists()


def test_a_workspace_without_room_is_told_and_keeps_nothing(dynamic, vibench_json, monkeypatch):
    (before,) = vibench_json("models")
    monkeypatch.setenv("VIBENCH_STORAGE_LIMIT_BYTES", "1000")

    told = dynamic("--set", "operators=all", "--set", "per_channel=true", status=2)

    assert "left under the storage limit" in last_line(told)
    assert vibench_json("models") == [before]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare to make a small disk")
def test_a_full_disk_is_told_and_nothing_half_written_stays(vibench, workspace_folder, tmp_path):
    vibench("models")  # the first command puts the networks there
    command = f"{sys.executable} -m vibench optimize wdcnn --pass quantize_dynamic --out {tmp_path}/out"
    script = f"mount -t tmpfs -o size=64k none {tmp_path} || exit 77; {command}; echo $?; ls -A {tmp_path}"
    ran = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        env=os.environ | {"VIBENCH_WORKSPACE": str(workspace_folder)},
        capture_output=True,
        text=True,
    )
    if ran.returncode == 77 or "unshare" in ran.stderr:
        pytest.skip("this machine lets no process have file systems of its own")

    assert ran.stdout == "2\n"
    assert f"vibench: The disk under {tmp_path} is full" in ran.stderr.splitlines()[-1]


def test_a_folder_that_is_a_file_is_no_place_for_variants(dynamic, tmp_path):
    (tmp_path / "file").write_bytes(b"")

    assert "it is no folder" in one_sentence(dynamic("--out", tmp_path / "file", status=2))
    assert "can't be opened" in last_line(dynamic("--out", tmp_path / "file" / "below", status=2))


@pytest.mark.parametrize("name", ["export_onnx", "quantize_static", "quantize_dynamic", "convert_fp16"])
def test_the_help_of_a_pass_tells_its_parameters_on_one_screen(name, capsys):
    from optimization.passes import PASSES
    from optimization.passes.parameters import parameters_of

    with pytest.raises(SystemExit, match="0"):
        main(["optimize", "--pass", name, "--help"])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 90
    assert lines[-2] == "example:"
    told = " ".join(line.strip() for line in lines)
    for parameter in parameters_of(PASSES[name]):
        assert f"{parameter.name}=" in told
        assert parameter.help in told
        for choice in parameter.choices:
            assert choice in told


def test_the_example_of_a_pass_is_a_recipe_that_can_be(capsys):
    import shlex

    from optimization.passes import PASSES
    from vibench.main import build_parser
    from vibench.optimize import recipe_of

    for name, made_by in PASSES.items():
        with pytest.raises(SystemExit):
            main(["optimize", "--pass", name, "--help"])
        _, *words = shlex.split(capsys.readouterr().out.splitlines()[-1])
        assert recipe_of(build_parser().parse_args(words)).passes == (made_by(),)


def test_plain_help_lists_passes_and_recipes(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["optimize", "--help"])

    told = capsys.readouterr().out
    for name in PASSES:
        assert re.search(rf"\b{name}\b", told)
    for name in ("aggressive", "light", "standard"):
        assert f"\n  {name} " in told


def test_the_help_of_a_pass_that_is_not_there_is_a_sentence(vibench):
    told = vibench("optimize", "--pass", "shrink", "--help", status=2)

    assert "pass can't be shrink" in one_sentence(told)
