from dataclasses import replace

import numpy as np
import pytest

from engine.errors import BenchmarkError, ModelRefusedError
from engine.machine import this_machine
from engine.runtimes import RUNTIMES
from optimization.benchmark import (
    WINDOWS,
    Benchmark,
    BenchmarkSettings,
    baseline_among,
    benchmark,
    benchmark_windows,
    load_each,
    proof_of,
    require_measurable,
)
from optimization.measuring.candidate import Candidate, candidates_of
from optimization.measuring.process import Alone
from optimization.recording_set import RecordingSet, simulated_set
from optimization.verification import runtime_key, verify


@pytest.fixture(scope="module")
def measured(untrained_variants, card):
    told = []
    settings = BenchmarkSettings(batches=(1, 4), rounds=20, processes=1)
    windows, source = benchmark_windows(card, 4)
    made = benchmark(untrained_variants, settings, windows, source, progress=lambda *said: told.append(said))
    return made, told


def test_each_variant_has_a_row_for_each_batch(measured, untrained_variants):
    made, _ = measured

    assert [(row.variant, row.batch) for row in made.rows] == [
        ("pytorch", 1),
        ("pytorch", 4),
        ("onnx", 1),
        ("onnx", 4),
    ]
    for row in made.rows:
        variant = untrained_variants[row.variant == "onnx"]
        assert (row.digest, row.size_bytes, row.backend) == (variant.digest, variant.size_bytes, variant.backend)
        assert 0 < row.p50_ms <= row.p90_ms
        assert row.load_ms > 0
        assert row.first_ms > 0
        assert row.throughput_per_s > 0
    assert [row.runtime for row in made.rows] == ["pytorch", "pytorch", "onnxruntime", "onnxruntime"]


def test_pytorch_is_measured_slower_and_heavier_than_onnx_runtime(measured):
    made, _ = measured
    pytorch, onnx = made.rows_at(1, 1)

    assert (onnx.verdict, onnx.ratio, onnx.ratio_low, onnx.ratio_high) == ("baseline", 1, 1, 1)
    assert pytorch.verdict == "slower"
    assert 1 < pytorch.ratio_low <= pytorch.ratio <= pytorch.ratio_high
    assert pytorch.peak_rss_mb > 1.5 * onnx.peak_rss_mb


def test_the_baseline_is_its_own_control_at_every_batch(measured):
    made, _ = measured

    assert [(control.variant, control.batch) for control in made.controls] == [("wdcnn/onnx", 1), ("wdcnn/onnx", 4)]
    assert made.settings.baseline == "wdcnn/onnx"
    assert made.noisy == any(control.verdict != "tie" for control in made.controls)
    assert all(0.5 < control.ratio < 2 for control in made.controls)


def test_what_is_measured_is_told_against_the_hop_and_the_fastest_in_float32(measured, card):
    made, _ = measured
    hop_s = card.hop / card.sampling_rate_hz
    for row in made.rows:
        assert row.hop_share == pytest.approx(row.p50_ms / 1e3 / hop_s)
        assert row.realtime_factor == pytest.approx(row.batch / row.hop_share)
        assert (row.best_fp32, row.forecast) == ("onnx", None)
        assert row.ratio_to_best_fp32 == row.ratio
    assert [row.verdict_to_best_fp32 for row in made.rows_at(1, 1)] == ["slower", "baseline"]


def test_the_way_from_file_to_verdict_is_measured_for_the_baseline(measured):
    made, _ = measured

    assert made.file_to_verdict.windows == 45
    assert 0 < made.file_to_verdict.inference_share < 1


def test_progress_is_told_variant_by_variant_and_round_by_round(measured):
    _, told = measured

    assert told[0] == ("Loading wdcnn/pytorch", 0, 4)
    assert [said for said in told if said[0] == "Measuring"][-1] == ("Measuring", 40, 40)
    counts = [done for what, done, _ in told if what == "Measuring"]
    assert counts == sorted(counts)


def test_a_real_benchmark_survives_being_written(measured):
    made, _ = measured

    assert Benchmark.from_json(made.to_json()) == made


@pytest.fixture(scope="module")
def on_runtimes(untrained_variants, card):
    """One file on both of its runtimes, and what was expected of it."""
    _, onnx_file = untrained_variants
    settings = BenchmarkSettings(rounds=10, processes=2, runtimes=("openvino", "onnxruntime"))
    windows, source = benchmark_windows(card, 1)
    expected = {"onnxruntime": 0.5, "openvino": 2.0}
    return benchmark([onnx_file], settings, windows, source, forecast=lambda variant, runtime, batch: expected[runtime])


@pytest.mark.skipif(not RUNTIMES["openvino"].available(), reason="OpenVINO is optional and not installed here")
def test_a_variant_is_measured_on_each_runtime_and_its_usual_one_is_the_baseline(on_runtimes):
    first, second = on_runtimes.rows

    assert [(row.variant, row.runtime) for row in (first, second)] == [("onnx", "openvino"), ("onnx", "onnxruntime")]
    assert (first.label, second.verdict) == ("onnx on OpenVINO", "baseline")
    assert first.digest == second.digest
    assert first.best_fp32 in ("onnx", "onnx on OpenVINO")
    assert on_runtimes.settings.processes == 2
    assert on_runtimes.left_out == ()


@pytest.mark.skipif(not RUNTIMES["openvino"].available(), reason="OpenVINO is optional and not installed here")
def test_a_forecast_stands_beside_what_was_measured_but_for_the_baseline(on_runtimes):
    assert [row.forecast for row in on_runtimes.rows] == [2.0, None]
    assert on_runtimes.forecast_error == abs(2 / on_runtimes.rows[0].ratio - 1)


@pytest.mark.skipif(not RUNTIMES["openvino"].available(), reason="OpenVINO is optional and not installed here")
def test_what_a_runtime_refuses_is_left_out_and_told(untrained_variants, monkeypatch):
    candidates = candidates_of([untrained_variants[1]], ("onnxruntime", "openvino"))

    def refuse(candidate, windows, threads):
        if candidate.runtime == "openvino":
            raise ModelRefusedError(candidate.full_name, "OpenVINO can't execute it: no rule for LSTM")
        return Alone(1.0, 1.0, 50.0)

    monkeypatch.setattr("optimization.benchmark.measure_alone", refuse)
    found, left_out = load_each(candidates, [(1, 1)], np.zeros((1, 1, 2048), np.float32), lambda *_: None)

    assert [candidate.runtime for candidate, _ in found] == ["onnxruntime"]
    assert [(each.candidate, "no rule for LSTM" in each.reason) for each in left_out] == [
        ("wdcnn/onnx on OpenVINO", True)
    ]
    with pytest.raises(BenchmarkError, match="wdcnn/onnx is the baseline, and none of these runtimes executes it"):
        baseline_among([], untrained_variants[1])


def test_what_can_t_be_compared_is_refused_before_anything_is_loaded(untrained_variants):
    pytorch, onnx = untrained_variants
    other = replace(onnx, card=replace(onnx.card, name="resnet18-1d"))
    settings = BenchmarkSettings()

    for variants, said in [
        ([], "Nothing was chosen"),
        ([onnx, other], "don't take the same windows: compare variants of one network"),
        ([onnx, onnx], "wdcnn/onnx was chosen twice"),
    ]:
        with pytest.raises(BenchmarkError, match=said):
            require_measurable(variants, settings)
    with pytest.raises(BenchmarkError, match="This machine has no 4096 threads"):
        require_measurable([onnx], replace(settings, threads=(4096,)))
    with pytest.raises(BenchmarkError, match="wdcnn/int8 can't be the baseline without being measured"):
        require_measurable([pytorch, onnx], replace(settings, baseline="wdcnn/int8"))


def test_the_baseline_is_onnx_unless_another_is_named(untrained_variants):
    pytorch, onnx = untrained_variants

    assert require_measurable([pytorch, onnx], BenchmarkSettings()) is onnx
    assert require_measurable([pytorch], BenchmarkSettings()) is pytorch
    assert require_measurable([pytorch, onnx], BenchmarkSettings(baseline="wdcnn/pytorch")) is pytorch
    assert require_measurable([pytorch, onnx], BenchmarkSettings(baseline=pytorch.digest)) is pytorch


def test_too_few_windows_are_refused(untrained_variants):
    windows = np.zeros((3, 1, 2048), dtype=np.float32)

    with pytest.raises(BenchmarkError, match="There are 3 windows for a batch of 4"):
        benchmark(untrained_variants, BenchmarkSettings(batches=(4,)), windows, {})


def test_simulated_windows_are_taken_where_no_recording_is_given(card):
    windows, said = benchmark_windows(card, 1)

    assert windows.shape == (WINDOWS, 1, 2048)
    assert windows.dtype == np.float32
    assert said == {"source": "simulated", "recording": None, "count": WINDOWS}


def test_windows_of_a_short_recording_come_again(card):
    one = RecordingSet("recordings", simulated_set(1, seed=1).recordings)
    windows, said = benchmark_windows(card, 100, one)

    assert windows.shape == (100, 1, 2048)
    assert said == {"source": "recordings", "recording": one.recordings[0].name, "count": 100}
    assert len(np.unique(windows, axis=0)) < 100

    _, said = benchmark_windows(card, 1, RecordingSet("recordings", simulated_set(3, seed=1).recordings))
    assert said["recording"] == "3 recordings"


def test_a_row_tells_what_is_proven_and_whether_here(untrained_variants):
    pytorch, onnx = untrained_variants
    machine = this_machine()
    verification = verify(onnx, pytorch, simulated_set(4, seed=3))
    proven = replace(onnx, verification=verification.to_json())

    proof = proof_of(Candidate.of(proven), machine)
    assert proof["verdict"] == verification.verdict
    assert (proof["flips"], proof["recordings"]) == (0, 4)
    assert proof["flips_upper_bound"] == verification.recordings.flips_upper_bound
    assert proof["top1_agreement"] == 1
    assert not proof["stale"]
    elsewhere = verification.to_json() | {"runtime": runtime_key(replace(machine, flags=("amx_int8",)))}
    assert proof_of(Candidate.of(replace(proven, verification=elsewhere)), machine)["stale"]
    assert proof_of(Candidate(proven, "openvino"), machine)["stale"]


def test_a_verification_that_is_missing_broken_or_of_other_weights_proves_nothing(untrained_variants):
    pytorch, onnx = untrained_variants
    verification = verify(onnx, pytorch, simulated_set(4, seed=3)).to_json()
    machine = this_machine()

    assert proof_of(Candidate.of(onnx), machine) == {}
    assert proof_of(Candidate.of(replace(onnx, verification={"verdict": "equivalent"})), machine) == {}
    assert proof_of(Candidate.of(replace(onnx, verification={**verification, "variant": "ab" * 32})), machine) == {}
