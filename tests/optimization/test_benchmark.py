from dataclasses import replace

import numpy as np
import pytest

from engine.errors import BenchmarkError
from engine.machine import this_machine
from optimization.benchmark import (
    WINDOWS,
    Benchmark,
    BenchmarkSettings,
    benchmark,
    benchmark_windows,
    control_of,
    proof_of,
    require_measurable,
    speed_against,
)
from optimization.intervals import RESOLUTION
from optimization.measuring_process import Timed
from optimization.recording_set import RecordingSet, simulated_set
from optimization.verification import runtime_key, verify


@pytest.fixture(scope="module")
def measured(untrained_variants, card):
    told = []
    settings = BenchmarkSettings(batches=(1, 4), rounds=20)
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
        assert row.throughput_per_s == pytest.approx(1e3 * row.batch / row.p50_ms, rel=0.8)
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


def test_progress_is_told_variant_by_variant_and_round_by_round(measured):
    _, told = measured

    assert told[0] == ("Loading wdcnn/pytorch", 0, 4)
    assert [said for said in told if said[0] == "Measuring"][-1] == ("Measuring", 40, 40)
    counts = [done for what, done, _ in told if what == "Measuring"]
    assert counts == sorted(counts)


def test_a_real_benchmark_survives_being_written(measured):
    made, _ = measured

    assert Benchmark.from_json(made.to_json()) == made


def rounds(*milliseconds):
    values = tuple(milliseconds) * 20
    return Timed(values, 1.0, 1.0, None, 1.0)


def test_a_ratio_is_of_latencies_of_the_same_round(untrained_variants):
    swinging, half = rounds(1, 10, 3), rounds(0.5, 5, 1.5)
    control = control_of(untrained_variants[1], (1, 1), rounds(1, 10, 3), swinging)

    assert (control.ratio, control.ratio_low, control.ratio_high, control.verdict) == (1, 1, 1, "tie")
    interval, verdict = speed_against(half, swinging, control)
    assert (interval.median, verdict) == (0.5, "faster")


def test_a_control_that_differs_from_itself_is_no_tie_and_hides_smaller_differences(untrained_variants):
    control = control_of(untrained_variants[1], (1, 1), rounds(1.1), rounds(1.0))

    assert control.verdict == "slower"
    assert control.resolution == pytest.approx(0.1)
    assert speed_against(rounds(0.95), rounds(1.0), control)[1] == "tie"
    assert speed_against(rounds(0.95), rounds(1.0), replace(control, resolution=RESOLUTION))[1] == "faster"


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

    proof = proof_of(proven, machine)
    assert proof["verdict"] == verification.verdict
    assert (proof["flips"], proof["recordings"]) == (0, 4)
    assert proof["flips_upper_bound"] == verification.recordings.flips_upper_bound
    assert proof["top1_agreement"] == 1
    assert not proof["stale"]
    elsewhere = verification.to_json() | {"runtime": runtime_key(replace(machine, flags=("amx_int8",)))}
    assert proof_of(replace(proven, verification=elsewhere), machine)["stale"]


def test_a_verification_that_is_missing_broken_or_of_other_weights_proves_nothing(untrained_variants):
    pytorch, onnx = untrained_variants
    verification = verify(onnx, pytorch, simulated_set(4, seed=3)).to_json()
    machine = this_machine()

    assert proof_of(onnx, machine) == {}
    assert proof_of(replace(onnx, verification={"verdict": "equivalent"}), machine) == {}
    assert proof_of(replace(onnx, verification={**verification, "variant": "ab" * 32}), machine) == {}
