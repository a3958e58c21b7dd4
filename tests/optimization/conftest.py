"""A benchmark whose numbers are known, made up of the rows that a test asks for."""

import pytest

from engine.machine import Machine
from optimization.measurement import Benchmark, BenchmarkSettings, Control, Row

PROOF = {
    "verdict": "equivalent",
    "flips": 0,
    "recordings": 40,
    "flips_upper_bound": 0.0722,
    "top1_agreement": 0.998,
    "sqnr_db": 37.1,
    "stale": False,
}


@pytest.fixture
def proof():
    """Return a proof, changed where a test wants it."""

    def make(**changes):
        return PROOF | changes

    return make


@pytest.fixture
def row():
    """Return a row whose ratio follows from its latency, 100 ms being the baseline's."""

    def make(variant, *, p50_ms=100.0, verdict="tie", proof=PROOF, size_bytes=4_000_000, batch=1):
        ratio = p50_ms / 100
        return Row(
            network="resnet18-1d",
            variant=variant,
            digest="ab" * 32,
            backend={"pytorch": "pytorch", "fp16": "fp16"}.get(variant, "int8" if "int8" in variant else "onnx"),
            runtime="onnxruntime",
            batch=batch,
            threads=1,
            size_bytes=size_bytes,
            load_ms=44.1,
            first_ms=120.3,
            p50_ms=p50_ms,
            p90_ms=p50_ms * 1.1,
            p99_ms=None,
            throughput_per_s=1e3 / p50_ms,
            peak_rss_mb=110.25,
            ratio=ratio,
            ratio_low=ratio * 0.9,
            ratio_high=ratio * 1.1,
            verdict=verdict,
            proof=proof,
        )

    return make


@pytest.fixture
def measured(row):
    """Return a benchmark of these rows and a baseline, at batch 1 and one thread unless rows say more."""

    def make(*rows, control="tie", batches=(1,)):
        base = [row("onnx", verdict="baseline", proof={}, size_bytes=15_380_000, batch=batch) for batch in batches]
        machine = Machine("Xeon <2.5 GHz>", ("avx2",), 2, "performance", 2**34, "Linux", {"onnxruntime": "1.31.1"})
        low = {"tie": 0.99, "slower": 1.04, "faster": 0.9}[control]
        return Benchmark(
            machine=machine,
            settings=BenchmarkSettings(batches=batches, baseline="resnet18-1d/onnx"),
            windows={"source": "simulated", "recording": None, "count": 64},
            rows=(*base, *rows),
            controls=tuple(
                Control("resnet18-1d/onnx", batch, 1, low + 0.01, low, low + 0.02, 0.02, control) for batch in batches
            ),
            noisy=control != "tie",
            measured_at="2026-11-21T14:32:00+00:00",
            seconds=61.0,
        )

    return make
