import json
import subprocess
import sys

import numpy as np
import pytest

from engine.diagnosis import Diagnosis
from optimization.bundle.target import needs
from optimization.bundle.target.run import main


@pytest.fixture(scope="module")
def recording(golden):
    """A golden recording at a rate that is no whole multiple of the network's."""
    return next(entry for entry in golden["recordings"] if entry["name"] == "inner-44100hz")


def test_a_python_with_numpy_and_onnxruntime_alone_diagnoses_a_file(on_target, bundle, recording):
    words = [bundle / recording["samples"]["file"], "--rate", 44_100, "--json"]

    told = on_target("run.py", *words, text=True)

    assert (told.returncode, told.stderr) == (0, "")
    (line,) = told.stdout.splitlines()
    made = Diagnosis.from_json(json.loads(line))
    assert made.verdict.label == recording["expected"]["int8-static"]["label"] == "inner"
    assert made.model["variant"] == "int8-static"
    assert made.start_s == pytest.approx(recording["start_s"], abs=1e-6)
    assert made.recording["sampling_rate_hz"] == 44_100
    assert [caution.code for caution in made.cautions] == ["rig-not-validated"]


def test_a_python_with_numpy_and_onnxruntime_alone_diagnoses_a_stream(on_target, bundle, golden):
    (recording,) = golden["streams"]
    data = (bundle / recording["samples"]["file"]).read_bytes()

    told = on_target("run.py", "--stream", "--rate", 25_600, "--json", input=data)

    *windows, last = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.returncode == 0
    heard = [window["start_s"] for window in windows if window["class"]]
    assert heard == pytest.approx(recording["start_s"], abs=1e-6)
    assert last["verdict"]["label"] == recording["expected"]["int8-static"]["label"] == "inner"
    assert windows[-1]["verdict"] == last["verdict"]
    assert "silent-windows" in [caution["code"] for caution in last["cautions"]]


def test_nothing_else_can_be_imported_there(on_target, bundle, tmp_path):
    (tmp_path / "scipy.py").write_text("import scipy.signal")

    told = on_target("scipy.py", folder=tmp_path, text=True)

    assert told.returncode == 1
    assert "a target has no scipy" in told.stderr


def test_people_read_one_line_a_recording(bundle, recording, capsys):
    path = str(bundle / recording["samples"]["file"])

    assert main([path, path, "--rate", "44100", "--candidate", "onnx"], bundle) == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert first.startswith("inner-44100hz.f32: inner: confidence ")
    assert first.endswith("% of 10 windows")


def test_a_slow_sensor_is_cautioned(bundle, tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).standard_normal(4_000))

    assert main([str(tmp_path / "a.npy"), "--rate", "8000", "--json"], bundle) == 0

    cautions = json.loads(capsys.readouterr().out)["cautions"]
    assert "At 8000 Hz nothing above 4000 Hz was recorded" in cautions[1]["message"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "run.py: name a recording, or take blocks from standard input with --stream."),
        (["missing.wav"], "run.py: missing.wav can't be opened: no such file or directory."),
        (["a.f32", "--rate", "1"], "run.py: a.f32 can't be opened"),
        (
            ["--candidate", "int4", "a.wav"],
            "there is no candidate int4 in this bundle: choose one of int8-static, onnx.",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(words, said, bundle, capsys):
    assert main(words, bundle) == 2

    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert said in line


def test_files_that_can_be_read_are_diagnosed_after_one_that_can_not(bundle, recording, capsys):
    path = str(bundle / recording["samples"]["file"])

    assert main(["missing.f32", path, "--rate", "44100"], bundle) == 2
    told = capsys.readouterr()
    assert told.err == "run.py: missing.f32 can't be opened: no such file or directory.\n"
    assert told.out.startswith("inner-44100hz.f32: inner")

    assert main(["missing.f32", path, "--rate", "44100", "--json"], bundle) == 2
    told = capsys.readouterr()
    wrong, right = map(json.loads, told.out.splitlines())
    assert (wrong["schema"], wrong["recording"]) == ("vibench.error/1", {"name": "missing.f32"})
    assert (right["schema"], told.err) == ("vibench.diagnosis/1", "")


def test_a_recording_that_is_too_short_is_named(bundle, tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.arange(1000) % 7)

    assert main([str(tmp_path / "a.npy"), "--rate", "12000"], bundle) == 2
    assert "a.npy: the recording lasts 0.0833 s, a window 0.171 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--stream"],
        ["--stream", "a.wav", "--rate", "1"],
        ["a.wav", "--threads", "0"],
        ["a.wav", "--threads", "100000"],
        ["a.wav", "--over", "0"],
    ],
)
def test_impossible_options_end_with_status_2(words, bundle, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words, bundle)

    assert "run.py: error: --" in capsys.readouterr().err


def test_a_stream_that_ends_within_a_sample_is_told(on_target):
    told = on_target("run.py", "--stream", "--rate", 12_000, input=b"\0" * 7)

    assert told.returncode == 2
    assert b"ended within a sample" in told.stderr


def test_a_folder_that_is_no_bundle_is_told(tmp_path, capsys):
    assert main(["a.wav"], tmp_path) == 2
    assert "preprocessing.json is missing: unpack the bundle again" in capsys.readouterr().err


def test_a_stream_shorter_than_a_window_is_told(on_target):
    told = on_target("run.py", "--stream", "--rate", 12_000, input=b"\0" * 4000)

    assert (told.returncode, told.stdout) == (2, b"")
    assert b"ended before the first window was complete" in told.stderr


def test_an_interruption_ends_without_a_trace(bundle, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("optimization.bundle.target.run.diagnosis", interrupted)

    assert main(["a.f32", "--rate", "1"], bundle) == 130
    assert capsys.readouterr().err == ""


def test_who_stops_reading_is_not_told_of_pipes(bundle, recording):
    words = [sys.executable, bundle / "run.py", bundle / recording["samples"]["file"], "--rate", "44100"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.parametrize("program", ["run.py", "verify.py"])
def test_a_python_without_what_is_needed_is_told_what_to_install(program, bundle):
    words = [sys.executable, "-I", "-S", str(bundle / program)]

    told = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith(
        f"{program}: numpy is needed (No module named 'numpy'): install it with python -m pip"
    )
    assert len(told.stderr.splitlines()) == 1


def test_an_old_python_is_told_so(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))

    assert needs.missing() == "this is Python 3.9: run it with Python 3.11 or newer"


def test_a_python_that_has_all_is_told_nothing():
    assert needs.missing() is None
