"""The candidates of a search as tables: the front, and what was sent off and why."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.words import counted
from dashboard.pages.optimise.found import Answer
from optimization.charts import rounded, unit_for
from optimization.measuring.candidate import runtime_title
from optimization.passes import PASSES
from optimization.searching.candidates import Tried

RATIO = "Median call over that of the network in float32 in the same round, with a 95 % interval."


def front_card(answer: Answer) -> Component:
    """Build the table of the front, and below it, folded, all that was tried."""
    shown = [*answer.front, *([] if answer.ship in answer.front else [answer.ship])]
    others = [one for one in answer.candidates if one not in shown]
    rest = html.Details(
        [
            html.Summary(f"The other {counted(len(others), 'candidate')}"),
            candidates(others, answer, "The other candidates", dropped=True),
        ],
        className="optimise-others",
    )
    return ui.card(
        candidates(shown, answer, "Candidates that nothing beats", dropped=any(one.dropped for one in shown)),
        rest if others else None,
        title="What nothing beats",
        note="in latency, error and size alike; the fastest first",
        class_name="optimise-table",
    )


def candidates(shown: Sequence[Tried], answer: Answer, caption: str, *, dropped: bool) -> Component:
    """Lay candidates out; the one to ship is tinted."""
    unit_bytes, unit = unit_for(max((one.size_bytes for one in answer.candidates), default=0))
    heads = [
        ui.Column("Candidate"),
        ui.Column("Recipe"),
        ui.Column("Runtime"),
        ui.Column("Size", unit, numeric=True),
        ui.Column("Latency", "of float32 [95 %]", numeric=True),
        ui.Column("SQNR", "dB", numeric=True),
        ui.Column("Flipped", numeric=True),
    ]
    if dropped:
        heads.append(ui.Column("Why it is out", class_name="why"))
    rows = [
        ui.Row(
            [
                named(one, answer),
                *cells(one, unit_bytes),
                *([html.Span(one.dropped, className="note")] if dropped else []),
            ],
            chosen=one is answer.ship,
        )
        for one in shown
    ]
    return ui.table(heads, rows, caption=caption)


def named(one: Tried, answer: Answer) -> Component | str:
    """Name a candidate and, where the one to ship is kept by another name, that."""
    kept = str(answer.told["ship"]["variant"]).partition("/")[2]
    if one is not answer.ship or kept == one.name:
        return one.name
    return html.Span([one.name, html.Span(f"kept as {kept}", className="note kept-as")])


def cells(one: Tried, unit_bytes: float) -> list[Component | str]:
    """Write what is known of a candidate."""
    return [
        html.Span(recipe_told(one), title=settings_told(one)),
        runtime_title(one.runtime),
        rounded(one.size_bytes / unit_bytes) if one.size_bytes else "–",
        ratio(one),
        noise(one),
        f"{one.proof['flips']} of {one.proof['recordings']}" if one.proof else "–",
    ]


def recipe_told(one: Tried) -> str:
    """Write the passes: ``ONNX export, static INT8``."""
    names = [str(step.get("pass", "?")) for step in one.recipe]
    return ", ".join(PASSES[name].title if name in PASSES else name for name in names) or "as it is"


def settings_told(one: Tried) -> str:
    """Write what was chosen for it."""
    return ", ".join(f"{name} {value}" for name, value in one.choices.items())


def ratio(one: Tried) -> Component | str:
    """Write the latency with its interval."""
    if one.ratio is None:
        return "–"
    interval = html.Span(f"{one.ratio.low:.2f} to {one.ratio.high:.2f}", className="interval")
    return html.Span([html.Strong(f"{one.ratio.median:.2f}"), interval], title=RATIO)


def noise(one: Tried) -> str:
    """Write how far the logits lie above their error."""
    if not one.proof:
        return "–"
    sqnr_db = one.proof.get("sqnr_db")
    return "exact" if sqnr_db is None else f"{sqnr_db:.1f}"
