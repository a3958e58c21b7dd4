"""The table of a measurement: a row a variant, how many times faster it is drawn as a dot with its interval."""

from collections.abc import Mapping, Sequence
from math import log10

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.words import grouped
from optimization.charts import rounded, size_unit
from optimization.measuring.measurement import Benchmark, Row
from optimization.measuring.recommendation import decimals, is_original, is_proven, speed_to_fp32
from optimization.report_tables import percent

#: Where the axis of the dots has its marks, of these as many as it reaches.
MARKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
#: What the axis shows at least, and what it leaves free at both ends, as a factor.
NARROWEST, MARGIN = (0.8, 2.2), 1.12
#: Marks nearer to each other than this share of the axis would run into each other.
APART = 0.12

HOW = {
    "size": "Size of the weight file.",
    "load": "Loading a session, once, in a fresh process; the library was imported and the file in the system's cache.",
    "first": "The first call after loading, once, in that process.",
    "p50": "Median of all calls, of {rounds} interleaved rounds in {processes}, each 10 ms or one call long.",
    "p90": "Nine of ten calls took no longer; of the same calls as the median.",
    "rate": "Windows in those calls over the time that they took.",
    "real_time": "Seconds of signal whose windows, a hop apart, are answered in a second of computing.",
    "memory": "The most that a process held which ran this variant alone, Python and runtime included.",
    "ratio": "The baseline's median call over this variant's in the same round; its median over {rounds} rounds, with "
    "a 95 % interval (bootstrap of processes, and of blocks of rounds within them).",
    "fp32": "The same, compared with {best}: reduced precision is worth only what it gains beyond the best in float32.",
    "forecast": "How many times faster it was expected to be before it was measured.",
}
SPEED_HINT = (
    "Faster or slower only where the interval excludes 1 and the difference exceeds {resolution:.1f} %, what the "
)
SPEED_HINT += "control shows."


def comparison(measured: Benchmark, shape: tuple[int, int], ship: Row | None) -> Component:
    """Lay out the rows of one batch size and number of threads; the one to ship is tinted."""
    rows, control, settings = measured.rows_at(*shape), measured.control_at(*shape), measured.settings
    axis = Axis.of(rows)
    processes = f"{settings.processes} fresh process{'' if settings.processes == 1 else 'es'}"
    known = {"rounds": settings.rounds, "processes": processes, "best": rows[0].best_fp32}
    hints = {name: said.format(**known) for name, said in HOW.items()}
    hints["speed"] = SPEED_HINT.format(resolution=100 * control.resolution)
    cells = [
        ui.Row(
            [
                named(row),
                *use_cells(row, size_unit(rows)[0], hints),
                times_faster(row, hints["ratio"]),
                axis.dot(row, ship=row == ship),
                html.Span(row.verdict, title=hints["speed"], className=f"speed-{row.verdict}"),
                *further_cells(row, measured, shape, hints),
                flips(row),
                proof(row),
            ],
            chosen=row == ship,
        )
        for row in rows
    ]
    heads = columns(measured, shape, axis)
    return ui.table(heads, cells, caption=f"Variants of {rows[0].network}, measured side by side")


def columns(measured: Benchmark, shape: tuple[int, int], axis: "Axis") -> list[ui.Column]:
    """Return the columns; some only where there is something to say in them."""
    rows = measured.rows_at(*shape)
    shown = [
        ui.Column("Variant"),
        ui.Column("Size", size_unit(rows)[1], numeric=True),
        ui.Column("Load", "ms", numeric=True, class_name="lesser"),
        ui.Column("First", "ms", numeric=True, class_name="lesser"),
        ui.Column("p50", "ms", numeric=True),
        ui.Column("p90", "ms", numeric=True),
        ui.Column("Windows", "per s", numeric=True),
        ui.Column("Real time", "×", numeric=True, class_name="lesser"),
        ui.Column("Memory", "MB", numeric=True, class_name="lesser"),
        ui.Column("Times faster", "[95 %]", numeric=True),
        ui.Column(axis.head(), class_name="ladder"),  # type: ignore[arg-type] # a head may be drawn
        ui.Column("Speed"),
    ]
    if tells_fp32(measured, shape):
        shown.append(ui.Column("Than the best", "in float32", numeric=True))
    if tells_forecast(rows):
        shown.append(ui.Column("Forecast", "times faster", numeric=True))
    return [*shown, ui.Column("Verdicts", "flipped", numeric=True), ui.Column("Proof")]


def tells_fp32(measured: Benchmark, shape: tuple[int, int]) -> bool:
    """Whether the fastest in float32 is another than the baseline."""
    first, base = measured.rows_at(*shape)[0], measured.baseline_at(*shape)
    return first.best_fp32 is not None and (base is None or first.best_fp32 != base.label)


def tells_forecast(rows: Sequence[Row]) -> bool:
    """Whether something was expected of a row."""
    return any(row.forecast is not None for row in rows)


def named(row: Row) -> Component:
    """Name a variant, and what executed it unless that was the usual runtime."""
    hint = f"SHA-256 of the weight file: {row.digest}"
    if row.label == row.variant:
        return html.Span(row.variant, title=hint)
    runtime = html.Span(row.label.removeprefix(row.variant), className="note")
    return html.Span([row.variant, runtime], title=hint)


def use_cells(row: Row, unit_bytes: float, hints: Mapping[str, str]) -> list[Component]:
    """Write what a variant takes of the machine."""
    hop = "" if row.hop_share is None else f" It is {percent(row.hop_share)} of a hop."
    p99 = "" if row.p99_ms is None else f" 99 of 100 took no longer than {rounded(row.p99_ms)} ms."
    return [
        number(rounded(row.size_bytes / unit_bytes), hints["size"]),
        number(rounded(row.load_ms), hints["load"]),
        number(rounded(row.first_ms), hints["first"]),
        number(rounded(row.p50_ms), hints["p50"] + hop),
        number(rounded(row.p90_ms), hints["p90"] + p99),
        number(grouped(row.throughput_per_s), hints["rate"]),
        number("–" if row.realtime_factor is None else grouped(row.realtime_factor), hints["real_time"]),
        number(rounded(row.peak_rss_mb), hints["memory"]),
    ]


def further_cells(row: Row, measured: Benchmark, shape: tuple[int, int], hints: Mapping[str, str]) -> list[Component]:
    """Write how a variant compares with the best in float32 and with what was expected of it, where that is told."""
    cells: list[Component] = []
    if tells_fp32(measured, shape):
        ratio = row.ratio_to_best_fp32
        told = "–" if ratio is None else f"{1 / ratio:.{decimals_of(row)}f}"
        cells.append(number(told, f"{hints['fp32']} {speed_to_fp32(row).capitalize()}."))
    if tells_forecast(measured.rows_at(*shape)):
        told = "–" if row.forecast is None else rounded(1 / row.forecast)
        missed = "" if row.forecast_error is None else f" The ratio missed by {percent(row.forecast_error)}."
        cells.append(number(told, hints["forecast"] + missed))
    return cells


def decimals_of(row: Row) -> int:
    """Return the decimals of a factor to the best in float32 that its interval deserves."""
    ratio, low, high = row.ratio_to_best_fp32, row.ratio_to_best_fp32_low, row.ratio_to_best_fp32_high
    return 2 if not (ratio and low and high) else decimals(1 / ratio, 1 / high, 1 / low)


def number(text: str, how: str) -> html.Span:
    """Write a number that says on hover how it was measured."""
    return html.Span(text, title=how)


def times_faster(row: Row, how: str) -> Component:
    """Write how many times faster a variant is than the baseline, with its interval."""
    if row.verdict == "baseline":
        said = [html.Strong("1.00"), html.Span(className="interval")]
        return html.Span(said, title="What the others are compared with.", className="muted")
    factors = 1 / row.ratio, 1 / row.ratio_high, 1 / row.ratio_low
    digits = decimals(*factors)
    median, low, high = (f"{factor:.{digits}f}" for factor in factors)
    return html.Span([html.Strong(median), html.Span(f"{low} to {high}", className="interval")], title=how)


def flips(row: Row) -> Component:
    """Write how many of the recordings' verdicts changed against the parent."""
    if not row.proof:
        return html.Span("–", className="muted")
    bound = f"At most {100 * row.proof['flips_upper_bound']:.1f} % in truth, at 95 % confidence."
    tone = "tone-bad" if row.proof["flips"] else None
    return html.Span(f"{row.proof['flips']} of {row.proof['recordings']}", title=bound, className=tone)


def proof(row: Row) -> Component:
    """Tell what a variant's verification said when it was measured."""
    if is_original(row):
        return html.Span("original", className="muted", title="The network as it was trained; others are proven by it.")
    if not row.proof:
        return html.Span("not proven", className="muted", title="No verification against a parent came with it.")
    verdict = str(row.proof["verdict"])
    agreement = f"The same class in {100 * row.proof['top1_agreement']:.2f} % of the windows"
    sqnr = row.proof["sqnr_db"]
    hint = f"{agreement}, signal to quantisation noise {sqnr:.1f} dB." if sqnr is not None else f"{agreement}."
    if verdict == "equivalent" and not is_proven(row.proof):
        return ui.state("muted", "equivalent elsewhere", hint=f"Proven on another processor or runtime. {hint}")
    if verdict == "equivalent":
        return ui.state("good", verdict, hint=hint)
    return ui.state("bad" if verdict == "degraded" else "warn", verdict, hint=hint)


class Axis:
    """The logarithmic axis on which the table draws how many times faster variants are."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Axis":
        """Return the axis on which every interval of ``rows`` has room."""
        low = min(NARROWEST[0], *(1 / row.ratio_high / MARGIN for row in rows))
        return cls(low, max(NARROWEST[1], *(MARGIN / row.ratio_low for row in rows)))

    def place(self, times: float) -> float:
        """Return where a factor stands, in per cent of the axis."""
        return 100 * log10(times / self.low) / log10(self.high / self.low)

    def marks(self) -> list[float]:
        """Return where the axis is marked: at 1, and where there is room beside it."""
        shown = [1.0]
        for mark in sorted(MARKS, key=lambda mark: abs(log10(mark))):
            within = self.low <= mark <= self.high
            if within and all(abs(self.place(mark) - self.place(other)) > 100 * APART for other in shown):
                shown.append(mark)
        return sorted(shown)

    def head(self) -> html.Div:
        """Write the marks' numbers."""
        numbers = [
            html.Span(f"{mark:g}", style={"left": f"{self.place(mark):.2f}%"}, className="mark")
            for mark in self.marks()
        ]
        return html.Div([html.Span("Times faster, drawn", className="visually-hidden"), *numbers], className="axis")

    def dot(self, row: Row, *, ship: bool) -> html.Div:
        """Draw a variant's factor as a dot on its interval."""
        lines = [
            html.Span(style={"left": f"{self.place(mark):.2f}%"}, className="line one" if mark == 1 else "line")
            for mark in self.marks()
        ]
        left, right = self.place(1 / row.ratio_high), self.place(1 / row.ratio_low)
        names = "dot ship" if ship else "dot square" if row.verdict == "baseline" else "dot"
        whisker = html.Span(style={"left": f"{left:.2f}%", "width": f"{right - left:.2f}%"}, className="whisker")
        dot = html.Span(style={"left": f"{self.place(1 / row.ratio):.2f}%"}, className=names)
        return html.Div([*lines, whisker, dot], className="axis", **aria(hidden="true"))
