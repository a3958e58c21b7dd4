"""Sizes and latencies measured side by side: fresh processes, variants interleaved round by round."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.errors import BenchmarkError, DamagedModelError, ModelRefusedError, SimulationError
from engine.machine import Machine, this_machine
from engine.variant import Variant
from optimization.calibration import calibrate_on, simulated_calibration
from optimization.measuring.candidate import USUAL, Candidate, candidates_of
from optimization.measuring.file_to_verdict import write_recording
from optimization.measuring.interleaving import Rounds, measure_shape
from optimization.measuring.intervals import compare
from optimization.measuring.measurement import (
    SCHEMA,
    Benchmark,
    BenchmarkSettings,
    Control,
    FileToVerdict,
    LeftOut,
    Row,
    Speed,
)
from optimization.measuring.process import Alone, measure_alone, measure_file
from optimization.measuring.recommendation import sentence
from optimization.progress import Progress, silent
from optimization.recording_set import RecordingSet
from optimization.verification import Verification, is_stale

__all__ = [
    "SCHEMA",
    "Benchmark",
    "BenchmarkSettings",
    "Control",
    "Row",
    "Speed",
    "benchmark",
    "benchmark_windows",
    "require_measurable",
    "sentence",
]

Shape = tuple[int, int]  #: batch size and number of threads
Forecast = Callable[[Variant, str, int], float | None]
#: Windows that calls go through, so that no variant profits from seeing the same one again and again.
WINDOWS = 64


def benchmark(
    variants: Sequence[Variant],
    settings: BenchmarkSettings,
    windows: NDArray[np.float32],
    windows_from: Mapping[str, Any],
    *,
    progress: Progress = silent,
    forecast: Forecast | None = None,
) -> Benchmark:
    """Measure variants of one network side by side, on one or several runtimes.

    Each row's loading, first call and memory come from a process of its own; then, for each batch size and number of
    threads, several processes one after the other measure all by turns, and the baseline twice: the second is the
    control. A ratio is of two latencies of the same round, so that a slow minute slows both.

    Parameters
    ----------
    variants : sequence of Variant
        At least one, all of the same network.
    settings : BenchmarkSettings
        What to measure.
    windows : ndarray of float32, shape (W, C, L)
        Real ones, at least as many as the largest batch; `benchmark_windows` finds them.
    windows_from : mapping
        Where they come from, for the report.
    progress : callable
        Told how far it is.
    forecast : callable or None
        Given a variant, a runtime's name and a batch size, the ratio to the baseline that is to be expected, or
        ``None``; it is kept beside what was measured.

    Raises
    ------
    BenchmarkError
        As `require_measurable`, if there are too few windows, or if a measuring process dies.
    ModelError
        If a variant can't be loaded; one that a runtime other than its usual one refuses is left out, and told.
    """
    began = time.monotonic()
    base = require_measurable(variants, settings)
    if len(windows) < max(settings.batches):
        reason = f"There are {len(windows)} windows for a batch of {max(settings.batches)}"
        raise BenchmarkError(reason, "take a longer recording or a smaller batch")
    machine = this_machine()
    shapes = list(product(settings.batches, settings.threads))
    loaded, left_out = load_each(candidates_of(variants, settings.runtimes), shapes, windows, progress)
    candidates = [candidate for candidate, _ in loaded]
    baseline = baseline_among(candidates, base)
    every = []
    for number, shape in enumerate(shapes):

        def told(done: int, before: int = number * settings.rounds) -> None:
            progress("Measuring", before + done, len(shapes) * settings.rounds)

        told(0)
        every.append(measure_shape(candidates, baseline, windows, shape, settings, told))
    controls = tuple(rounds.control() for rounds in every)
    rows = [
        row_of(rounds, number, control, alone[(rounds.batch, rounds.threads)], machine, forecast)
        for number, (_, alone) in enumerate(loaded)
        for rounds, control in zip(every, controls, strict=True)
    ]
    return Benchmark(
        machine=machine,
        settings=replace(settings, baseline=base.full_name),
        windows=dict(windows_from),
        rows=tuple(rows),
        controls=controls,
        noisy=any(control.verdict != "tie" for control in controls),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 1),
        file_to_verdict=diagnose_file(candidates[baseline], settings.threads[0], progress),
        left_out=tuple(left_out),
    )


def load_each(
    candidates: Sequence[Candidate], shapes: Sequence[Shape], windows: NDArray[np.float32], progress: Progress
) -> tuple[list[tuple[Candidate, dict[Shape, Alone]]], list[LeftOut]]:
    """Load and run each candidate at each shape in a process of its own; return what did, and what was refused."""
    found, left_out = [], []
    for number, candidate in enumerate(candidates):
        alone = {}
        try:
            for done, (batch, threads) in enumerate(shapes, start=number * len(shapes)):
                progress(f"Loading {candidate.title}", done, len(candidates) * len(shapes))
                alone[(batch, threads)] = measure_alone(candidate, windows[:batch], threads)
        except ModelRefusedError as error:
            if candidate.runtime in USUAL:
                raise
            left_out.append(LeftOut(candidate.title, str(error)))
        else:
            found.append((candidate, alone))
    return found, left_out


def diagnose_file(candidate: Candidate, threads: int, progress: Progress) -> FileToVerdict | None:
    """Measure what a diagnosis takes, from file to verdict; ``None`` where its card's recordings can't be simulated."""
    if candidate.variant.card.channels != 1:
        return None
    progress("Diagnosing a file", 0, 1)
    with TemporaryDirectory() as folder:
        try:
            file = write_recording(candidate.variant.card, Path(folder))
        except SimulationError:  # its rate is too low for a bearing's strikes
            return None
        return measure_file(candidate, file, threads)


def baseline_among(candidates: Sequence[Candidate], base: Variant) -> int:
    """Return the number of the baseline: on its usual runtime, or on the first that it is measured on.

    Raises
    ------
    BenchmarkError
        If every runtime refused it.
    """
    numbers = [number for number, each in enumerate(candidates) if each.full_name == base.full_name]
    if not numbers:
        reason = f"{base.full_name} is the baseline, and none of these runtimes executes it"
        raise BenchmarkError(reason, "choose another baseline or further runtimes")
    return min(numbers, key=lambda number: candidates[number].runtime not in USUAL)


def require_measurable(variants: Sequence[Variant], settings: BenchmarkSettings) -> Variant:
    """Check that variants can be compared here, before anything is loaded, and return the one that ratios are to.

    Raises
    ------
    BenchmarkError
        If the variants are none, of several networks, or called the same; if the baseline is none of them; if the
        machine has fewer threads than asked for; or as `candidates_of`.
    ModelRefusedError
        If no runtime here executes a variant.
    """
    if not variants:
        raise BenchmarkError("Nothing was chosen to be measured", "choose at least one variant")
    first = variants[0]
    for number, variant in enumerate(variants):
        if (variant.card.name, variant.card.window, variant.card.channels) != (
            first.card.name,
            first.card.window,
            first.card.channels,
        ):
            reason = f"{variant.full_name} and {first.full_name} don't take the same windows"
            raise BenchmarkError(reason, "compare variants of one network")
        if variant.full_name in {earlier.full_name for earlier in variants[:number]}:
            raise BenchmarkError(f"{variant.full_name} was chosen twice", "choose each variant once")
    available = len(os.sched_getaffinity(0))
    if max(settings.threads) > available:
        raise BenchmarkError(f"This machine has no {max(settings.threads)} threads", f"choose {available} at most")
    candidates_of(variants, settings.runtimes)
    if settings.baseline is None:
        return next((variant for variant in variants if variant.backend == "onnx"), first)
    for variant in variants:
        if settings.baseline in (variant.full_name, variant.digest):
            return variant
    names = ", ".join(variant.full_name for variant in variants)
    raise BenchmarkError(f"{settings.baseline} can't be the baseline without being measured", f"choose one of {names}")


def row_of(
    rounds: Rounds, number: int, control: Control, loaded: Alone, machine: Machine, forecast: Forecast | None
) -> Row:
    """Put together all that was measured of a candidate at one batch size and number of threads."""
    candidate, timed = rounds.candidates[number], rounds.pooled(number)
    variant, hop_ms = candidate.variant, 1e3 * candidate.variant.card.hop / candidate.variant.card.sampling_rate_hz
    is_baseline = number == rounds.baseline
    interval = rounds.ratio(number, rounds.baseline)
    return Row(
        network=variant.card.name,
        variant=variant.name,
        digest=variant.digest,
        backend=variant.backend,
        runtime=candidate.runtime,
        batch=rounds.batch,
        threads=rounds.threads,
        size_bytes=variant.size_bytes,
        load_ms=loaded.load_ms,
        first_ms=loaded.first_ms,
        p50_ms=timed.p50_ms,
        p90_ms=timed.p90_ms,
        p99_ms=timed.p99_ms,
        throughput_per_s=rounds.batch * timed.calls_per_s,
        peak_rss_mb=loaded.peak_rss_mb,
        ratio=interval.median,
        ratio_low=interval.low,
        ratio_high=interval.high,
        verdict="baseline" if is_baseline else compare(interval, control.resolution),
        proof=proof_of(candidate, machine),
        realtime_factor=rounds.batch * hop_ms / timed.p50_ms,
        hop_share=timed.p50_ms / hop_ms,
        forecast=None if is_baseline or not forecast else forecast(variant, candidate.runtime, rounds.batch),
        **beside_best_fp32(rounds, number, control),
    )


def beside_best_fp32(rounds: Rounds, number: int, control: Control) -> dict[str, Any]:
    """Return the fields of `Row` that compare a candidate with the fastest one in float32."""
    best = rounds.best_fp32()
    if best is None:
        return {}
    interval = rounds.ratio(number, best)
    return {
        "best_fp32": rounds.candidates[best].label,
        "ratio_to_best_fp32": interval.median,
        "ratio_to_best_fp32_low": interval.low,
        "ratio_to_best_fp32_high": interval.high,
        "verdict_to_best_fp32": "baseline" if number == best else compare(interval, control.resolution),
    }


def proof_of(candidate: Candidate, machine: Machine) -> dict[str, Any]:
    """Return what a row says of a variant's verification; one of other weights, or of no known kind, proves nothing."""
    variant = candidate.variant
    try:
        proven = Verification.from_json(variant.verification)
    except DamagedModelError:
        return {}
    if proven.variant != variant.digest:
        return {}
    elsewhere = proven.runtime["name"] != candidate.runtime  # a runtime rounds in its own way
    return {
        "verdict": proven.verdict,
        "flips": proven.recordings.flips,
        "recordings": proven.recordings.count,
        "flips_upper_bound": proven.recordings.flips_upper_bound,
        "top1_agreement": proven.windows.top1_agreement,
        "sqnr_db": proven.windows.sqnr_db,
        "stale": elsewhere or is_stale(variant.verification, machine),
    }


def benchmark_windows(
    card: ModelCard, count: int, recordings: RecordingSet | None = None
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Return windows to measure with, and where they come from as `Benchmark.windows` says it.

    Parameters
    ----------
    card : ModelCard
        What the network takes.
    count : int
        Windows that are needed at least; windows of short recordings come again.
    recordings : RecordingSet or None
        Simulated ones if ``None``.

    Returns
    -------
    windows : ndarray of float32, shape (W, C, L)
        W is the larger of ``count`` and `WINDOWS`.
    described : dict
        ``source``, ``recording`` (its name, or how many there are; ``None`` where simulated), ``count``.

    Raises
    ------
    CalibrationError
        If no recording gives a window.
    """
    wanted = max(count, WINDOWS)
    if recordings is None:
        found, recording = simulated_calibration(card, windows=wanted), None
    else:
        found = calibrate_on(recordings, card, windows=wanted)
        names = [each.name for each in recordings.recordings]
        recording = names[0] if len(names) == 1 else f"{len(names)} recordings"
    windows = found.windows[np.arange(wanted) % len(found.windows)]
    return windows, {"source": found.provenance["source"], "recording": recording, "count": wanted}
