"""Sizes and latencies measured side by side: fresh processes, variants interleaved round by round."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.errors import BenchmarkError, DamagedModelError
from engine.machine import Machine, this_machine
from engine.runtimes import runtime_for
from engine.variant import Variant
from optimization.calibration import calibrate_on, simulated_calibration
from optimization.intervals import RESOLUTION, Interval, compare, median_interval
from optimization.measurement import SCHEMA, Benchmark, BenchmarkSettings, Control, Row, Speed
from optimization.measuring_process import Alone, Timed, measure_alone, measure_rounds
from optimization.progress import Progress, silent
from optimization.recommendation import sentence
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

#: Windows that calls go through, so that no variant profits from seeing the same one again and again.
WINDOWS = 64


def benchmark(
    variants: Sequence[Variant],
    settings: BenchmarkSettings,
    windows: NDArray[np.float32],
    windows_from: Mapping[str, Any],
    *,
    progress: Progress = silent,
) -> Benchmark:
    """Measure variants of one network side by side.

    Each row's loading, first call and memory come from a process of its own; then, for each batch size and number of
    threads, one process measures all variants by turns, and the baseline twice: the second is the control. A ratio is
    of two latencies of the same round, so that a slow minute slows both.

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

    Raises
    ------
    BenchmarkError
        As `require_measurable`, if there are too few windows, or if a measuring process dies.
    ModelError
        If a variant can't be loaded.
    """
    began = time.monotonic()
    baseline = require_measurable(variants, settings)
    if len(windows) < max(settings.batches):
        reason = f"There are {len(windows)} windows for a batch of {max(settings.batches)}"
        raise BenchmarkError(reason, "take a longer recording or a smaller batch")
    machine = this_machine()
    shapes = list(product(settings.batches, settings.threads))
    cells = list(product(variants, shapes))
    alone = load_each(cells, windows, progress)
    timed, controls = {}, []
    for number, shape in enumerate(shapes):

        def told(done: int, before: int = number * settings.rounds) -> None:
            progress("Measuring", before + done, len(shapes) * settings.rounds)

        told(0)
        *timed[shape], again = measure_rounds(
            [*variants, baseline], windows, batch=shape[0], threads=shape[1], rounds=settings.rounds, told=told
        )
        controls.append(control_of(baseline, shape, again, timed[shape][variants.index(baseline)]))
    rows = []
    for (variant, shape), loaded in zip(cells, alone, strict=True):
        mine, reference = (timed[shape][variants.index(each)] for each in (variant, baseline))
        control = None if variant is baseline else controls[shapes.index(shape)]
        rows.append(row_of(variant, shape, loaded, mine, speed_against(mine, reference, control), machine))
    return Benchmark(
        machine=machine,
        settings=replace(settings, baseline=baseline.full_name),
        windows=dict(windows_from),
        rows=tuple(rows),
        controls=tuple(controls),
        noisy=any(control.verdict != "tie" for control in controls),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 1),
    )


def load_each(
    cells: Sequence[tuple[Variant, tuple[int, int]]], windows: NDArray[np.float32], progress: Progress
) -> list[Alone]:
    """Load and run each variant, by its batch size and threads, in a process of its own."""
    alone = []
    for done, (variant, (batch, threads)) in enumerate(cells):
        progress(f"Loading {variant.full_name}", done, len(cells))
        alone.append(measure_alone(variant, windows[:batch], threads))
    return alone


def require_measurable(variants: Sequence[Variant], settings: BenchmarkSettings) -> Variant:
    """Check that variants can be compared here, before anything is loaded, and return the one that ratios are to.

    Raises
    ------
    BenchmarkError
        If the variants are none, of several networks, or called the same; if the baseline is none of them; or if the
        machine has fewer threads than asked for.
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
    if settings.baseline is None:
        return next((variant for variant in variants if variant.backend == "onnx"), first)
    for variant in variants:
        if settings.baseline in (variant.full_name, variant.digest):
            return variant
    names = ", ".join(variant.full_name for variant in variants)
    raise BenchmarkError(f"{settings.baseline} can't be the baseline without being measured", f"choose one of {names}")


def control_of(baseline: Variant, shape: tuple[int, int], again: Timed, reference: Timed) -> Control:
    """Compare the baseline with itself; how far the two seem apart is what no other comparison may fall below."""
    interval = ratio_of(again, reference)
    return Control(
        variant=baseline.full_name,
        batch=shape[0],
        threads=shape[1],
        ratio=interval.median,
        ratio_low=interval.low,
        ratio_high=interval.high,
        resolution=max(RESOLUTION, interval.deviation),
        verdict=compare(interval),
    )


def speed_against(mine: Timed, reference: Timed, control: Control | None) -> tuple[Interval, Speed]:
    """Compare a variant with the baseline; without a control it is the baseline itself."""
    if control is None:
        return Interval(1.0, 1.0, 1.0), "baseline"
    interval = ratio_of(mine, reference)
    return interval, compare(interval, control.resolution)


def ratio_of(mine: Timed, reference: Timed) -> Interval:
    """Return the ratio of two latencies, each round's to the same round's."""
    return median_interval(np.array(mine.rounds_ms) / np.array(reference.rounds_ms))


def row_of(
    variant: Variant,
    shape: tuple[int, int],
    loaded: Alone,
    mine: Timed,
    speed: tuple[Interval, Speed],
    machine: Machine,
) -> Row:
    """Put together all that was measured of a variant at one batch size and number of threads."""
    interval, verdict = speed
    return Row(
        network=variant.card.name,
        variant=variant.name,
        digest=variant.digest,
        backend=variant.backend,
        runtime=runtime_for(variant).name,
        batch=shape[0],
        threads=shape[1],
        size_bytes=variant.size_bytes,
        load_ms=loaded.load_ms,
        first_ms=loaded.first_ms,
        p50_ms=mine.p50_ms,
        p90_ms=mine.p90_ms,
        p99_ms=mine.p99_ms,
        throughput_per_s=shape[0] * mine.calls_per_s,
        peak_rss_mb=loaded.peak_rss_mb,
        ratio=interval.median,
        ratio_low=interval.low,
        ratio_high=interval.high,
        verdict=verdict,
        proof=proof_of(variant, machine),
    )


def proof_of(variant: Variant, machine: Machine) -> dict[str, Any]:
    """Return what a row says of a variant's verification; one of other weights, or of no known kind, proves nothing."""
    try:
        proven = Verification.from_json(variant.verification)
    except DamagedModelError:
        return {}
    if proven.variant != variant.digest:
        return {}
    return {
        "verdict": proven.verdict,
        "flips": proven.recordings.flips,
        "recordings": proven.recordings.count,
        "flips_upper_bound": proven.recordings.flips_upper_bound,
        "top1_agreement": proven.windows.top1_agreement,
        "sqnr_db": proven.windows.sqnr_db,
        "stale": is_stale(variant.verification, machine),
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
