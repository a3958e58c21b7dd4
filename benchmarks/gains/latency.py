"""Latencies and sizes, interleaved, as ratios to plain ONNX Runtime in float32 at the same shape."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from bars import Bar

from engine.runtimes import RUNTIMES
from engine.variant import Variant
from gains.forms import FORMS, LONG_WINDOW, OWN_WINDOW, form
from gains.obstacles import obstacle
from optimization.benchmark import Benchmark, BenchmarkSettings, benchmark, benchmark_windows, sentence
from optimization.forecast import forecaster
from optimization.forecasting.kernels import Kernels
from optimization.measuring.measurement import Row
from workspace.kernels import kernels_here


@dataclass(frozen=True, slots=True)
class Limit:
    """What a form's latency, or its size, should be at most."""

    network: str
    window: int
    batch: int
    form: str
    runtime: str
    latency: float
    size: float | None = None


FORECAST_ERROR = 0.20

LIMITS = (
    Limit("resnet18-1d", LONG_WINDOW, 1, "int8-static", "onnxruntime", 0.25, size=0.26),
    Limit("resnet18-1d", LONG_WINDOW, 1, "int8-static", "openvino", 0.22),
    Limit("resnet18-1d", LONG_WINDOW, 1, "onnx-conv2d", "onnxruntime", 0.85),
    Limit("resnet18-1d", OWN_WINDOW, 1, "int8-static", "onnxruntime", 0.30),
    Limit("resnet18-1d", OWN_WINDOW, 1, "onnx-conv2d", "onnxruntime", 0.90),
    Limit("wdcnn", OWN_WINDOW, 1, "onnx-conv2d", "onnxruntime", 0.60),
    Limit("wdcnn", OWN_WINDOW, 32, "onnx-conv2d", "onnxruntime", 0.36),
    Limit("cnn-bilstm", OWN_WINDOW, 1, "int8-static", "onnxruntime", 0.82),
    Limit("cnn-bilstm", OWN_WINDOW, 1, "onnx-conv2d", "onnxruntime", 1.0),
    Limit("patch-transformer", OWN_WINDOW, 1, "int8-dynamic", "onnxruntime", 0.82),
    Limit("patch-transformer", OWN_WINDOW, 1, "int8-dense", "openvino", 0.68),
)


def latency_bars(folder: Path) -> Iterator[Bar]:
    """Measure all forms at every shape that a limit is about; yield the bars, and how well ratios were forecast."""
    kernels = kernels_here(folder)
    missed: list[float] = []
    for network, window in dict.fromkeys((limit.network, limit.window) for limit in LIMITS):
        limits = [limit for limit in LIMITS if (limit.network, limit.window) == (network, window)]
        variants = [form(network, name, folder, window) for name in FORMS[network]]
        measured = measure(variants, sorted({limit.batch for limit in limits}), kernels)
        of_name = {variant.name: variant for variant in variants}
        for limit in limits:
            yield from bars_of(limit, measured, of_name, kernels)
        missed += [abs(row.forecast_error) for row in measured.rows if row.forecast_error is not None]
    middle, low, high = np.percentile(missed, (50, 25, 75))
    name = f"forecast of the ratio, error of the median of {len(missed)} (interval: the middle half)"
    yield Bar(name, float(middle), float(low), float(high), FORECAST_ERROR)


def measure(variants: Sequence[Variant], batches: Sequence[int], kernels: Kernels) -> Benchmark:
    """Measure variants side by side on every runtime installed but PyTorch, the first one being the baseline."""
    runtimes = tuple(name for name in ("onnxruntime", "openvino") if RUNTIMES[name].available())
    windows, source = benchmark_windows(variants[0].card, max(batches))
    settings = BenchmarkSettings(batches=tuple(batches), baseline=variants[0].full_name, runtimes=runtimes)
    measured = benchmark(variants, settings, windows, source, forecast=forecaster(kernels, variants[0]))
    for control in measured.controls:
        if control.verdict != "tie":
            print(sentence(measured, control.batch, control.threads), file=sys.stderr)
    return measured


def bars_of(limit: Limit, measured: Benchmark, of_name: Mapping[str, Variant], kernels: Kernels) -> Iterator[Bar]:
    """Find what a limit is about among what was measured; nothing where its runtime is not installed."""
    rows = measured.rows_at(limit.batch, 1)
    baseline = next(row for row in rows if (row.variant, row.runtime) == ("onnx", "onnxruntime"))
    for row in rows:
        if (row.variant, row.runtime) == (limit.form, limit.runtime):
            title = title_of(limit, row)
            bar = Bar(f"{title}, latency", row.ratio, row.ratio_low, row.ratio_high, limit.latency)
            pair = (row, of_name[row.variant], baseline, of_name[baseline.variant])
            yield bar if bar.holds else replace(bar, obstacle=obstacle(*pair, limit.latency, kernels))
            if limit.size is not None:
                size = row.size_bytes / baseline.size_bytes
                yield Bar(f"{title}, size", size, size, size, limit.size)


def title_of(limit: Limit, row: Row) -> str:
    """Name what was measured."""
    on = "" if row.runtime == "onnxruntime" else f" on {RUNTIMES[row.runtime].title}"
    return f"{limit.network} ({limit.batch}, 1, {limit.window}), {limit.form}{on}"
