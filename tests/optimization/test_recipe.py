import json
from dataclasses import replace

import pytest

from engine.errors import CalibrationError, NoEffect, PassNotApplicableError, RecipeError
from engine.variant import Variant
from optimization.passes import PASSES
from optimization.recipe import MOST_WINDOWS, Recipe, optimize
from optimization.recipes import LARGEST_BYTES, RECIPES
from optimization.recording_set import RecordingSet, simulated_set

STATIC = Recipe((PASSES["quantize_static"](),))


@pytest.fixture
def recipe_file(tmp_path):
    def write(content):
        path = tmp_path / "recipe.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.fixture(scope="session")
def by_standard(untrained_variants, tmp_path_factory):
    """What the standard recipe makes of a network in PyTorch's form, where it was made, and what was told meanwhile."""
    folder, told = tmp_path_factory.mktemp("standard") / "made", []
    made = optimize(
        untrained_variants[0],
        Recipe.load("standard"),
        folder,
        windows=8,
        name="shipped",
        progress=lambda *said: told.append(said),
    )
    return made, folder, told


def brought(count=8, rate=12_000.0):
    """Recordings as if somebody had brought them."""
    return RecordingSet("recordings", simulated_set(count, seed=77, duration_s=1.0, sampling_rate_hz=rate).recordings)


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_a_recipe_that_comes_along_says_what_it_is_for_and_starts_from_pytorch(name, untrained_variants):
    assert (RECIPES / f"{name}.yaml").read_text(encoding="utf-8").startswith("# ")
    Recipe.load(name).check(untrained_variants[0])


def test_the_recipes_that_come_along_are_what_they_are_called_for():
    passes = {name: [step.name for step in Recipe.load(name).passes] for name in ("light", "standard")}

    assert passes == {"light": ["export_onnx", "convert_fp16"], "standard": ["export_onnx", "quantize_static"]}


def test_a_recipe_survives_json():
    recipe = Recipe((PASSES["export_onnx"](opset=21), PASSES["quantize_static"](keep_fp32=("a", "b"))))

    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_a_yaml_file_gives_passes_with_their_parameters(recipe_file):
    path = recipe_file("- pass: export_onnx\n- {pass: quantize_static, method: entropy, keep_fp32: [a]}\n")

    assert Recipe.load(path) == Recipe(
        (PASSES["export_onnx"](), PASSES["quantize_static"](method="entropy", keep_fp32=("a",)))
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "it is a list of passes"),
        ("[]", "it has 1 to 16"),
        ("pass: export_onnx", "it is a list of passes"),
        ("- export_onnx", "it is a list of passes"),
        ("- {opset: 20}", "it is a list of passes"),
        ("- {pass: rotate}", "pass can't be rotate: it is one of"),
        ("- {pass: [export_onnx]}", "pass can't be"),
        ("- {pass: export_onnx, opsett: 20}", "export_onnx can't be opsett: it takes opset and length; opset"),
        ("- {pass: export_onnx, 7: 20}", "export_onnx can't be 7"),
        ("- {pass: export_onnx, opset: 2.0}", "opset can't be 2.0: it is a whole number from 18 to 23"),
        ("- {pass: export_onnx, opset: twenty}", "opset can't be twenty"),
        ("- {pass: export_onnx\n", r"it is no YAML \(line 2\)"),
        ("- !!python/object/apply:os.getcwd []", r"it is no YAML \(line 1\)"),
        ("- {pass: export_onnx}\n" * 17, "a list of 17 passes: it has 1 to 16"),
        ("[" * 1500, "its lists are nested too deep"),
        ("- &a {pass: export_onnx, opset: [*a, *a]}", "opset can't be"),
        (b"\xff\xfe\x00", "or the path of a YAML file"),
        (b"\x00", "it is no YAML"),
        ("#" * (LARGEST_BYTES + 1), "it is larger than 64 kB"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_one_sentence(recipe_file, content, sentence):
    with pytest.raises(RecipeError, match=sentence) as raised:
        Recipe.load(recipe_file(content))

    assert len(str(raised.value).splitlines()) == 1
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("name", ["heavy", "", "no/such/file.yaml", ".", "\0", "light.yaml", "../recipes/light"])
def test_a_name_of_no_recipe_is_refused_with_those_that_there_are(name):
    with pytest.raises(RecipeError, match="it is aggressive, light, standard, or the path of a YAML file"):
        Recipe.load(name)


@pytest.mark.parametrize("steps", [None, {}, "export_onnx", [["export_onnx"]], [{"pass": "export_onnx", "opset": 20}]])
def test_json_that_is_no_recipe_is_refused(steps):
    with pytest.raises(RecipeError):
        Recipe.from_json(steps)


@pytest.mark.parametrize(
    ("names", "start", "sentence"),
    [
        (["quantize_static"], 0, "quantize_static can't be run on wdcnn/pytorch: .*put export_onnx before it"),
        (["quantize_static", "export_onnx"], 0, "quantize_static can't be run on wdcnn/pytorch"),
        (["export_onnx"], 1, "export_onnx can't be run on wdcnn/onnx: it is ONNX already; start from .*wdcnn/pytorch"),
        (["export_onnx", "convert_fp16", "quantize_static"], 0, "quantize_static can't be run on wdcnn/fp16"),
        (["quantize_dynamic", "quantize_static"], 1, "quantize_static can't be run on wdcnn/int8-dynamic: it is INT8"),
    ],
)
def test_a_chain_that_can_not_work_is_refused_before_anything_runs(
    untrained_variants, tmp_path, names, start, sentence
):
    recipe = Recipe(tuple(PASSES[name]() for name in names))

    with pytest.raises(PassNotApplicableError, match=sentence):
        optimize(untrained_variants[start], recipe, tmp_path)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("windows", [0, -1, MOST_WINDOWS + 1, True, 2.5])
def test_a_number_of_windows_that_can_not_be_is_refused_before_anything_runs(untrained_variants, tmp_path, windows):
    with pytest.raises(CalibrationError, match="ask for 1 to 4096"):
        optimize(untrained_variants[1], STATIC, tmp_path, windows=windows)

    assert not list(tmp_path.iterdir())


def test_recordings_of_another_rate_are_refused_before_anything_runs_unless_they_may_be_resampled(
    untrained_variants, tmp_path
):
    _, start = untrained_variants
    with pytest.raises(CalibrationError, match="was sampled at 25600 Hz"):
        optimize(start, STATIC, tmp_path / "no", recordings=brought(rate=25_600.0))
    assert not list(tmp_path.iterdir())

    made = optimize(start, STATIC, tmp_path / "yes", recordings=brought(rate=25_600.0), windows=8, resample=True)

    assert made.variant.calibration["source"] == "recordings"


def test_recordings_that_the_start_has_learned_from_are_refused_before_anything_runs(untrained_variants, tmp_path):
    recordings = brought()
    learned_from = {"source": "recordings", "recordings": [recordings.recordings[0].described()]}
    start = replace(
        untrained_variants[1], steps=({"pass": "fine_tune", "parameters": {}, "learned_from": learned_from},)
    )

    with pytest.raises(CalibrationError, match=f"{recordings.recordings[0].name} was learned from"):
        optimize(start, Recipe((PASSES["convert_fp16"](),)), tmp_path, recordings=recordings)

    assert not list(tmp_path.iterdir())


def test_without_a_recording_nothing_runs(untrained_variants, tmp_path):
    with pytest.raises(CalibrationError):
        optimize(untrained_variants[1], STATIC, tmp_path, recordings=RecordingSet("recordings", ()))

    assert not list(tmp_path.iterdir())


def test_what_is_calibrated_on_and_what_proves_are_apart(untrained_variants, tmp_path):
    recordings = brought()
    made = optimize(untrained_variants[1], STATIC, tmp_path, recordings=recordings, windows=8)
    seen = {one["digest"] for one in made.variant.calibration["recordings"]}
    proven = {one["digest"] for one in made.verification.recording_set["recordings"]}
    mine = {one.digest for one in recordings.recordings}

    assert seen <= mine
    assert proven & mine
    assert not seen & proven


def test_where_nothing_calibrates_every_recording_serves_the_proof(untrained_variants, tmp_path):
    recordings = brought()
    made = optimize(untrained_variants[1], Recipe((PASSES["convert_fp16"](),)), tmp_path, recordings=recordings)
    proven = {one["digest"] for one in made.verification.recording_set["recordings"]}

    assert {one.digest for one in recordings.recordings} < proven
    assert made.variant.calibration == {}


def test_each_step_leaves_a_variant_in_a_folder_of_its_own_that_names_its_parent(by_standard, untrained_variants):
    made, folder, _ = by_standard
    kept = [Variant.load(folder / name) for name in ("1-export_onnx", "2-quantize_static")]

    assert [report.variant for report in made.steps] == kept
    assert {path.name for path in folder.iterdir()} == {"1-export_onnx", "2-quantize_static"}
    assert [one.parent for one in kept] == [untrained_variants[0].digest, kept[0].digest]
    assert [one.name for one in kept] == ["onnx", "shipped"]
    assert [step["pass"] for step in kept[1].steps] == ["export_onnx", "quantize_static"]


def test_each_step_carries_its_proof_against_the_one_before_and_the_result_one_against_the_start(
    by_standard, untrained_variants
):
    made, _, _ = by_standard
    start = untrained_variants[0].digest
    exported, quantised = (report.variant for report in made.steps)

    assert (exported.verification["parent"], exported.verification["variant"]) == (start, exported.digest)
    assert (quantised.verification["parent"], quantised.verification["variant"]) == (exported.digest, quantised.digest)
    assert (made.verification.parent, made.verification.variant) == (start, quantised.digest)
    assert exported.verification["recordings"]["flips"] == 0


def test_the_proof_of_a_single_step_is_the_proof_of_all(untrained_variants, tmp_path):
    made = optimize(untrained_variants[1], STATIC, tmp_path, windows=8)

    assert made.verification.to_json() == made.variant.verification
    assert made.variant.name == "int8-static"
    assert made.variant.calibration["source"] == "simulated"


def test_json_tells_the_steps_the_variant_and_the_proof(by_standard):
    made, _, _ = by_standard
    told = json.loads(json.dumps(made.to_json()))

    assert told["schema"] == "vibench.optimization/1"
    assert told["deterministic"] is True
    assert [step["pass"] for step in told["steps"]] == ["export_onnx", "quantize_static"]
    for step in told["steps"]:
        assert set(step) == {"pass", "parameters", "seconds", "changed", "notes"}
        assert set(step["changed"]) == {"nodes", "weights", "size_bytes"}
        assert step["seconds"] > 0
    assert told["steps"][1]["changed"]["nodes"]["Relu"] == [6, 0]
    assert told["variant"]["variant"] == "shipped"
    assert told["variant"]["size_bytes"] == told["steps"][1]["changed"]["size_bytes"][1]
    assert told["verification"]["schema"] == "vibench.verification/1"


def test_each_part_of_the_work_is_told(by_standard):
    _, _, told = by_standard
    order = list(dict.fromkeys(what for what, _, _ in told))

    assert order[:3] == ["Choosing windows", "Exporting", "Comparing with PyTorch"]
    assert "Calibrating" in order
    assert all(0 <= done <= total for _, done, total in told)


def test_a_step_that_changes_nothing_ends_it(untrained_variants, tmp_path, monkeypatch):
    monkeypatch.setattr(PASSES["convert_fp16"], "run", lambda self, variant, context: variant)

    with pytest.raises(NoEffect, match="convert_fp16 changes nothing"):
        optimize(untrained_variants[1], Recipe((PASSES["convert_fp16"](),)), tmp_path)
