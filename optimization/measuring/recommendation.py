"""Which variant to ship, in one sentence that never says more than was measured and proven."""

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Any

from optimization.measuring.measurement import Benchmark, FileToVerdict, Row, Speed

PROVEN = "equivalent"


def recommended(measured: Benchmark, batch: int, threads: int) -> Row | None:
    """Return the fastest variant that is faster than the baseline and is known to give the same verdicts.

    ``None`` if there is none, or if the control was no tie.
    """
    if measured.control_at(batch, threads).verdict != "tie":
        return None
    proven = [row for row in measured.rows_at(batch, threads) if row.verdict == "faster" and may_ship(row)]
    return min(proven, key=lambda row: row.ratio, default=None)


def may_ship(row: Row) -> bool:
    """Whether a variant gives its network's verdicts: proven here, or the network itself."""
    return is_original(row) or is_proven(row.proof)


def is_original(row: Row) -> bool:
    """Whether a variant is the network as it was trained, against which the others are proven."""
    return row.backend == "pytorch" and not row.proof


def is_proven(proof: Mapping[str, Any]) -> bool:
    """Whether a proof says that a variant gives its parent's verdicts, here."""
    return proof.get("verdict") == PROVEN and not proof.get("stale")


def sentence(measured: Benchmark, batch: int, threads: int) -> str:
    """Say in one sentence which variant to ship and why, or that none can be recommended, and what stands in the way.

    Raises
    ------
    BenchmarkError
        If this batch size and number of threads were not measured.
    """
    control = measured.control_at(batch, threads)
    base = baseline_title(measured, batch, threads)
    if control.verdict != "tie":
        itself = f"{control.ratio:.2f} [{control.ratio_low:.2f} to {control.ratio_high:.2f}] of itself"
        return f"The control was no tie ({base} took {itself}): close other programs and measure again."
    best = recommended(measured, batch, threads)
    if best is not None:
        known = "the network as it was trained" if is_original(best) else flips_told(best.proof)
        return f"Ship {best.title}: {times_faster(best)} than {base}{fp32_told(best, base)}, {known}."
    others = [row for row in measured.rows_at(batch, threads) if row.verdict != "baseline"]
    if not others:
        return f"Only {base} was measured: choose other variants to compare it with."
    faster = [row for row in others if row.verdict == "faster"]
    fastest = min(faster or others, key=lambda row: row.ratio)
    if not faster:
        return f"Keep {base}: nothing is faster; {fastest.title} comes closest, {speed_told(fastest)}."
    hindered = f"{fastest.title} is {times_faster(fastest)} than {base}{fp32_told(fastest, base)}"
    return f"Nothing to ship yet: {hindered}, but {obstacle(fastest.proof)}."


def baseline_title(measured: Benchmark, batch: int, threads: int) -> str:
    """Return what ratios are to, with its runtime where that is not the usual one."""
    row = measured.baseline_at(batch, threads)
    return str(measured.settings.baseline) if row is None else row.title


def fp32_told(row: Row, base: str) -> str:
    """Say how a variant compares with the fastest in float32, after it was compared with the baseline.

    Reduced precision is worth only what it gains beyond the best that float32 can do: `` and 1.30 times slower [1.28 to
    1.31] than onnx-conv2d, the fastest in float32``. Empty where that is the baseline.
    """
    if row.best_fp32 is None or base == f"{row.network}/{row.best_fp32}":
        return ""
    if row.verdict_to_best_fp32 == "baseline":
        return ", the fastest in float32"
    joined = "with" if row.verdict_to_best_fp32 == "tie" else "than"
    return f" and {speed_to_fp32(row)} {joined} {row.best_fp32}, the fastest in float32"


def speed_to_fp32(row: Row) -> str:
    """Write how a variant compares with the fastest in float32: ``1.30 times slower [1.28 to 1.31]``."""
    ratio, low, high = row.ratio_to_best_fp32, row.ratio_to_best_fp32_low, row.ratio_to_best_fp32_high
    if ratio is None or low is None or high is None or row.verdict_to_best_fp32 is None:
        return "–"
    if row.verdict_to_best_fp32 == "baseline":
        return "the fastest in float32"
    return speed_of(row.verdict_to_best_fp32, ratio, low, high)


def obstacle(proof: Mapping[str, Any]) -> str:
    """Say what keeps a faster variant from being shipped, as the end of a sentence."""
    if not proof:
        return "nothing proves that it gives the same verdicts"
    if proof.get("verdict") == PROVEN:
        return "its proof was made on another kind of machine or by another runtime: make it again here"
    if proof.get("verdict") == "degraded":
        return f"its verdicts are degraded: {flips_told(proof)}"
    return f"its proof is undecided: {flips_told(proof)}; prove it on more recordings"


def times_faster(row: Row) -> str:
    """Write how much faster a variant is than the baseline: ``2.1 times faster [1.9 to 2.3]``."""
    return speed_of("faster", row.ratio, row.ratio_low, row.ratio_high)


def speed_told(row: Row) -> str:
    """Write how a variant compares with the baseline: ``1.4 times slower [1.3 to 1.5]``, ``a tie [0.97 to 1.02]``."""
    if row.verdict == "baseline":
        return "the baseline"
    return speed_of(row.verdict, row.ratio, row.ratio_low, row.ratio_high)


def speed_of(verdict: Speed, ratio: float, low: float, high: float) -> str:
    """Write a ratio of latencies as people say it."""
    if verdict == "faster":
        return times(1 / ratio, 1 / high, 1 / low, "faster")
    if verdict == "slower":
        return times(ratio, low, high, "slower")
    return f"a tie [{low:.2f} to {high:.2f}]"


def times(median: float, low: float, high: float, than: str) -> str:
    """Write a factor with its interval: ``1.83 times faster [1.82 to 1.84]``."""
    digits = decimals(median, low, high)
    return f"{median:.{digits}f} times {than} [{low:.{digits}f} to {high:.{digits}f}]"


def decimals(median: float, low: float, high: float) -> int:
    """Return how many decimals a factor needs so that its interval is two units of the last one wide.

    There are three digits at most, since a machine's noise makes more meaningless; a fourth only where the interval
    would look like a point.
    """
    most = max(2 - floor(log10(median)), 0)
    width = high - low
    # Rounding errors of the difference must not cost a digit.
    wanted = ceil(-log10(width / 2) - 1e-9) if width > 0 else most
    digits = min(max(wanted, 1 if median < 10 else 0), most)
    return digits + 1 if f"{low:.{digits}f}" == f"{high:.{digits}f}" else digits


def flips_told(proof: Mapping[str, Any]) -> str:
    """Write how many verdicts changed: ``0 of 40 verdicts flipped (at most 7.2 % in truth)``."""
    bound = f"{100 * proof['flips_upper_bound']:.1f} %"
    return f"{proof['flips']} of {proof['recordings']} verdicts flipped (at most {bound} in truth)"


def file_told(file: FileToVerdict) -> str:
    """Say which share of a diagnosis the network takes: ``Inference is 12 % of file to verdict (read 31 ms, …)``."""
    steps = {"read": file.read_ms, "prepare": file.prepare_ms, "predict": file.predict_ms, "judge": file.judge_ms}
    told = ", ".join(f"{name} {value:.1f} ms" for name, value in steps.items())
    share = f"{100 * file.inference_share:.{0 if file.inference_share >= 0.1 else 1}f} %"
    return f"Inference is {share} of file to verdict ({told}; {file.duration_s:g} s of signal, {file.windows} windows)"


def forecast_told(measured: Benchmark) -> str | None:
    """Say how far forecasts missed what was measured; ``None`` where there was none."""
    error = measured.forecast_error
    if error is None:
        return None
    missed = "less than 1" if error < 0.01 else f"{100 * error:.0f}"
    return f"Forecasts of the ratio missed it by {missed} % in the median"
