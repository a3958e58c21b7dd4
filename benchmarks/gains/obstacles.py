"""What stands in the way where a form is slower than its bar asks: where its time goes, and what a core can do."""

from collections import Counter
from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from engine.runtimes import load
from engine.variant import Variant
from optimization.benchmark import benchmark_windows
from optimization.forecasting.kernels import Kernels
from optimization.forecasting.profile import profile
from optimization.measuring.measurement import Row
from optimization.statistics import statistics_of

#: Kernels whose fastest size tells how many multiplications of a kind one core does.
FLOAT_KERNELS = ("conv", "conv-blocked", "matmul")
INT8_KERNELS = ("qconv-u8s8", "qmatmul-u8s8", "matmul-integer")
RUNS = 20  #: of a model that OpenVINO profiles, of which the median counts
SHOWN = 2  #: operators


def obstacle(row: Row, variant: Variant, baseline: Row, reference: Variant, bar: float, kernels: Kernels) -> str:
    """Say in billions of multiplications with addition a second what was reached, what is asked, and what is possible.

    Parameters
    ----------
    row, baseline : Row
        As measured side by side.
    variant, reference : Variant
        What the rows are of.
    bar : float
        Latency asked for, over the baseline's.
    kernels : Kernels
        What this machine's kernels take.
    """
    windows, _ = benchmark_windows(variant.card, row.batch)
    macs = statistics_of(reference).macs * row.batch
    reached, before = (macs / (each.p50_ms * 1e6) for each in (row, baseline))
    kind, names = ("int8", INT8_KERNELS) if variant.backend == "int8" else ("float32", FLOAT_KERNELS)
    possible = max(fastest(kernels, name) for name in names)
    return (
        f"{reached:.0f} GMAC/s, where the baseline reaches {before:.0f} and the bar asks for {before / bar:.0f}; the "
        f"fastest {kind} kernel of any size here does {possible:.0f}. {shares_told(row, variant, windows)}; the "
        f"baseline: {shares_told(baseline, reference, windows)}."
    )


def fastest(kernels: Kernels, name: str) -> float:
    """Return the most GMAC/s that a kernel was seen to do at any of its sizes."""
    return max(prod(place) / seconds / 1e9 for *place, seconds in kernels.kernels[name].times_s)


def shares_told(row: Row, variant: Variant, windows: NDArray[np.float32]) -> str:
    """Say which operators take most of the time: ``20 Conv 97 %, 1 Gemm 2 %``."""
    if row.runtime == "openvino":
        times, counts = openvino_profile(variant, windows)
    else:
        operators = profile(variant, windows).operators
        times = {each.operator: each.seconds for each in operators}
        counts = Counter({each.operator: each.count for each in operators})
    total = sum(times.values())
    most = sorted(times, key=lambda operator: -times[operator])[:SHOWN]
    return ", ".join(f"{counts[operator]} {operator} {times[operator] / total:.0%}" for operator in most)


def openvino_profile(variant: Variant, windows: NDArray[np.float32]) -> tuple[Mapping[str, float], Counter[str]]:
    """Return the seconds of each kernel in one call, and how many nodes run it."""
    from engine.runtimes.openvino import core

    load(variant, runtime="openvino").close()  # imports it as Vibench does, and checks the file
    settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32", "PERF_COUNT": True}
    model = core().read_model(variant.weights)
    model.reshape(list(windows.shape))
    request = core().compile_model(model, "CPU", settings).create_infer_request()
    counts: Counter[str] = Counter()
    taken: dict[str, list[float]] = {}
    for _ in range(RUNS):
        request.infer([windows])
        nodes = [(f"{node.node_type} ({node.exec_type})", node.real_time) for node in request.profiling_info]
        counts |= Counter(kernel for kernel, time in nodes if time)  # the most of any run: the clock is a coarse one
        for kernel in counts:
            seconds = sum(time.total_seconds() for name, time in nodes if name == kernel)
            taken.setdefault(kernel, []).append(seconds)
    return {kernel: float(np.median(seconds)) for kernel, seconds in taken.items()}, counts
