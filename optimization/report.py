"""A benchmark as one HTML file that opens without a network, in the reader's light or dark."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

import plotly.graph_objects as go

from optimization.charts import latency_against_size, latency_bars, size_bars
from optimization.measuring.candidate import runtime_title
from optimization.measuring.measurement import Benchmark, Control
from optimization.measuring.recommendation import baseline_title, file_told, forecast_told, recommended, sentence
from optimization.report_tables import speed_table, use_table

PLOTLY = Path(__file__).parents[1] / "assets" / "vendor" / "plotly-cartesian-4.1.1.min.js"
STYLE, SCRIPT = Path(__file__).with_name("report.css"), Path(__file__).with_name("report.js")
FONT = "system-ui, sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one of the report's two schemes."""

    name: str
    ground: str
    text: str
    muted: str
    line: str
    strong: str
    ink: str
    accent: str
    bad: str


LIGHT = Palette("light", "#ffffff", "#111827", "#4b5563", "#e1e5eb", "#c3cad5", "#3d4a5f", "#2459c4", "#b42318")
DARK = Palette("dark", "#151b26", "#e5e9f0", "#a3aec0", "#273041", "#46536a", "#a9b6ca", "#7faaff", "#ff8b80")


def report_html(measured: Benchmark) -> str:
    """Return a benchmark as a page that holds all that it needs: text, tables, charts and what draws them."""
    shapes = [(control.batch, control.threads) for control in measured.controls]
    network = escape(measured.rows[0].network)
    parts = [part for shape in shapes for part in section(measured, *shape)]
    figures = {
        palette.name: [
            json.loads(figure.to_json()) for shape in shapes for figure in figures_of(measured, *shape, palette)
        ]
        for palette in (LIGHT, DARK)
    }
    # In a script, `<` could end it or open a comment, whatever it stands for in JSON.
    drawn = json.dumps(figures).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{network}: variants measured</title>
<style>
:root {{ {palette_css(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {palette_css(DARK)} }} }}
{STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<main>
<h1>Variants of {network}, measured side by side</h1>
{facts(measured)}
{remarks(measured)}
{chr(10).join(parts)}
{how(measured)}
</main>
<script>{PLOTLY.read_text(encoding="utf-8")}</script>
<script type="application/json" id="figures">{drawn}</script>
<script>
{SCRIPT.read_text(encoding="utf-8")}</script>
</body>
</html>
"""


def facts(measured: Benchmark) -> str:
    """Return where and how it was measured, as a list of names and values."""
    machine, windows = measured.machine, measured.windows
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    said = [
        ("Machine", f"{machine.cpu}, {machine.threads} threads, {machine.memory_bytes / 2**30:.1f} GiB"),
        ("Instruction sets", " ".join(machine.flags) or "none of those that speed up reduced precision"),
        ("Clock governor", machine.governor or "not told by the system"),
        ("System", machine.system),
        ("Versions", versions),
        ("Windows", f"{windows['count']}, {windows['source']}: {windows.get('recording') or 'seeded machines'}"),
        ("Runtimes", ", ".join(runtime_title(name) for name in dict.fromkeys(row.runtime for row in measured.rows))),
        ("Measured", f"{measured.measured_at}, in {measured.seconds:.0f} s, {rounds_told(measured)}"),
    ]
    items = "\n".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in said)
    return f"<dl>\n{items}\n</dl>"


def rounds_told(measured: Benchmark) -> str:
    """Say how often and in how many processes: ``200 rounds in 5 processes``."""
    processes = measured.settings.processes
    return f"{measured.settings.rounds} rounds in {processes} process{'es' if processes > 1 else ''}"


def remarks(measured: Benchmark) -> str:
    """Return as paragraphs what is said of the whole measurement."""
    said = [] if measured.file_to_verdict is None else [f"{file_told(measured.file_to_verdict)}."]
    forecast = forecast_told(measured)
    said += [] if forecast is None else [f"{forecast}."]
    said += [f"Left out: {each.candidate}. {each.reason}" for each in measured.left_out]
    return "\n".join(f"<p>{escape(each)}</p>" for each in said)


def section(measured: Benchmark, batch: int, threads: int) -> Iterator[str]:
    """Return all about one batch size and number of threads."""
    rows, control = measured.rows_at(batch, threads), measured.control_at(batch, threads)
    ship = recommended(measured, batch, threads)
    yield f"<section>\n<h2>Batch {batch}, threads {threads}</h2>"
    yield f'<p class="sentence">{escape(sentence(measured, batch, threads))}</p>'
    yield f"<p>{escape(control_told(control))}</p>"
    yield speed_table(rows, ship, baseline_title(measured, batch, threads))
    yield use_table(rows, ship)
    titles = ("Latency against size", "Latency of a call", "Size of the weight file")
    # A figure's place is filled by the script, in the order of the figures.
    yield '<div class="charts">'
    yield "\n".join(
        f'<figure><figcaption>{title}</figcaption><div class="chart" role="img" aria-label="{title}"></div></figure>'
        for title in titles
    )
    yield "</div>\n</section>"


def control_told(control: Control) -> str:
    """Say how the baseline compared with itself: ``Control: a tie, 1.00 [0.99 to 1.01]. …``."""
    outcome = "a tie" if control.verdict == "tie" else "no tie"
    interval = f"{control.ratio:.2f} [{control.ratio_low:.2f} to {control.ratio_high:.2f}]"
    return (
        f"Control: {control.variant} against itself is {outcome}, {interval}; "
        f"differences below {100 * control.resolution:.1f} % are ties here."
    )


def how(measured: Benchmark) -> str:
    """Return how the numbers came about, and what they don't say."""
    return f"""<section>
<h2>How it was measured</h2>
<p>Load, first call and memory: once, in a fresh process for each variant, batch and number of threads; the weight file
was in the system's cache, the library imported. Memory is the most that the process held, Python included.</p>
<p>Latencies: for each batch and number of threads, fresh processes one after the other loaded all variants and warmed
each up: {rounds_told(measured)}. In each round every variant ran for 10 ms or one call, in shuffled order. The ratio is
of two variants' median calls in the same round; its median over rounds stands here with a 95 % interval (hierarchical
bootstrap: processes, and blocks of rounds within them; Kalibera and Jones, 2013; Davison and Hinkley, 1997; Künsch,
1989). Faster or slower is said only where the interval excludes a tie and the difference is larger than what the
control, the baseline against itself, shows. A 99 % quantile takes 662 calls.</p>
<p>Real time: seconds of signal whose windows, a hop apart, are answered in a second of computing. Call of a hop: the
median call over the time until the next window is there.</p>
<p>Other processors, runtimes and batch sizes give other ratios.</p>
</section>"""


def figures_of(measured: Benchmark, batch: int, threads: int, palette: Palette) -> list[go.Figure]:
    """Draw the three charts of one batch size and number of threads."""
    rows, ship = measured.rows_at(batch, threads), recommended(measured, batch, threads)
    template = template_of(palette)
    against_size = latency_against_size(rows, palette, template, ship=ship).update_layout(height=300)
    high = 90 + 30 * len(rows)
    return [against_size, *(draw(rows, palette, template, ship=ship).update_layout(height=high) for draw in BARS)]


BARS = (latency_bars, size_bars)


def template_of(palette: Palette) -> go.layout.Template:
    """Return the look of the report's charts: few hairlines, a transparent ground."""
    title = {"font": {"size": 12, "color": palette.muted}, "standoff": 8}
    axis = {
        "gridcolor": palette.line,
        "linecolor": palette.line,
        "zeroline": False,
        "tickfont": {"size": 12, "color": palette.muted},
        "title": title,
        "automargin": True,
    }
    layout = {
        "font": {"family": FONT, "size": 12, "color": palette.muted},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": axis,
        "yaxis": axis,
        "margin": {"l": 48, "r": 16, "t": 8, "b": 40},
        "dragmode": False,
        "showlegend": False,
    }
    return go.layout.Template(layout=layout)


def palette_css(palette: Palette) -> str:
    """Return a palette as custom properties of a style sheet."""
    return " ".join(f"--{name}: {colour};" for name, colour in asdict(palette).items() if name != "name")
