"""A benchmark as people read it: the answer first, then tables that a line of 100 letters holds, then the machine."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vibench.output import indented, one_line, print_table

if TYPE_CHECKING:
    from optimization.measuring.measurement import Benchmark, Row


def print_measured(measured: "Benchmark") -> None:
    """Print each batch size and number of threads, then what is said of the whole, then the machine."""
    from optimization.measuring.recommendation import sentence
    from optimization.report import control_told

    for control in measured.controls:
        if len(measured.controls) > 1:
            print(f"Batch {control.batch}, threads {control.threads}")
        print(one_line(sentence(measured, control.batch, control.threads)))
        print(one_line(control_told(control)))
        print_rows(measured, control.batch, control.threads)
        print()
    print_remarks(measured)
    machine = measured.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    flags = " ".join(machine.flags) or "no instruction sets for reduced precision"
    governor = f", governor {machine.governor}" if machine.governor else ""
    print("Machine")
    for line in indented(f"{machine.cpu}, {flags}, {machine.threads} threads{governor}; {versions}"):
        print(line)


def print_remarks(measured: "Benchmark") -> None:
    """Print what is said of the whole measurement, where there is anything."""
    from optimization.measuring.recommendation import file_told, forecast_told

    said = [] if measured.file_to_verdict is None else [f"{file_told(measured.file_to_verdict)}."]
    forecast = forecast_told(measured)
    said += [] if forecast is None else [f"{forecast}."]
    said += [f"Left out: {each.candidate}. {each.reason}" for each in measured.left_out]
    for each in said:
        print(one_line(each))
    if said:
        print()


def print_rows(measured: "Benchmark", batch: int, threads: int) -> None:
    """Print what was measured at one batch size and number of threads: the answer, what it takes, what else it says."""
    from optimization.charts import rounded
    from optimization.measuring.recommendation import baseline_title, speed_told
    from optimization.report_tables import number, percent, verdicts_told

    rows = measured.rows_at(batch, threads)
    told(
        rows,
        ("kB", lambda row: f"{row.size_bytes / 1000:.0f}"),
        ("p50 ms", lambda row: rounded(row.p50_ms)),
        ("latency", speed_told),
        ("verdicts flipped", verdicts_told),
    )
    print()
    told(
        rows,
        ("load ms", lambda row: rounded(row.load_ms)),
        ("first ms", lambda row: rounded(row.first_ms)),
        ("p90 ms", lambda row: rounded(row.p90_ms)),
        ("p99 ms", lambda row: number(row.p99_ms)),
        ("windows/s", lambda row: rounded(row.throughput_per_s)),
        ("x real time", lambda row: number(row.realtime_factor)),
        ("of a hop", lambda row: percent(row.hop_share)),
        ("MB", lambda row: rounded(row.peak_rss_mb)),
    )
    print_comparisons(rows, baseline_title(measured, batch, threads))


def print_comparisons(rows: "Sequence[Row]", baseline: str) -> None:
    """Print how rows compare with the fastest in float32 and with their forecasts, where that says something new."""
    from optimization.charts import rounded
    from optimization.measuring.recommendation import speed_to_fp32
    from optimization.report_tables import number, percent

    columns: list[tuple[str, Callable[[Row], str]]] = []
    best = rows[0].best_fp32
    if best is not None and baseline != f"{rows[0].network}/{best}":
        columns.append((f"against {one_line(best)}, the fastest in float32", speed_to_fp32))
    if any(row.forecast is not None for row in rows):
        columns.append(("ratio", lambda row: rounded(row.ratio)))
        columns.append(("forecast", lambda row: number(row.forecast)))
        columns.append(("missed by", lambda row: percent(row.forecast_error)))
    if columns:
        print()
        told(rows, *columns)


def told(rows: "Sequence[Row]", *columns: "tuple[str, Callable[[Row], str]]") -> None:
    """Print a table of rows, each by its name and what the columns tell of it."""
    head = ["variant", *(name for name, _ in columns)]
    print_table(head, [[one_line(row.label), *(tell(row) for _, tell in columns)] for row in rows])
