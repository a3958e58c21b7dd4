"""The table of a measurement: a row a variant, how many times faster it is drawn as a dot with its interval."""

from collections.abc import Sequence
from math import log10

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.words import grouped
from optimization.charts import rounded, size_unit
from optimization.measurement import Benchmark, Row
from optimization.recommendation import decimals, is_original, is_proven

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
    "p50": "Median of all calls, of {rounds} interleaved rounds, each 10 ms or one call long.",
    "p90": "Nine of ten calls took no longer; of the same calls as the median.",
    "rate": "Windows in those calls over the time that they took.",
    "memory": "The most that a process held which ran this variant alone, Python and runtime included.",
    "ratio": "The baseline's median call over this variant's in the same round; its median over {rounds} rounds, with "
    "a 95 % interval (bootstrap of blocks of ten rounds).",
}
SPEED_HINT = (
    "Faster or slower only where the interval excludes 1 and the difference exceeds {resolution:.1f} %, what the "
)
SPEED_HINT += "control shows."


def comparison(measured: Benchmark, shape: tuple[int, int], ship: Row | None) -> Component:
    """Lay out the rows of one batch size and number of threads; the one to ship is tinted."""
    rows, control = measured.rows_at(*shape), measured.control_at(*shape)
    axis = Axis.of(rows)
    unit_bytes, unit = size_unit(rows)
    heads = [
        ui.Column("Variant"),
        ui.Column("Size", unit, numeric=True),
        ui.Column("Load", "ms", numeric=True, class_name="lesser"),
        ui.Column("First", "ms", numeric=True, class_name="lesser"),
        ui.Column("p50", "ms", numeric=True),
        ui.Column("p90", "ms", numeric=True),
        ui.Column("Windows", "per s", numeric=True),
        ui.Column("Memory", "MB", numeric=True, class_name="lesser"),
        ui.Column("Times faster", "[95 %]", numeric=True),
        ui.Column(axis.head(), class_name="ladder"),  # type: ignore[arg-type] # a head may be drawn
        ui.Column("Speed"),
        ui.Column("Verdicts", "flipped", numeric=True),
        ui.Column("Proof"),
    ]
    hints = {name: said.format(rounds=measured.settings.rounds) for name, said in HOW.items()}
    speed_hint = SPEED_HINT.format(resolution=100 * control.resolution)
    cells = [
        ui.Row(
            [
                html.Span(row.variant, title=f"SHA-256 of the weight file: {row.digest}"),
                number(rounded(row.size_bytes / unit_bytes), hints["size"]),
                number(rounded(row.load_ms), hints["load"]),
                number(rounded(row.first_ms), hints["first"]),
                number(rounded(row.p50_ms), hints["p50"]),
                number(rounded(row.p90_ms), hints["p90"]),
                number(grouped(row.throughput_per_s), hints["rate"]),
                number(rounded(row.peak_rss_mb), hints["memory"]),
                times_faster(row, hints["ratio"]),
                axis.dot(row, ship=row == ship),
                html.Span(row.verdict, title=speed_hint, className=f"speed-{row.verdict}"),
                flips(row),
                proof(row),
            ],
            chosen=row == ship,
        )
        for row in rows
    ]
    return ui.table(heads, cells, caption=f"Variants of {rows[0].network}, measured side by side")


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
