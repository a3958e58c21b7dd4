"""What people see of it; what is found and why is tested with the library."""

import pytest

from optimization.explaining import compared


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(compared, "ROUNDS", 10)
    monkeypatch.setattr(compared, "PROCESSES", 1)


def test_a_bad_variant_is_explained_mended_and_measured_again(short, vibench, vibench_json):
    vibench("optimize", "wdcnn", "--pass", "quantize_dynamic", "--set", "operators=all", "--name", "slow-dynamic")

    told = vibench("explain", "wdcnn/slow-dynamic", "--mend")

    first, *lines = told.out.splitlines()
    assert first.startswith("wdcnn/slow-dynamic is ")
    assert "wdcnn/onnx" in first
    assert first.endswith(" % of its time goes to ConvInteger.")
    assert lines[0].startswith("  dynamic-convolution: ")
    assert any(line.startswith("operator ") and line.endswith("in slow-dynamic") for line in lines)
    assert "To mend it: vibench optimize wdcnn/onnx --pass quantize_static" in lines
    assert " kB, equivalent, " in lines[-1]
    assert "wdcnn/slow-dynamic [" in lines[-1] or "wdcnn/slow-dynamic (" in lines[-1]
    (listed,) = vibench_json("models")
    made = lines[-1].partition(":")[0].partition("/")[2]
    assert made in {variant["variant"] for variant in listed if variant["name"] == "wdcnn"}
    vibench("models", "remove", "wdcnn/slow-dynamic")


def test_json_is_one_document(short, vibench_json):
    (said,) = vibench_json("explain", "wdcnn/fp16", "--batch", "2")

    assert (said["schema"], said["variant"], said["batch"]) == ("vibench.explanation/1", "wdcnn/fp16", 2)
    assert said["causes"][0]["code"] == "half-precision"
    assert said["mended"] is None


def test_where_nothing_is_wrong_it_says_what_was_measured_and_that_nothing_was_made(short, vibench):
    told = vibench("explain", "wdcnn/int8-static", "--mend")

    if "float-conv2d: " in told.out:  # on this processor the float form in two dimensions wins, and mends
        assert "To mend it: vibench optimize wdcnn/onnx --pass conv_layout" in told.out
    else:
        assert "wdcnn/onnx-conv2d" in told.out
        assert told.out.endswith("No passes are known that mend it, so nothing was made.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["wdcnn/pytorch"], "only ONNX Runtime tells where time goes"),
        (["wdcnn/onnx", "--against", "wdcnn/pytorch"], "only ONNX Runtime tells where time goes"),
        (["wdcnn/onnx", "--against", "wdcnn/onnx"], "it is what it would be compared with"),
        (["wdcnn/int8-static", "--batch", "0"], "--batch is a number from 1 to 256"),
        (["none/none"], "There is no network or variant none/none"),
    ],
)
def test_bad_input_is_one_sentence(vibench, words, said):
    told = vibench("explain", *words, status=2)

    assert told.out == ""
    assert said in told.err.splitlines()[-1]
