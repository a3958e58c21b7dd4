"""Searches made up, and a workspace whose queue takes them without a worker."""

from dataclasses import asdict

import pytest

from engine.machine import this_machine
from optimization.measuring.intervals import Interval
from optimization.measuring.measurement import Benchmark, BenchmarkSettings, Control, Row
from optimization.searching.candidates import Tried
from optimization.searching.question import Limits, Question
from workspace.settings import Settings
from workspace.workspace import Workspace

PROOF = {
    "verdict": "equivalent", "flips": 0, "recordings": 24, "flips_upper_bound": 0.12, "top1_agreement": 1.0,
    "sqnr_db": 30.0, "stale": False,
}  # fmt: skip
STATIC = ({"pass": "quantize_static", "parameters": {}},)


def tried_ones():
    """The network, a fast one, a small one, one that was too large, and one on another runtime."""
    exact = {**PROOF, "sqnr_db": None}
    return [
        Tried(1, {}, "onnx", "onnxruntime", (), 0, "1" * 64, 220_000, 1.0, exact, Interval(1.0, 0.99, 1.01)),
        Tried(2, {}, "int8-static", "onnxruntime", STATIC, 64, "2" * 64, 74_000, 0.34, PROOF,
              Interval(0.5, 0.48, 0.52)),
        Tried(3, {}, "onnx-conv2d", "onnxruntime", ({"pass": "conv_layout", "parameters": {}},), 0, "3" * 64, 221_000,
              1.01, exact, Interval(0.8, 0.79, 0.81)),
        Tried(4, {}, "int8-dynamic", "onnxruntime", ({"pass": "quantize_dynamic", "parameters": {}},), 0, "4" * 64,
              160_000, 0.73, {}, None, "Its verdicts are degraded."),
        Tried(5, {}, "int8-static", "openvino", STATIC, 64, "2" * 64, 74_000, 0.34, PROOF, Interval(0.9, 0.8, 1.0)),
    ]  # fmt: skip


def measured_beside():
    """The one to ship beside the network."""
    common = {
        "network": "wdcnn", "runtime": "onnxruntime", "batch": 1, "threads": 1, "load_ms": 9.0, "first_ms": 0.5,
        "p50_ms": 1.0, "p90_ms": 1.1, "p99_ms": None, "throughput_per_s": 900.0, "peak_rss_mb": 65.0,
    }  # fmt: skip
    base = Row(
        **common, variant="onnx", digest="1" * 64, backend="onnx", size_bytes=220_000, ratio=1.0, ratio_low=1.0,
        ratio_high=1.0, verdict="baseline", proof={},
    )  # fmt: skip
    ship = Row(
        **common, variant="int8-static", digest="2" * 64, backend="int8", size_bytes=74_000, ratio=0.5, ratio_low=0.48,
        ratio_high=0.52, verdict="faster", proof=PROOF,
    )  # fmt: skip
    return Benchmark(
        machine=this_machine(),
        settings=BenchmarkSettings((1,), (1,), 100, "wdcnn/onnx"),
        windows={"source": "simulated", "recording": None, "count": 64},
        rows=(ship, base),
        controls=(Control("wdcnn/onnx", 1, 1, 1.0, 0.99, 1.01, 0.02, "tie"),),
        noisy=False,
        measured_at="2026-03-04T05:06:07+00:00",
        seconds=12.0,
    )


@pytest.fixture
def result():
    """What a search keeps: INT8 is the one to ship."""
    candidates = tried_ones()
    machine = this_machine()
    question = Question(limits=Limits(0.03, None, 0.8))
    return {
        "schema": "vibench.search/1",
        "sentence": "Ship wdcnn/int8-static on ONNX Runtime: 2.00 times faster than wdcnn/onnx, 0 of 100 flipped.",
        "question": {"model": "wdcnn/onnx", "digest": "1" * 64, **question.to_json()},
        "candidates": [one.to_json() for one in candidates],
        "front": [2, 3],
        "finalists": [candidates[1].to_json()],
        "ship": {
            "number": 2, "variant": "wdcnn/int8-static", "digest": "2" * 64, "runtime": "onnxruntime",
            "size_bytes": 74_000, "size_ratio": 0.34, "recipe": list(STATIC), "windows": 64, "start": "wdcnn/onnx",
            "yaml": "# Makes it\n- {pass: quantize_static}\n",
            "command": "vibench optimize wdcnn/onnx --recipe FILE.yaml", "deterministic": True,
            "reason": "int8-static took 0.50 of the network's time.", "keeps_limits": True, "missed": [],
            "benchmark": measured_beside().to_json(), "verification": None,
        },
        "recordings": {"source": "simulated", "chosen_by": 24, "proven_with": 100, "learned_from": 0},
        "noisy": False,
        "seconds": 56.0,
        "machine": asdict(machine) | {"flags": list(machine.flags)},
    }  # fmt: skip


@pytest.fixture
def workspace(tmp_path, untrained_variants):
    """A workspace with a network in PyTorch's form and as ONNX."""
    with Workspace.open(Settings(workspace=tmp_path / "workspace", _env_file=None)) as opened:
        for variant in untrained_variants:
            opened.variants.add(variant)
        yield opened


@pytest.fixture
def submit(workspace):
    """Ask for a search, and return the job."""

    def ask(recordings=(), **question):
        asked = {"variant": "wdcnn/onnx", "question": question, "recordings": list(recordings)}
        return workspace.jobs.submit("search", asked).job

    return ask


def words_of(component):
    """All words of a component, in their order."""
    if isinstance(component, list | tuple):
        return " ".join(filter(None, map(words_of, component)))
    if component is None or isinstance(component, bool):
        return ""
    if isinstance(component, str | int | float):
        return str(component)
    return words_of(getattr(component, "children", None))


@pytest.fixture
def text_of():
    return lambda component: " ".join(words_of(component).split())


@pytest.fixture
def parts_of():
    """Every component of a tree."""

    def parts(component):
        if isinstance(component, list | tuple):
            return [one for child in component for one in parts(child)]
        if component is None or isinstance(component, str):
            return []
        return [component, *parts(getattr(component, "children", None))]

    return parts
