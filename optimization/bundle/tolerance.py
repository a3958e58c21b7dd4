"""How far logits may lie from the golden ones elsewhere: a multiple of how far they lie between engines here."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.runtimes import runtimes_for
from engine.variant import Variant
from optimization.bundle.golden import GoldenRecording
from optimization.bundle.target.model import Model
from optimization.bundle.target.stream import prepare
from optimization.bundle.terms import terms_of

#: Processors with other instruction sets round otherwise and were not measured: what was measured is multiplied.
FACTOR = 2.0
#: Of the largest logit, at least: the rounding of float32 over a few hundred sums.
SMALLEST_SHARE = 1e-4
#: Of a window's standard deviation.
SMALLEST_WINDOW = 1e-5

Answer = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def logit_tolerance(
    variant: Variant,
    recordings: Sequence[GoldenRecording],
    expected: Sequence[NDArray[np.float32]],
    from_target: Sequence[NDArray[np.float32]],
) -> dict[str, Any]:
    """Measure how far a variant's logits lie apart between ways to compute them, and say what may be.

    Parameters
    ----------
    variant : Variant
        In ONNX.
    recordings : sequence of GoldenRecording
        What it is asked about.
    expected : sequence of ndarray, shape (W, K)
        The golden logits.
    from_target : sequence of ndarray, shape (W, L)
        The windows as the target prepares them.

    Returns
    -------
    dict
        ``logits``, the tolerance, ``factor``, and ``measured``: each way with its largest difference. Plain JSON.
    """
    windows = [recording.prepared.windows for recording in recordings]
    model = Model(variant.weights.parent, {"name": variant.name, "file": variant.weights.name}, terms_of(variant.card))
    ways = {
        "windows prepared by target/resampling.py": [model.logits(each) for each in from_target],
        "one window a call": [one_by_one(model, each[:, 0]) for each in windows],
    }
    plain = without_optimisation(variant)
    if plain is not None:
        ways["ONNX Runtime without graph optimisation"] = [plain(each) for each in windows]
    for runtime in runtimes_for(variant)[1:]:
        with runtime.load(variant) as session:
            ways[f"{runtime.title} {runtime.version()}"] = [session.predict(each) for each in windows]
    measured = {way: largest_difference(answers, expected) for way, answers in ways.items()}
    largest_logit = max(float(np.abs(logits).max(initial=0.0)) for logits in expected)
    allowed = max(FACTOR * max(measured.values()), SMALLEST_SHARE * largest_logit)
    return {"logits": allowed, "factor": FACTOR, "measured": measured}


def one_by_one(model: Model, windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logits of windows that are given one by one."""
    return np.concatenate([model.logits(windows[at : at + 1]) for at in range(len(windows))])


def without_optimisation(variant: Variant) -> Answer | None:
    """Return ONNX Runtime with the graph as the file has it, quantised operators computed in float32.

    ``None`` where the file can't be run so: a graph that was saved optimised may need the optimiser.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            variant.weights.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception:  # noqa: BLE001 - one way less to compare with, and the tolerance says which were compared
        return None
    name = session.get_inputs()[0].name

    def answer(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = session.run(None, {name: windows})[0]
        return logits

    return answer


def largest_difference(one: Sequence[NDArray[np.float32]], other: Sequence[NDArray[np.float32]]) -> float:
    """Return the largest difference between two lists of arrays of equal shapes."""
    return max(float(np.abs(a - b).max(initial=0.0)) for a, b in zip(one, other, strict=True))


def target_windows(recordings: Sequence[GoldenRecording], variant: Variant) -> list[NDArray[np.float32]]:
    """Return the judged windows of recordings as the target prepares them, of shape (W, L)."""
    terms = terms_of(variant.card)
    made = []
    for recording in recordings:
        windows, _, heard = prepare(recording.samples, recording.rate_hz, terms)
        made.append(windows[heard])
    return made


def window_tolerance(recordings: Sequence[GoldenRecording], from_target: Sequence[NDArray[np.float32]]) -> float:
    """Return how far the target's windows may lie from the engine's, which resamples in the frequency domain."""
    measured = largest_difference([recording.prepared.windows[:, 0] for recording in recordings], from_target)
    return max(FACTOR * measured, SMALLEST_WINDOW)
