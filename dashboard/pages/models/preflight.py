"""What the form would give, said before anything runs: size, latency, what each operator will be, what is warned of."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.words import counted, size_text
from dashboard.pages.models import ids
from engine.errors import NoEffect, VibenchError
from optimization.charts import rounded

#: Batch sizes to foretell a latency of.
BATCHES = (("1", "1"), ("32", "32"))
#: What the operators of one precision are called in a sentence, and in a table's cell.
WORDS: Mapping[str, str] = {
    "int8": "INT8",
    "fp32": "FP32",
    "fp16": "FP16",
    "cast": "cast",
    "layout": "layout only",
}
#: A foretold ratio says no more than that.
SAME = 0.05
HOW = (
    "The passes run on two windows, for the graph that they write; its operators are added up from this machine's "
    "table of kernels, on one thread of ONNX Runtime. Nothing of the variant itself was timed."
)


def place() -> html.Section:
    """Build the place of the forecast, and the choice of the batch size that it is for."""
    batch = ui.segmented(ids.FORECAST_BATCH, "Batch size of the forecast", BATCHES, value="1")
    head = html.Div(
        [html.H3("What to expect"), html.Div([html.Span("Batch", className="note"), batch], className="labelled")],
        className="preflight-head",
    )
    return html.Section(
        [head, html.Div(ui.skeleton(height=48, sentence="Working it out"), id=ids.FORECAST)],
        id=ids.PREFLIGHT,
        className="preflight",
    )


def told(said: Mapping[str, Any], *, measuring: bool) -> list[Component]:
    """Build what a forecast says.

    Parameters
    ----------
    said : mapping
        As `optimization.forecast.Forecast.to_json`.
    measuring : bool
        Whether a job measures this machine's kernels, or waits to.
    """
    warned = [ui.notice(f"{warning['message']}.", tone="warn") for warning in said["warnings"]]
    return [
        html.P(html.Strong(sentence(said)), title=HOW),
        *without_table(said, measuring=measuring),
        *warned,
        *operators(said),
    ]


def sentence(said: Mapping[str, Any]) -> str:
    """Say size and latency: ``About 74 kB instead of 220 kB; about 1.8 times faster than wdcnn/onnx at batch 1``."""
    before, after = said["size_bytes"]
    size = f"About {size_text(after)} instead of {size_text(before)}"
    if size_text(after) == size_text(before):
        size = f"About {size_text(after)}, as before"
    if said["ratio"] is None:
        return f"{size}."
    return f"{size}; {speed(said['ratio'])} {said['before']} at batch {said['batch']}."


def speed(ratio: float) -> str:
    """Compare a foretold latency with what it is the ratio to."""
    if abs(ratio - 1) < SAME:
        return "about as fast as"
    times = f"{1 / ratio:.1f}" if ratio < 1 else f"{ratio:.1f}"
    return f"about {times} times {'faster' if ratio < 1 else 'slower'} than"


def without_table(said: Mapping[str, Any], *, measuring: bool) -> list[Component]:
    """Say why no latency is told, where that is so, and offer what can be done."""
    if said["ms"] is not None:
        return []
    if not said["operators"]:
        sentence = "No latency is foretold of PyTorch's form: only ONNX Runtime's kernels are known."
        return [html.P(sentence, className="note")]
    if measuring:
        return [html.P("This machine's kernels are being measured; the latency follows.", className="note")]
    action = ui.button("Measure them once", icon_name="speedometer2", small=True, id=ids.MEASURE_KERNELS)
    words = "No latency is told until this machine's kernels have been measured, which takes up to a minute."
    return [ui.notice(words, tone="muted", action=action)]


def operators(said: Mapping[str, Any]) -> list[Component]:
    """List the operators of the graph that will run, folded away, and what stays in float32 and why."""
    rows = said["operators"]
    if not rows:
        return []
    timed = rows[0]["ms"] is not None
    heads = [ui.Column("Operator"), ui.Column("Computes in"), ui.Column("Nodes", numeric=True)]
    if timed:
        heads.append(ui.Column("Expected", "µs a call", numeric=True))
    cells = [
        ui.Row(
            [
                row["operator"],
                WORDS.get(row["precision"], row["precision"]),
                str(row["count"]),
                *([rounded(1e3 * row["ms"])] if timed else []),
            ]
        )
        for row in rows
    ]
    table = ui.table(heads, cells, caption="Operators of the graph that will run")
    inner = html.Div([*kept(said["kept"]), table], className="stack")
    return [html.Details([html.Summary(summary(rows)), inner], className="preflight-operators")]


def summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """Count the operators: ``Per operator: 7 INT8, 2 FP32, 4 casts``."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["precision"]] = counts.get(row["precision"], 0) + row["count"]
    said = [
        counted(counts[name], "cast") if name == "cast" else f"{counts[name]} {word}"
        for name, word in WORDS.items()
        if counts.get(name)
    ]
    return f"Per operator: {', '.join(said)}"


def kept(found: Sequence[Mapping[str, Any]]) -> list[Component]:
    """List what INT8 leaves in float32, and why."""
    if not found:
        return []
    items = [html.Li(f"{one['count']} × {one['operator']} stays in FP32: {one['reason']}.") for one in found]
    return [html.Ul(items, className="preflight-kept")]


def failed(error: VibenchError) -> Component:
    """Say why there is no forecast."""
    return ui.notice(str(error), title="Nothing to expect." if isinstance(error, NoEffect) else None, tone="warn")
