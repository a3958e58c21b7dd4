"""What a search says: the sentence, what it rests on, the front, and the recipe to take along."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.times import clock_text, duration_text
from dashboard.components.words import counted, size_text
from dashboard.pages.models.address import View
from dashboard.pages.optimise import ids
from dashboard.pages.optimise.figures import HEIGHT, front_figure, title
from dashboard.pages.optimise.found import AGAINST, Answer, Found
from dashboard.pages.optimise.table import front_card
from engine.variant import Variant
from optimization.measuring.candidate import USUAL, runtime_title
from optimization.searching.candidates import Tried

AXES = {"size": "Size", "error": "Error"}
NOISY = "Other programs ran beside it: close them and search again before you believe the ratios."


def result(found: Found) -> list[Component]:
    """Build everything that is said of the search that is shown; nothing where there is none."""
    answer = found.shown
    if answer is None:
        return []
    noisy = [ui.notice(NOISY, title="The control was no tie.", tone="warn")] if answer.told["noisy"] else []
    return [
        answer_card(found, answer),
        facts(answer),
        *noisy,
        html.Div([chart_card(found, answer), recipe_card(answer)], className="optimise-columns"),
        front_card(answer),
    ]


def answer_card(found: Found, answer: Answer) -> Component:
    """Build the sentence, and what to do about it."""
    told = answer.told["ship"]
    name = str(told["variant"])
    before, itself, after = answer.sentence.partition(name)
    missed = not told["keeps_limits"]
    sentence: list[Component | str] = [
        before,
        html.Span(itself, className="tone-warn" if missed else "tone-accent"),
        after,
    ]
    question = answer.question
    note = (
        f"Searched from {answer.network}, {counted(question.batch, 'window')} a call, "
        f"{counted(question.threads, 'thread')}; {limits_told(answer)}"
    )
    return html.Section(
        [
            html.Div(note, className="note"),
            html.H2(sentence, className="sentence"),
            html.P(answer.reason, className="muted"),
            html.Div(actions(found, told), className="button-row"),
        ],
        className="card benchmark-answer",
    )


def actions(found: Found, told: Mapping[str, Any]) -> list[Component]:
    """Build the links to the variant to ship, where it is kept."""
    kept = kept_variant(found, told)
    if kept is None:
        return [ui.badge("removed since", icon_name="trash")]
    view = View(model=kept.full_name, recording=found.selection.recording)
    diagnose = ui.link_button("Diagnose with it", view.diagnose_address(), icon_name="activity", kind="primary")
    return [
        *([diagnose] if told["runtime"] in USUAL else []),  # a diagnosis is made on the usual runtime
        ui.link_button("Show in Models", view.address(), icon_name="diagram-3"),
        ui.link_button("Benchmark", view.benchmark_address(), icon_name="speedometer2"),
    ]


def kept_variant(found: Found, told: Mapping[str, Any]) -> Variant | None:
    """Return the variant to ship, under whatever name it is kept."""
    same = [variant for variant in found.kept if variant.digest == told["digest"]]
    return next((one for one in same if one.full_name == told["variant"]), next(iter(same), None))


def limits_told(answer: Answer) -> str:
    """Write what was asked for: ``at most 1 % of the verdicts flip, size at most 0.3``."""
    limits = answer.question.limits
    said = [f"at most {100 * limits.flips_share:g} % of the verdicts may flip"]
    if limits.latency_ratio is not None:
        said.append(f"latency at most {limits.latency_ratio:g}")
    if limits.size_ratio is not None:
        said.append(f"size at most {limits.size_ratio:g}")
    return ", ".join(said)


def facts(answer: Answer) -> Component:
    """Build the strip of what the answer rests on."""
    told = answer.told
    ship, recordings, machine = told["ship"], told["recordings"], told["machine"]
    dropped = sum(bool(one.dropped) for one in answer.candidates)
    shown = [
        ui.Fact("Size", size_text(ship["size_bytes"]), f"{100 * ship['size_ratio']:.0f} % of float32"),
        ui.Fact("Runs on", runtime_title(ship["runtime"])),
        ui.Fact("Tried", counted(len(answer.candidates), "candidate"), f"{dropped} sent off"),
        ui.Fact("Proven with", counted(recordings["proven_with"], "recording"), "that the search did not see"),
        ui.Fact("Machine", machine["cpu"], hint=" ".join(machine["flags"])),
        ui.Fact("Searched", clock_text(answer.job.ended_at or answer.job.queued_at), duration_text(told["seconds"])),
    ]
    return ui.fact_strip(shown, **aria(label="What the answer rests on"))


def chart_card(found: Found, answer: Answer) -> Component:
    """Build the front as a chart."""
    axis = found.selection.axis
    figure = front_figure(
        answer.candidates, answer.front, answer.ship, axis, answer.question.limits, ui.current_theme()
    )
    choice = ui.segmented(ids.AGAINST, "Drawn against", [(name, AXES[name]) for name in AGAINST], value=axis)
    said = "; ".join(point_told(one) for one in answer.front)
    return ui.card(
        ui.graph(figure, ids.FRONT, f"Latency against {AXES[axis].lower()}. {said}", height=HEIGHT),
        title="Latency against",
        note=choice,
        action=html.Span("lower left is better", className="note"),
        class_name="optimise-chart",
    )


def point_told(one: Tried) -> str:
    """Say a point's numbers for those who can't see it."""
    latency = "not measured" if one.ratio is None else f"{one.ratio.median:.2f} of the latency"
    return f"{title(one)}: {latency}, {one.size_ratio:.2f} of the size"


def recipe_card(answer: Answer) -> Component:
    """Build the recipe as a file, to copy or to take along."""
    text = answer.told["ship"]["yaml"]
    if text is None:
        return ui.card(
            html.P("Nothing is to be made: the network as it is comes out best.", className="muted"), title="Recipe"
        )
    copied: dict[str, Any] = {"data-copy-from": ids.RECIPE}
    trains = "it trains: elsewhere its weights may differ" if answer.told["ship"].get("learns") else ""
    return ui.card(
        html.Pre(html.Code(text, id=ids.RECIPE), tabIndex=0, className="recipe-text", **aria(label="Recipe as YAML")),
        title="Recipe",
        note=trains or "makes the same variant again",
        action=html.Div(
            [
                ui.button("Copy", icon_name="copy", small=True, **copied),
                ui.download_link("YAML", f"/searches/{answer.job.id}.yaml"),
            ],
            className="button-row",
        ),
        class_name="optimise-recipe",
    )
