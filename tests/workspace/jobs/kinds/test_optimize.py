import json

import pytest

from engine.description import Description
from engine.errors import (
    CalibrationError,
    ModelNotFoundError,
    ModelRefusedError,
    PassNotApplicableError,
    RecipeError,
    RecordingNotFoundError,
    SamplingRateMissingError,
)
from workspace.jobs.context import Fenced
from workspace.jobs.kinds import KINDS

DYNAMIC = {"variant": "wdcnn/onnx", "recipe": [{"pass": "quantize_dynamic", "parameters": {}}]}
STATIC = {"variant": "wdcnn/onnx", "recipe": [{"pass": "quantize_static", "parameters": {}}]}


def test_a_job_is_told_by_its_passes_and_its_start(network):
    job = network.jobs.submit("optimize", STATIC).job

    assert (job.title, job.subject, job.alone) == ("Static INT8", "of wdcnn/onnx", False)


def test_parameters_are_kept_in_full(network, add_recording):
    given = {**STATIC, "calibration": [add_recording()] * 2, "windows": 8}

    full = network.jobs.submit("optimize", given).job.parameters

    onnx = network.variants.find("wdcnn/onnx")
    assert (full["variant"], full["digest"]) == ("wdcnn/onnx", onnx.digest)
    assert full["recipe"][0]["parameters"]["scheme"] == "U8S8"
    assert (len(full["calibration"]), full["windows"], full["resample"], full["name"]) == (1, 8, False, None)


def test_the_variant_and_the_result_of_its_job_come_together(network, run_job, add_recording):
    ids = [add_recording(condition, seed=number) for number, condition in enumerate(("normal", "inner", "ball"))]
    job = run_job(network.jobs.submit("optimize", {**STATIC, "calibration": ids, "windows": 8}).job)

    made = network.variants.find("wdcnn/int8-static")
    assert job.state == "succeeded"
    assert (job.result["variant"], job.result["digest"]) == (made.full_name, made.digest)
    assert job.result["size_bytes"] == made.size_bytes
    assert job.result["verification"]["verdict"] == made.verification["verdict"]
    assert [step["pass"] for step in job.result["steps"]] == ["quantize_static"]
    assert (made.calibration["source"], made.calibration["windows"]) == ("recordings", 8)
    assert json.loads(json.dumps(job.result)) == job.result
    told = [line.text for line in network.jobs.log(job.id)]
    assert "Start from wdcnn/onnx, with 3 recordings." in told
    assert any(line.startswith("Static INT8: ") and " kB, DequantizeLinear 0 to " in line for line in told)
    assert any("of 41 own and simulated recordings change their verdict" in line for line in told)


def test_a_variant_that_is_removed_while_it_is_worked_on_is_told(network, run_job, monkeypatch):
    def removed_meanwhile(variant, *_, **__):
        network.variants.remove(variant.full_name)
        return variant.size_bytes

    monkeypatch.setattr("workspace.jobs.kinds.optimize.optimize", removed_meanwhile)

    with pytest.raises(ModelNotFoundError, match="no network or variant"):
        run_job(network.jobs.submit("optimize", DYNAMIC).job)


def test_every_variant_on_the_way_is_kept(network, run_job):
    network.variants.remove("wdcnn/onnx")
    recipe = [{"pass": "export_onnx", "parameters": {}}, {"pass": "quantize_dynamic", "parameters": {}}]

    job = run_job(network.jobs.submit("optimize", {"variant": "wdcnn/pytorch", "recipe": recipe, "name": "mine"}).job)

    made = {variant.name: variant for variant in network.variants.list("wdcnn")}
    assert set(made) == {"pytorch", "onnx", "mine"}
    assert made["mine"].parent == made["onnx"].digest
    assert job.result["variant"] == "wdcnn/mine"


def test_the_same_work_is_found_as_long_as_what_it_made_is_kept(network, run_job):
    first = network.jobs.submit("optimize", DYNAMIC)
    assert not first.found
    assert network.jobs.submit("optimize", {**DYNAMIC, "variant": "wdcnn"}).job.id == first.job.id

    run_job(first.job)
    again = network.jobs.submit("optimize", DYNAMIC)
    assert (again.found, again.job.id) == (True, first.job.id)

    network.variants.remove("wdcnn/int8-dynamic")
    assert not network.jobs.submit("optimize", DYNAMIC).found


@pytest.mark.parametrize(
    "change",
    [
        {"windows": 8},
        {"name": "mine"},
        {"recipe": [{"pass": "quantize_static", "parameters": {"per_channel": False}}]},
        {"resample": True},
    ],
)
def test_other_work_is_not_found(network, change):
    first = network.jobs.submit("optimize", STATIC)

    assert network.jobs.submit("optimize", {**STATIC, **change}).job.id != first.job.id


def test_recordings_that_are_described_anew_are_other_work(network, add_recording):
    recording = add_recording()
    first = network.jobs.submit("optimize", {**STATIC, "calibration": [recording]})
    assert network.jobs.submit("optimize", {**STATIC, "calibration": [recording]}).found

    network.recordings.describe(recording, Description(label="outer"))

    assert network.jobs.submit("optimize", {**STATIC, "calibration": [recording]}).job.id != first.job.id


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({**DYNAMIC, "variant": "wdcnn/none"}, ModelNotFoundError),
        ({**DYNAMIC, "recipe": []}, RecipeError),
        ({**DYNAMIC, "recipe": [{"pass": "shrink", "parameters": {}}]}, RecipeError),
        ({**DYNAMIC, "variant": "wdcnn/pytorch"}, PassNotApplicableError),
        ({**STATIC, "windows": 0}, CalibrationError),
        ({**STATIC, "windows": 10**6}, CalibrationError),
        ({**STATIC, "calibration": ["0123456789"]}, RecordingNotFoundError),
        ({**STATIC, "name": "no name"}, ModelRefusedError),
        ({**STATIC, "name": "onnx"}, ModelRefusedError),
    ],
)
def test_what_can_not_be_done_is_refused_before_it_waits(network, parameters, error):
    with pytest.raises(error):
        network.jobs.submit("optimize", parameters)

    assert list(network.jobs.list()) == []


def test_recordings_of_another_rate_are_taken_only_where_somebody_says_so(network, add_recording):
    ids = [add_recording(rate_hz=25_600.0)]

    with pytest.raises(CalibrationError, match="inner-1"):
        network.jobs.submit("optimize", {**STATIC, "calibration": ids})
    assert network.jobs.submit("optimize", {**STATIC, "calibration": ids, "resample": True}).job.state == "queued"


def test_a_recording_whose_rate_is_open_is_refused(network, tmp_path):
    path = tmp_path / "bare.csv"
    path.write_text("acceleration\n" + "\n".join(str(number % 7) for number in range(5000)))
    recording = network.recordings.add(path, path.name).row.id

    with pytest.raises(SamplingRateMissingError, match=r"bare\.csv"):
        network.jobs.submit("optimize", {**STATIC, "calibration": [recording]})


def test_a_job_that_was_cancelled_meanwhile_leaves_no_variant(network, run_job, monkeypatch):
    job = network.jobs.submit("optimize", DYNAMIC).job
    kept = network.variants.add_all

    def cancelled_just_before(*arguments, **options):
        network.jobs.cancel(job.id)
        return kept(*arguments, **options)

    monkeypatch.setattr(network.variants, "add_all", cancelled_just_before)
    before, size = network.variants.list(), network.blobs.size()

    with pytest.raises(Fenced):
        run_job(job)

    assert (network.variants.list(), network.blobs.size()) == (before, size)
    assert network.jobs.get(job.id).state == "cancelled"


def test_a_job_starts_from_the_very_variant_that_was_chosen(network, run_job, untrained_variants, make_variant):
    job = network.jobs.submit("optimize", DYNAMIC).job
    network.variants.put(make_variant("wdcnn/onnx", "onnx", weights=b"another"))

    with pytest.raises(ModelNotFoundError):
        run_job(job)


def test_checking_loads_neither_torch_nor_onnx():
    import subprocess
    import sys

    script = "import sys, workspace.jobs.kinds; print({'torch', 'onnx'} & set(sys.modules))"

    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"
    assert set(KINDS) >= {"optimize", "benchmark"}
