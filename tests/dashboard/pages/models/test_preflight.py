import pytest

from dashboard.pages.models import ids
from dashboard.pages.models.preflight import failed, sentence, told
from engine.errors import NoEffect

SAID = {
    "before": "wdcnn/onnx",
    "after": "wdcnn/int8-static",
    "batch": 1,
    "size_bytes": [219_582, 73_886],
    "ms": [0.11, 0.06],
    "ratio": 0.06 / 0.11,
    "operators": [
        {"operator": "QLinearConv", "precision": "int8", "count": 5, "ms": 0.04},
        {"operator": "Conv", "precision": "fp32", "count": 1, "ms": 0.01},
        {"operator": "QuantizeLinear", "precision": "cast", "count": 1, "ms": 0.002},
    ],
    "kept": [{"operator": "Conv", "count": 1, "reason": "keep_fp32 names it"}],
    "warnings": [{"code": "no-vnni", "message": "This processor has no VNNI"}],
}
BLIND = {**SAID, "ms": None, "ratio": None, "operators": [{**row, "ms": None} for row in SAID["operators"]]}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "About 73.9 kB instead of 220 kB; about 1.8 times faster than wdcnn/onnx at batch 1."),
        ({"ratio": 2.5}, "About 73.9 kB instead of 220 kB; about 2.5 times slower than wdcnn/onnx at batch 1."),
        ({"ratio": 0.96}, "About 73.9 kB instead of 220 kB; about as fast as wdcnn/onnx at batch 1."),
        ({"ratio": None}, "About 73.9 kB instead of 220 kB."),
        ({"ratio": None, "size_bytes": [1000, 1000]}, "About 1.00 kB, as before."),
    ],
)
def test_one_sentence_says_size_and_latency(changes, text):
    assert sentence({**SAID, **changes}) == text


def test_operators_what_stays_in_float32_and_warnings_are_told(text_of):
    words = text_of(told(SAID, measuring=False))

    assert "Per operator: 5 INT8, 1 FP32, 1 cast" in words
    assert "1 × Conv stays in FP32: keep_fp32 names it." in words
    assert "QLinearConv INT8 5 40.0" in words
    assert "This processor has no VNNI." in words


def test_without_a_table_of_kernels_it_can_be_measured(text_of, all_of):
    offered = told(BLIND, measuring=False)
    assert "No latency is told until this machine's kernels have been measured" in text_of(offered)
    assert ids.MEASURE_KERNELS in [getattr(one, "id", None) for one in all_of(offered)]
    assert "µs a call" not in text_of(offered)

    waiting = told(BLIND, measuring=True)
    assert "are being measured" in text_of(waiting)
    assert ids.MEASURE_KERNELS not in [getattr(one, "id", None) for one in all_of(waiting)]


def test_a_result_for_pytorch_has_no_latency_to_measure(text_of, all_of):
    shown = told({**BLIND, "operators": [], "kept": []}, measuring=False)

    assert "No latency is foretold of PyTorch's form" in text_of(shown)
    assert ids.MEASURE_KERNELS not in [getattr(one, "id", None) for one in all_of(shown)]


def test_a_recipe_that_changes_nothing_says_so(text_of):
    assert "Nothing to expect." in text_of(failed(NoEffect("fuse", "wdcnn/onnx has no normalisation")))
