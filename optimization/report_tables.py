"""The tables of a benchmark's report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from optimization.charts import rounded, size_unit
from optimization.measuring.measurement import Row
from optimization.measuring.recommendation import is_original, speed_to_fp32, speed_told

UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name and unit, and how a row is told in it; words stand at the left, numbers at the right."""

    name: str
    unit: str
    told: Callable[[Row], str]
    words: bool = False


def speed_table(rows: Sequence[Row], ship: Row | None, baseline: str) -> str:
    """Return how long calls take, compared with the baseline and with the fastest in float32; ``ship`` is marked."""
    columns = [
        Column("p50", "ms", lambda row: rounded(row.p50_ms)),
        Column("p90", "ms", lambda row: rounded(row.p90_ms)),
        Column("p99", "ms", lambda row: number(row.p99_ms)),
        Column("Latency against", baseline, speed_told, words=True),
    ]
    best = rows[0].best_fp32
    if best is not None and baseline != f"{rows[0].network}/{best}":
        columns.append(Column("Against", f"{best}, fastest in float32", speed_to_fp32, words=True))
    columns.append(Column("Verdicts", "flipped", verdicts_told, words=True))
    return table("How fast", columns, rows, ship)


def use_table(rows: Sequence[Row], ship: Row | None) -> str:
    """Return what the variants take of a machine, and how they keep up with a signal; ``ship`` is marked."""
    factor, unit = size_unit(rows)
    columns = [
        Column("Size", unit, lambda row: rounded(row.size_bytes / factor)),
        Column("Load", "ms", lambda row: rounded(row.load_ms)),
        Column("First call", "ms", lambda row: rounded(row.first_ms)),
        Column("Memory", "MB", lambda row: rounded(row.peak_rss_mb)),
        Column("Windows", "per s", lambda row: rounded(row.throughput_per_s)),
        Column("Real time", "times", lambda row: number(row.realtime_factor)),
        Column("Call", "of a hop", lambda row: percent(row.hop_share)),
    ]
    if any(row.forecast is not None for row in rows):
        columns.append(Column("Forecast", "ratio", lambda row: number(row.forecast)))
        columns.append(Column("Missed", "by", lambda row: percent(row.forecast_error)))
    return table("What it takes", columns, rows, ship)


def table(caption: str, columns: Sequence[Column], rows: Sequence[Row], ship: Row | None) -> str:
    """Return rows as a table, the one to ship marked."""
    kinds = [' class="words"' if column.words else "" for column in columns]
    heads = [
        f'<th scope="col"{kind}>{column.name} <small>{escape(column.unit)}</small></th>'
        for column, kind in zip(columns, kinds, strict=True)
    ]
    lines = []
    for row in rows:
        cells = [f"<td{kind}>{escape(column.told(row))}</td>" for column, kind in zip(columns, kinds, strict=True)]
        mark = ' class="ship"' if row == ship else ""
        lines.append(f'<tr{mark}><th scope="row">{escape(row.label)}</th>{"".join(cells)}</tr>')
    head = f'<th scope="col">Variant <small></small></th>{"".join(heads)}'
    body = "\n".join(lines)
    return (
        f'<div class="wide"><table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def number(value: float | None) -> str:
    """Write a number with three digits, or that there is none."""
    return UNKNOWN if value is None else rounded(value)


def percent(share: float | None) -> str:
    """Write a share as per cent with two digits: ``0.84 %``, ``12 %``, ``-4.0 %``."""
    if share is None:
        return UNKNOWN
    digits = 0 if abs(share) >= 0.0995 else 1 if abs(share) >= 0.00995 else 2
    return f"{100 * share:.{digits}f} %"


def verdicts_told(row: Row) -> str:
    """Say what is proven of a variant's verdicts: ``0 of 40, equivalent``."""
    if not row.proof:
        return "original" if is_original(row) else "no proof"
    stale = " elsewhere" if row.proof.get("stale") else ""
    return f"{row.proof['flips']} of {row.proof['recordings']}, {row.proof['verdict']}{stale}"
