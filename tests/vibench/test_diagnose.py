import json
import shutil
import sys

import numpy as np
import pytest

from engine.readers.contents import SEPARATORS
from engine.variant import sha256_of
from vibench.diagnose import SEPARATED_BY

INNER_105 = "cwru/105_0.mat"


@pytest.mark.parametrize("condition", ["normal", "inner", "outer", "ball"])
def test_a_simulated_fault_is_found(condition, simulated, vibench_json):
    (diagnosis,) = vibench_json("diagnose", simulated[condition], "--summary")

    assert diagnosis["verdict"]["label"] == condition


def test_json_is_the_blueprints(simulated, vibench_json):
    (diagnosis,) = vibench_json("diagnose", simulated["inner"])

    assert list(diagnosis) == [
        "schema", "recording", "model", "verdict", "classes", "windows", "opinions", "cautions", "timing_ms",
    ]  # fmt: skip
    assert diagnosis["schema"] == "vibench.diagnosis/1"
    assert diagnosis["recording"] == {
        "name": "inner.npz",
        "sha256": sha256_of(simulated["inner"]),
        "channel": "simulated",
        "unit": "m/s2",
        "samples": 48_000,
        "sampling_rate_hz": 12_000.0,
        "sampling_rate_from": "file",
        "duration_s": 4.0,
        "shaft_speed_rpm": 1797.0,
        "bearing": None,
    }
    assert diagnosis["model"]["name"] == "wdcnn"
    assert diagnosis["model"]["backend"] == "onnx"
    assert diagnosis["model"]["runtime"] == "onnxruntime"
    assert list(diagnosis["verdict"]) == ["label", "confidence", "windows", "share"]
    assert list(diagnosis["windows"]) == ["length", "hop", "start_s", "probabilities"]
    assert len(diagnosis["windows"]["probabilities"]) == diagnosis["verdict"]["windows"]
    assert list(diagnosis["timing_ms"]) == ["read", "prepare", "predict", "total"]


def test_a_summary_leaves_the_windows_out(simulated, vibench_json):
    (diagnosis,) = vibench_json("diagnose", simulated["inner"], "--summary")

    assert "windows" not in diagnosis


def test_options_stand_above_the_file(simulated, vibench_json):
    (diagnosis,) = vibench_json(
        "diagnose",
        simulated["inner"],
        "--sampling-rate",
        "24000",
        "--shaft-speed",
        "3594",
        "--unit",
        "g",
        "--channel",
        "1",
    )

    recording = diagnosis["recording"]
    assert (recording["sampling_rate_hz"], recording["sampling_rate_from"]) == (24_000.0, "option")
    assert (recording["shaft_speed_rpm"], recording["unit"]) == (3594.0, "g")


def test_people_read_the_verdict_its_share_and_the_variant(simulated, vibench):
    told = vibench("diagnose", simulated["inner"], "--bearing", "6205-2RS").out

    assert told.startswith("inner.npz: channel simulated in m/s2, 4 s at 12000 Hz (file), 1797 rpm, bearing 6205-2RS\n")
    assert "\n  inner race: confidence " in told
    assert "% of 45 windows\n" in told
    assert "\n  envelope: BPFI +" in told
    assert "\n  wdcnn/" in told


def test_a_file_that_fails_gets_its_error_in_its_place_and_the_others_are_done(simulated, vibench_json, tmp_path):
    cut = tmp_path / "cut.npz"
    cut.write_bytes(simulated["outer"].read_bytes()[:1000])

    first, error, last = vibench_json("diagnose", simulated["inner"], cut, simulated["outer"], "--summary", status=2)

    assert [first["recording"]["name"], last["recording"]["name"]] == ["inner.npz", "outer.npz"]
    assert error["schema"] == "vibench.error/1"
    assert error["recording"] == {"name": "cut.npz"}
    assert error["error"]["code"] == "damaged-file"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, "file-access"),
        (lambda path: path.mkdir(), "description-invalid"),
        (lambda path: path.write_bytes(b""), "damaged-file"),
        (lambda path: path.write_bytes(b"\x00" * 1000), "damaged-file"),
    ],
    ids=["missing", "folder", "empty", "zeros"],
)
def test_a_file_that_is_none_gets_one_line(make, code, vibench, vibench_json, tmp_path):
    path = tmp_path / "a.mat"
    make(path)

    (error,) = vibench_json("diagnose", path, status=2)
    assert error["error"]["code"] == code
    assert len(vibench("diagnose", path, status=2).err.splitlines()) == 1


def test_a_folder_is_its_recordings_csv(simulated, vibench_json, tmp_path):
    for name in ("outer.npz", "inner.npz"):
        shutil.copy(simulated[name.removesuffix(".npz")], tmp_path)
    (tmp_path / "recordings.csv").write_text("file,shaft_rpm\nouter.npz,900\ninner.npz,\n")

    outer, inner = vibench_json("diagnose", tmp_path, "--summary")

    assert (outer["recording"]["name"], outer["recording"]["shaft_speed_rpm"]) == ("outer.npz", 900.0)
    assert (inner["recording"]["name"], inner["recording"]["shaft_speed_rpm"]) == ("inner.npz", 1797.0)


def test_a_folder_may_be_described_from_above(simulated, vibench_json, tmp_path):
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        shutil.copy(simulated["inner"], tmp_path / folder)
    (tmp_path / "recordings.csv").write_text("file,shaft_rpm\nfirst/inner.npz,900\nsecond/inner.npz,600\n")

    (diagnosis,) = vibench_json("diagnose", tmp_path / "second", "--summary")

    assert diagnosis["recording"]["shaft_speed_rpm"] == 600.0


def test_an_error_names_its_file_where_its_sentence_does_not(simulated, vibench, tmp_path):
    short = tmp_path / "short.csv"
    short.write_text("1\n2\n3\n1\n2\n")

    told = vibench("diagnose", short, simulated["inner"], "--sampling-rate", "12000", status=2)

    assert told.err.startswith("vibench: short.csv: The recording lasts")


def test_a_table_elsewhere_is_named_by_its_option(simulated, vibench_json, tmp_path):
    table = tmp_path / "said.csv"
    table.write_text("file,shaft_rpm\ninner.npz,600\n")

    (diagnosis,) = vibench_json("diagnose", simulated["inner"], "--recordings-csv", table, "--summary")

    assert diagnosis["recording"]["shaft_speed_rpm"] == 600.0


def test_without_a_rate_the_sentence_names_the_option_and_proposes(vibench, real, tmp_path):
    shutil.copy(real / INNER_105, tmp_path)  # away from the table that says the rate
    told = vibench("diagnose", tmp_path / "105_0.mat", "--channel", "DE_time", status=2)

    (line,) = told.err.splitlines()
    assert "--sampling-rate" in line
    assert "12000" in line


def test_a_real_inner_race_fault_is_found(vibench_json, real):
    (diagnosis,) = vibench_json(
        "diagnose", real / INNER_105, "--sampling-rate", "12000", "--channel", "DE_time", "--summary"
    )

    assert diagnosis["verdict"]["label"] == "inner"


def test_onnx_runtime_alone_answers_and_one_document_is_printed(simulated, process):
    told = process("diagnose", simulated["ball"], "--json")

    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["recording"]["name"] == "ball.npz"


def test_neither_torch_nor_onnx_is_imported_for_onnx_runtime(simulated, vibench, monkeypatch):
    vibench("diagnose", simulated["ball"])  # the workspace is there now
    for module in ("torch", "onnx"):
        monkeypatch.setitem(sys.modules, module, None)  # importing it would raise

    vibench("diagnose", simulated["ball"])


def test_a_model_that_is_not_there_is_one_error(simulated, vibench_json):
    (error,) = vibench_json("diagnose", simulated["inner"], simulated["outer"], "--model", "resnet50", status=2)

    assert error["error"]["code"] == "model-not-found"
    assert "wdcnn/" in error["error"]["message"]


def test_without_a_workspace_the_bundled_networks_answer(simulated, process, tmp_path):
    (tmp_path / "file").touch()
    nowhere = {"VIBENCH_WORKSPACE": str(tmp_path / "file" / "workspace")}

    refused = process("diagnose", simulated["inner"], **nowhere)
    answered = process("diagnose", simulated["inner"], "--backend", "pytorch", "--json", "--summary", **nowhere)

    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "--backend pytorch" in refused.stderr
    assert answered.returncode == 0, answered.stderr
    assert json.loads(answered.stdout)["model"]["backend"] == "pytorch"


def test_the_layout_of_a_text_file_can_be_said(tmp_path, vibench_json):
    rows = np.random.default_rng(0).standard_normal((12_000, 2))
    path = tmp_path / "two.csv"
    np.savetxt(path, rows, "%.4f", delimiter="|")
    said = ["--sampling-rate", "12000", "--channel", "2"]
    (found,) = vibench_json("diagnose", path, *said, "--separator", "semicolon", status=2)
    path.write_text(path.read_text().replace("|", ";"))
    (diagnosis,) = vibench_json("diagnose", path, *said, "--separator", "semicolon", "--header-lines", "400")

    (too_long,) = vibench_json("diagnose", path, *said, "--header-lines", "1000", status=2)

    assert found["error"]["code"] == "damaged-file"
    assert "a header of 1000 lines is too long" in too_long["error"]["message"]
    assert diagnosis["recording"]["samples"] == 11_600


def test_a_time_column_can_be_denied(tmp_path, vibench_json):
    rows = np.column_stack([np.arange(12_000) / 12_000, np.random.default_rng(0).standard_normal(12_000)])
    path = tmp_path / "rising.csv"
    np.savetxt(path, rows, "%.6f", delimiter=",")
    (taken,) = vibench_json("diagnose", path, "--summary")
    (denied,) = vibench_json("diagnose", path, "--time-column", "no", "--sampling-rate", "6000", status=2)

    assert taken["recording"]["sampling_rate_hz"] == 12_000
    assert denied["error"]["code"] == "channel-not-chosen"


def test_a_negative_header_is_refused(simulated, vibench_json):
    (refused,) = vibench_json("diagnose", simulated["inner"], "--header-lines", "-1", status=2)

    assert "0 means no header" in refused["error"]["message"]


def test_every_separator_that_readers_know_can_be_said():
    assert tuple(SEPARATORS) == SEPARATED_BY


def test_a_backend_that_contradicts_the_variant_is_refused(simulated, vibench):
    refused = vibench("diagnose", simulated["inner"], "--model", "wdcnn/onnx", "--backend", "pytorch", status=2)

    assert "wdcnn/onnx is of backend onnx, not pytorch" in refused.err


def test_a_summary_of_nothing_is_refused(simulated, vibench):
    assert "give --json too" in vibench("diagnose", simulated["inner"], "--summary", status=2).err


def test_another_channel_than_the_tables_is_not_validated(real, vibench_json):
    (diagnosis,) = vibench_json("diagnose", real / "cwru" / "97_Normal_0.mat", "--channel", "FE_time", "--summary")

    assert diagnosis["recording"]["bearing"] is None
    assert [caution["code"] for caution in diagnosis["cautions"]] == ["rig-not-validated"]
