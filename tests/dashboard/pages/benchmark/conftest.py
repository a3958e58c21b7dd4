"""Measurements made up, and a workspace whose queue takes them without a worker."""

from dataclasses import replace

import pytest

from engine.machine import Machine
from optimization.measuring.measurement import Benchmark, BenchmarkSettings, Control, Row
from workspace.settings import Settings
from workspace.workspace import Workspace

PROOF = {
    "verdict": "equivalent",
    "flips": 0,
    "recordings": 40,
    "flips_upper_bound": 0.072,
    "top1_agreement": 0.998,
    "sqnr_db": 37.2,
    "stale": False,
}
MACHINE = Machine(
    cpu="Intel(R) Xeon(R) CPU @ 2.50GHz",
    flags=("avx2", "avx512_vnni"),
    threads=2,
    governor=None,
    memory_bytes=8 * 2**30,
    system="Linux 6.1, x86_64",
    versions={"python": "3.11.2", "onnxruntime": "1.31.1", "torch": "2.13.0+cpu"},
)


def row(variant: str, ratio: float, verdict: str, **others) -> Row:
    values = {
        "network": "wdcnn",
        "variant": variant,
        "digest": variant.ljust(64, "0"),
        "backend": "int8" if "int8" in variant else "onnx",
        "runtime": "pytorch" if variant == "pytorch" else "onnxruntime",
        "batch": 1,
        "threads": 1,
        "size_bytes": 100_000,
        "load_ms": 9.0,
        "first_ms": 0.5,
        "p50_ms": 40 * ratio,
        "p90_ms": 44 * ratio,
        "p99_ms": None,
        "throughput_per_s": 25 / ratio,
        "peak_rss_mb": 65.0,
        "ratio": ratio,
        "ratio_low": ratio * 0.95,
        "ratio_high": ratio * 1.05,
        "verdict": verdict,
        "proof": {},
    }
    return Row(**{**values, **others})


def rows_at(batch: int) -> tuple[Row, ...]:
    made = (
        row("pytorch", 1.25, "slower"),
        row("onnx", 1.0, "baseline", ratio_low=1.0, ratio_high=1.0),
        row("int8-static", 0.25, "faster", proof=PROOF),
    )
    return tuple(replace(one, batch=batch) for one in made)


@pytest.fixture
def measured() -> Benchmark:
    """Three variants at two batch sizes, of which the quiet control lets INT8 be shipped."""
    controls = tuple(Control("wdcnn/onnx", batch, 1, 1.0, 0.99, 1.01, 0.02, "tie") for batch in (1, 32))
    return Benchmark(
        machine=MACHINE,
        settings=BenchmarkSettings((1, 32), (1,), 200, "wdcnn/onnx", processes=5),
        windows={"source": "simulated", "recording": None, "count": 64},
        rows=(*rows_at(1), *rows_at(32)),
        controls=controls,
        noisy=False,
        measured_at="2026-03-04T05:06:07+00:00",
        seconds=78.0,
    )


@pytest.fixture
def noisy(measured) -> Benchmark:
    """The same, its control at batch 1 no tie."""
    wrong = replace(measured.controls[0], ratio=1.3, ratio_low=1.2, ratio_high=1.4, verdict="slower")
    return replace(measured, controls=(wrong, measured.controls[1]), noisy=True)


@pytest.fixture
def workspace(tmp_path, untrained_variants):
    settings = Settings(workspace=tmp_path / "workspace", _env_file=None)
    with Workspace.open(settings) as opened:
        for variant in untrained_variants:
            opened.variants.add(variant)
        yield opened


@pytest.fixture
def submit(workspace):
    """Ask for a measurement of both variants, and return the job."""

    def ask(**parameters):
        variants = {"variants": ["wdcnn/pytorch", "wdcnn/onnx"]}
        return workspace.jobs.submit("benchmark", {**variants, **parameters}).job

    return ask
