import json
import os
import subprocess
import sys
from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path

import pytest

from engine.runtimes import RUNTIMES
from optimization.measuring.measurement import Benchmark
from vibench.benchmark import chosen, numbers, runtimes, write_report
from vibench.main import main
from workspace.settings import Settings
from workspace.workspace import Workspace

REPOSITORY = Path(__file__).parents[2]
RECORDINGS_CSV = "file,label,channel\ninner.npz,inner,1\nouter.npz,outer,1\n"


@pytest.fixture(scope="module")
def folders(untrained_variants):
    """Paths of two variants of one network, as people type them."""
    return [variant.weights.parent for variant in untrained_variants]


@pytest.fixture(scope="module")
def measured(folders, workspace_folder, tmp_path_factory):
    """One benchmark as people read it, as programs do, and its report."""
    home = tmp_path_factory.mktemp("benchmark")
    words = ["benchmark", *map(str, folders), "--rounds", "10", "--processes", "1", "--batch", "1,3"]
    environment = os.environ | {"VIBENCH_WORKSPACE": str(workspace_folder), "PYTHONPATH": str(REPOSITORY)}

    def call(*more):
        return subprocess.run(
            [sys.executable, "-m", "vibench", *words, *more],
            env=environment,
            cwd=home,
            capture_output=True,
            text=True,
            check=True,
        )

    return call("--report", "report.html"), call("--json"), home / "report.html"


def test_people_read_the_answer_the_control_a_table_and_the_machine(measured):
    lines = measured[0].stdout.splitlines()

    assert lines[0] == "Batch 1, threads 1"
    assert lines[1].startswith(("Keep wdcnn/onnx: ", "The control was no tie "))
    assert lines[2].startswith("Control: wdcnn/onnx against itself is ")
    assert lines[3].split()[:3] == ["variant", "kB", "p50"]
    assert lines[4].startswith("pytorch ")
    assert "times slower [" in lines[4]
    assert lines[5].startswith("onnx ")
    assert "the baseline" in lines[5]
    assert lines[7].split()[1:3] == ["load", "ms"]
    assert "Batch 3, threads 1" in lines
    assert sum(line.startswith("Inference is ") for line in lines) == 1
    assert all(len(line) <= 100 for line in lines[3:10])
    assert "onnxruntime" in " ".join(lines[lines.index("Machine") :])


def test_programs_read_one_document(measured):
    (line,) = measured[1].stdout.splitlines()
    made = Benchmark.from_json(json.loads(line))

    assert made.settings.batches == (1, 3)
    assert (made.settings.rounds, made.settings.processes) == (10, 1)
    assert len(made.rows) == 4


def test_progress_goes_to_standard_error(measured):
    assert "0/4 Loading wdcnn/pytorch" in measured[1].stderr
    assert "0/20 Measuring" in measured[1].stderr


def test_the_report_is_written_whole_and_nothing_beside_it(measured):
    report = measured[2]

    assert report.read_text(encoding="utf-8").endswith("</html>\n")
    assert '<th scope="row">pytorch</th>' in report.read_text(encoding="utf-8")
    assert [path.name for path in report.parent.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--batch", "0"], "0 is no number for batch: give one from 1 to 256."),
        (["--batch", "many"], "'many' is no list of whole numbers such as 1,32"),
        (["--batch", "1,,2"], "no list of whole numbers"),
        (["--threads", "4096"], "This machine has no 4096 threads: choose "),
        (["--rounds", "3"], "3 rounds can't be measured: give a number from 10 to 10000."),
        (["--rounds", "x"], "--rounds"),
        (["--processes", "0"], "200 rounds can't be divided over 0 processes: give a number of processes from 1 to 20"),
        (["--runtime", "tensorrt"], "There is no runtime tensorrt: choose of onnxruntime, openvino, pytorch."),
        (
            ["--runtime", "onnxruntime"],
            "ONNX Runtime does not execute wdcnn/pytorch: leave it out, or measure it on pytorch",
        ),
        (["--baseline", "nothing"], "There is no network or variant nothing"),
        (["--report", "missing/report.html"], "there is no folder missing"),
        (["--recordings", "missing"], "missing can't be opened: there is no such folder"),
    ],
)
def test_what_can_t_be_measured_is_one_line(words, said, vibench, monkeypatch, folders, tmp_path):
    monkeypatch.chdir(tmp_path)
    told = vibench("benchmark", *folders, *words, status=2)

    assert told.out == ""
    assert said in told.err
    assert len(told.err.splitlines()[-1]) > len(said)
    assert list(tmp_path.iterdir()) == []


def test_variants_of_two_networks_are_refused(vibench, vibench_json):
    told = vibench("benchmark", "wdcnn/onnx", "resnet18-1d/onnx", status=2)

    assert "don't take the same windows: compare variants of one network." in told.err


def test_a_network_stands_for_all_of_its_variants_and_each_is_chosen_once(untrained_variants):
    pytorch, onnx = untrained_variants
    other = replace(onnx, card=replace(onnx.card, name="other"))

    assert chosen(["wdcnn"], [pytorch, onnx, other]) == [pytorch, onnx]
    assert chosen(["wdcnn/onnx", "wdcnn"], [pytorch, onnx, other]) == [onnx, pytorch]
    assert chosen([onnx.digest[:10]], [pytorch, onnx]) == [onnx]


def test_a_baseline_that_was_not_named_is_measured_too(vibench_json, folders):
    words = ["benchmark", folders[1], "--baseline", folders[0], "--rounds", "10", "--processes", "2"]
    (document,) = vibench_json(*words)

    assert document["settings"]["baseline"] == "wdcnn/pytorch"
    assert [(row["variant"], row["verdict"]) for row in document["rows"]] == [
        ("pytorch", "baseline"),
        ("onnx", "faster"),
    ]


@pytest.mark.skipif(not RUNTIMES["openvino"].available(), reason="OpenVINO is optional and not installed here")
def test_variants_are_measured_on_every_runtime_side_by_side(vibench, folders):
    told = vibench("benchmark", *folders, "--runtime", "all", "--rounds", "10", "--processes", "1").out.splitlines()

    first = told.index(next(line for line in told if line.startswith("variant ")))
    assert [line.split("  ")[0] for line in told[first + 1 : first + 4]] == ["pytorch", "onnx", "onnx on OpenVINO"]
    assert "openvino 20" in " ".join(told[told.index("Machine") :])
    assert all(len(line) <= 100 for line in told[first : first + 9])


def test_all_stands_for_the_runtimes_that_are_installed(monkeypatch):
    assert runtimes("onnxruntime, pytorch") == ("onnxruntime", "pytorch")
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert runtimes("all") == ("onnxruntime", "pytorch")


def test_windows_come_from_recordings_where_there_are_some(vibench_json, folders, simulated, tmp_path):
    for name in ("inner", "outer"):
        (tmp_path / f"{name}.npz").write_bytes(simulated[name].read_bytes())
    (tmp_path / "recordings.csv").write_text(RECORDINGS_CSV)
    (document,) = vibench_json("benchmark", folders[1], "--recordings", tmp_path, "--rounds", "10", "--processes", "1")

    assert document["windows"] == {"source": "recordings", "recording": "2 recordings", "count": 64}
    assert [row["verdict"] for row in document["rows"]] == ["baseline"]


def test_windows_come_from_a_recording_of_the_workspace(vibench_json, folders, simulated, tmp_path):
    settings = Settings(workspace=os.environ["VIBENCH_WORKSPACE"], _env_file=None)
    with Workspace.open(settings) as workspace:
        kept = workspace.recordings.add(simulated["inner"], "inner.npz").row
    (document,) = vibench_json("benchmark", folders[1], "--recording", kept.id, "--rounds", "10", "--processes", "1")

    assert document["windows"] == {"source": "recordings", "recording": "inner.npz", "count": 64}


def test_a_report_that_can_t_be_written_leaves_the_old_one(tmp_path, monkeypatch, measured):
    made = Benchmark.from_json(json.loads(measured[1].stdout))
    report = tmp_path / "report.html"
    report.write_text("old")

    def full(path, *_, **__):
        path.write_bytes(b"<!doctype")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Exception, match=r"report.html can't be opened: No space left on device"):
        write_report(made, report)

    assert report.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [report]


def test_numbers_are_read_with_commas_between_them():
    assert numbers("1") == (1,)
    assert numbers("1, 32") == (1, 32)
    with pytest.raises(ArgumentTypeError):
        numbers("")


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit):
        main(["benchmark", "--help"])

    told = capsys.readouterr().out
    for option in (
        "--batch",
        "--threads",
        "--runtime",
        "--rounds",
        "--processes",
        "--baseline",
        "--recordings",
        "--report",
        "--json",
    ):
        assert option in told
