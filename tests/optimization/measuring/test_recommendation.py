from dataclasses import replace

import pytest

from engine.errors import BenchmarkError
from optimization.measuring.measurement import FileToVerdict
from optimization.measuring.recommendation import file_told, forecast_told, recommended, sentence, speed_told, times


def test_the_fastest_proven_variant_is_shipped(measured, row, proof):
    quick = row("int8-static", p50_ms=25, verdict="faster")
    quicker = row("pruned", p50_ms=10, verdict="faster", proof=proof(verdict="degraded", flips=3))
    made = measured(row("fp16", p50_ms=80, verdict="faster"), quick, quicker)

    assert recommended(made, 1, 1) == quick
    assert sentence(made, 1, 1) == (
        "Ship resnet18-1d/int8-static: 4.0 times faster [3.6 to 4.4] than resnet18-1d/onnx, "
        "0 of 40 verdicts flipped (at most 7.2 % in truth)."
    )


def test_the_network_as_it_was_trained_needs_no_proof(measured, row):
    original = row("pytorch", p50_ms=50, verdict="faster", proof={})
    made = measured(row("int8-static", p50_ms=25, verdict="faster", proof={}), original)

    assert recommended(made, 1, 1) == original
    assert sentence(made, 1, 1) == (
        "Ship resnet18-1d/pytorch: 2.0 times faster [1.8 to 2.2] than resnet18-1d/onnx, the network as it was trained."
    )


@pytest.mark.parametrize(
    ("ratio", "verdict", "said"),
    [
        (1.3, "slower", " and 1.3 times slower [1.2 to 1.4] than onnx-conv2d, the fastest in float32, "),
        (0.5, "faster", " and 2.0 times faster [1.8 to 2.2] than onnx-conv2d, the fastest in float32, "),
        (1.0, "tie", " and a tie [0.90 to 1.10] with onnx-conv2d, the fastest in float32, "),
        (1.0, "baseline", "resnet18-1d/onnx, the fastest in float32, "),
    ],
)
def test_the_fastest_in_float32_stands_beside_the_baseline(ratio, verdict, said, measured, row):
    quick = replace(
        row("int8-static", p50_ms=25, verdict="faster"),
        best_fp32="onnx-conv2d",
        ratio_to_best_fp32=ratio,
        ratio_to_best_fp32_low=0.9 * ratio,
        ratio_to_best_fp32_high=1.1 * ratio,
        verdict_to_best_fp32=verdict,
    )

    assert said in sentence(measured(quick), 1, 1)
    undecided = replace(quick, proof={})
    assert said.rstrip() in sentence(measured(undecided), 1, 1)


def test_nothing_is_said_of_float32_where_its_fastest_is_the_baseline(measured, row):
    quick = replace(row("int8-static", p50_ms=25, verdict="faster"), best_fp32="onnx", verdict_to_best_fp32="faster")

    assert "float32" not in sentence(measured(quick), 1, 1)


def test_the_runtime_is_named_where_it_is_not_the_usual_one(measured, row):
    elsewhere = replace(row("int8-static", p50_ms=25, verdict="faster"), runtime="openvino")
    made = measured(elsewhere)

    assert sentence(made, 1, 1).startswith("Ship resnet18-1d/int8-static on OpenVINO: 4.0 times faster")
    rows = (replace(made.rows[0], runtime="openvino"), row("fp16", p50_ms=101))
    assert sentence(replace(made, rows=rows), 1, 1).startswith("Keep resnet18-1d/onnx on OpenVINO: nothing is faster")


def test_the_share_of_inference_is_told_with_its_steps():
    assert file_told(FileToVerdict(4.0, 45, 80.0, 5.0, 12.0, 3.0)) == (
        "Inference is 12 % of file to verdict "
        "(read 80.0 ms, prepare 5.0 ms, predict 12.0 ms, judge 3.0 ms; 4 s of signal, 45 windows)"
    )
    assert file_told(FileToVerdict(4.0, 45, 80.0, 5.0, 2.0, 3.0)).startswith("Inference is 2.2 % of")


def test_forecasts_are_told_by_how_far_they_missed(measured, row):
    assert forecast_told(measured(row("a"))) is None
    made = measured(replace(row("a", p50_ms=50), forecast=0.6))
    assert forecast_told(made) == "Forecasts of the ratio missed it by 20 % in the median"
    made = measured(replace(row("a", p50_ms=50), forecast=0.502))
    assert forecast_told(made) == "Forecasts of the ratio missed it by less than 1 % in the median"


def test_a_control_that_is_no_tie_is_all_that_is_said(measured, row):
    made = measured(row("int8-static", p50_ms=25, verdict="faster"), control="slower")

    assert recommended(made, 1, 1) is None
    assert sentence(made, 1, 1) == (
        "The control was no tie (resnet18-1d/onnx took 1.05 [1.04 to 1.06] of itself): "
        "close other programs and measure again."
    )


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        ({"verdict": "degraded", "flips": 3}, "its verdicts are degraded: 3 of 40 verdicts flipped"),
        ({"verdict": "undecided"}, "its proof is undecided: 0 of 40 verdicts flipped"),
        ({"stale": True}, "its proof was made on another kind of machine or by another runtime"),
        (None, "nothing proves that it gives the same verdicts"),
    ],
)
def test_what_stands_in_the_way_of_a_faster_variant_is_named(changes, obstacle, measured, row, proof):
    quick = row("int8-static", p50_ms=25, verdict="faster", proof={} if changes is None else proof(**changes))
    made = measured(row("fp16", p50_ms=101), quick)

    assert recommended(made, 1, 1) is None
    beginning, _, end = sentence(made, 1, 1).partition(", but ")
    assert beginning == (
        "Nothing to ship yet: resnet18-1d/int8-static is 4.0 times faster [3.6 to 4.4] than resnet18-1d/onnx"
    )
    assert end.startswith(obstacle)
    assert end.endswith(".")


def test_where_nothing_is_faster_the_baseline_stays(measured, row):
    made = measured(row("fp16", p50_ms=98), row("pytorch", p50_ms=200, verdict="slower"))

    assert sentence(made, 1, 1) == (
        "Keep resnet18-1d/onnx: nothing is faster; resnet18-1d/fp16 comes closest, a tie [0.88 to 1.08]."
    )


def test_a_baseline_alone_asks_for_company(measured):
    assert sentence(measured(), 1, 1) == (
        "Only resnet18-1d/onnx was measured: choose other variants to compare it with."
    )


def test_each_batch_is_judged_by_itself(measured, row):
    made = measured(row("int8-static", p50_ms=25, verdict="faster", batch=32), batches=(1, 32))

    assert sentence(made, 1, 1).startswith("Only ")
    assert sentence(made, 32, 1).startswith("Ship ")
    with pytest.raises(BenchmarkError, match="Batch 8 with threads 1 was not measured"):
        sentence(made, 8, 1)


def test_factors_have_the_digits_they_deserve():
    assert times(1.234, 1.2, 1.3, "slower") == "1.23 times slower [1.20 to 1.30]"
    assert times(4.321, 4.2, 4.5, "faster") == "4.3 times faster [4.2 to 4.5]"
    assert times(1.83, 1.82, 1.84, "faster") == "1.83 times faster [1.82 to 1.84]"
    assert times(4.401, 4.38, 4.42, "faster") == "4.40 times faster [4.38 to 4.42]"
    assert times(43.21, 40.0, 45.2, "faster") == "43 times faster [40 to 45]"
    assert times(25.31, 25.2, 25.4, "faster") == "25.3 times faster [25.2 to 25.4]"
    assert times(1.812, 1.804, 1.823, "faster") == "1.81 times faster [1.80 to 1.82]"
    assert times(1.812, 1.810, 1.813, "faster") == "1.812 times faster [1.810 to 1.813]"
    assert times(2, 2, 2, "faster") == "2.000 times faster [2.000 to 2.000]"


def test_every_speed_is_told(row):
    assert speed_told(row("a", verdict="baseline")) == "the baseline"
    assert speed_told(row("a", verdict="tie")) == "a tie [0.90 to 1.10]"
    assert speed_told(row("a", p50_ms=200, verdict="slower")) == "2.0 times slower [1.8 to 2.2]"
