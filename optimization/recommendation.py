"""Which variant to ship, in one sentence that never says more than was measured and proven."""

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Any

from optimization.measurement import Benchmark, Row

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
    base = str(measured.settings.baseline)
    if control.verdict != "tie":
        itself = f"{control.ratio:.2f} [{control.ratio_low:.2f} to {control.ratio_high:.2f}] of itself"
        return f"The control was no tie ({base} took {itself}): close other programs and measure again."
    best = recommended(measured, batch, threads)
    if best is not None:
        known = "the network as it was trained" if is_original(best) else flips_told(best.proof)
        return f"Ship {best.full_name}: {times_faster(best)} than {base}, {known}."
    others = [row for row in measured.rows_at(batch, threads) if row.verdict != "baseline"]
    if not others:
        return f"Only {base} was measured: choose other variants to compare it with."
    faster = [row for row in others if row.verdict == "faster"]
    fastest = min(faster or others, key=lambda row: row.ratio)
    if not faster:
        return f"Keep {base}: nothing is faster; {fastest.full_name} comes closest, {speed_told(fastest)}."
    hindered = f"{fastest.full_name} is {times_faster(fastest)} than {base}"
    return f"Nothing to ship yet: {hindered}, but {obstacle(fastest.proof)}."


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
    """Write a ratio as people say it: ``2.1 times faster [1.9 to 2.3]``."""
    return times(1 / row.ratio, 1 / row.ratio_high, 1 / row.ratio_low, "faster")


def speed_told(row: Row) -> str:
    """Write how a variant compares with the baseline: ``1.4 times slower [1.3 to 1.5]``, ``a tie [0.97 to 1.02]``."""
    if row.verdict == "faster":
        return times_faster(row)
    if row.verdict == "slower":
        return times(row.ratio, row.ratio_low, row.ratio_high, "slower")
    return "the baseline" if row.verdict == "baseline" else f"a tie [{row.ratio_low:.2f} to {row.ratio_high:.2f}]"


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
