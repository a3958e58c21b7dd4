import pytest

from workspace.kernels import keep, place_of


@pytest.fixture
def table(workspace_folder, kernel_table, vibench):
    """Put a table of kernels where the workspace keeps it, so that none is measured."""
    vibench("models")  # makes the workspace where no test did before
    keep(kernel_table, place_of(workspace_folder))


def test_a_forecast_tells_size_time_operators_and_warnings_and_makes_nothing(table, vibench, vibench_json):
    (before,) = vibench_json("models")

    told = vibench("optimize", "wdcnn", "--pass", "quantize_dynamic", "--set", "operators=all", "--forecast", "2")

    first, *lines = told.out.splitlines()
    assert first.startswith("wdcnn/int8-dynamic would be 67 kB, 0.30 of wdcnn/onnx, and take ")
    assert " of its time at batch 2, " in first
    assert any(line.startswith("  warning: Convolutions quantised dynamically become ConvInteger") for line in lines)
    assert "    5  ConvInteger            INT8" in "\n".join(lines)
    assert "Measuring" not in told.err
    assert vibench_json("models") == [before]


def test_json_is_one_document(table, vibench_json):
    (said,) = vibench_json("optimize", "wdcnn", "--pass", "convert_fp16", "--forecast")

    assert (said["schema"], said["batch"], said["after"]) == ("vibench.forecast/1", 1, "wdcnn/fp16")
    assert said["ratio"] == said["ms"][1] / said["ms"][0]


def test_an_impossible_batch_is_one_sentence(table, vibench):
    told = vibench("optimize", "wdcnn", "--pass", "convert_fp16", "--forecast", "999", status=2)

    assert told.err.splitlines()[-1].startswith("vibench: --forecast takes a batch size from 1 to 256")


def test_an_ordinary_run_is_warned_of_on_standard_error(vibench, tmp_path):
    words = ["--set", "operators=all", "--out", tmp_path / "out"]
    told = vibench("optimize", "wdcnn/onnx", "--pass", "quantize_dynamic", *words)

    warned = [line for line in told.err.splitlines() if line.startswith("vibench: warning: ")]
    assert len(warned) == 1
    assert "ConvInteger" in warned[0]
