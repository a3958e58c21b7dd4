"""What is to be measured: the form, the command that does the same, and what starts it."""

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.pages.benchmark import ids
from dashboard.pages.benchmark.asking import SIMULATED
from dashboard.pages.benchmark.found import Found
from engine.card import ModelCard
from engine.machine import this_machine
from engine.runtimes import RUNTIMES
from engine.variant import Variant
from optimization.benchmark import require_measurable
from optimization.measuring.candidate import USUAL
from optimization.measuring.measurement import BenchmarkSettings
from workspace.recording import RecordingRow

BATCH_SIZES = (1, 8, 32, 128)
ALONE = "Runs alone: it waits until other jobs are done."
WHAT_ROUNDS_ARE = (
    "In each one, every variant runs for 10 ms or one call, in changing order. They are divided over five fresh "
    "processes. More rounds, narrower intervals."
)


def form_card(found: Found, networks: Sequence[ModelCard], recordings: Sequence[RecordingRow]) -> Component:
    """Build the form; folded where there is a result to look at."""
    asked = questions(found, networks, recordings)
    content = [asked, ui.command_box(ids.COMMAND), start_row(first=found.shown is None)]
    open_ = found.shown is None and not found.live
    details = html.Details(
        [html.Summary("What to measure"), html.Div(content, className="stack")], id=ids.FORM, open=open_
    )
    return ui.card(details, class_name="benchmark-form")


def questions(found: Found, networks: Sequence[ModelCard], recordings: Sequence[RecordingRow]) -> Component:
    """Build what is asked."""
    variants, usual = found.variants, BenchmarkSettings()
    names = [(variant.full_name, variant.name) for variant in variants]
    threads = [str(count) for count in thread_counts(this_machine().threads)]
    batches = [str(size) for size in BATCH_SIZES]
    chosen_windows = [row.id for row in recordings if row.id == found.selection.recording]
    windows = [(SIMULATED, "simulated recordings"), *((row.id, row.name) for row in recordings)]
    return html.Div(
        [
            question(
                "Network",
                ui.segmented(
                    ids.NETWORK,
                    "Network",
                    [(card.name, card.title) for card in networks],
                    value=found.selection.network,
                ),
            ),
            question("Variants", several(ids.VARIANTS, "Variants", names, [value for value, _ in names]), wide=True),
            ui.select_field(ids.BASELINE, "Times faster than", names, value=baseline_of(variants)),
            question("Batch sizes", several(ids.BATCHES, "Batch sizes", pairs(batches), [str(usual.batches[0])])),
            question("Threads", several(ids.THREAD_COUNTS, "Threads", pairs(threads), [str(usual.threads[0])])),
            runtimes_question(),
            ui.select_field(ids.WINDOWS, "Windows of", windows, value=(chosen_windows or [SIMULATED])[0]),
            ui.text_field(
                ids.ROUNDS,
                "Rounds",
                value=str(usual.rounds),
                help_text=WHAT_ROUNDS_ARE,
                inputmode="numeric",
                debounce=False,
            ),
        ],
        className="benchmark-questions",
    )


def runtimes_question() -> html.Div:
    """Ask for the runtimes; unseen where only the usual ones are installed, since there is nothing to choose."""
    installed = [(name, runtime.title) for name, runtime in RUNTIMES.items() if runtime.available()]
    control = several(ids.RUNTIMES, "Runtimes", installed, list(USUAL))
    return question("Runtimes", control, hidden={name for name, _ in installed} == set(USUAL))


def question(label: str, control: Component, *, wide: bool = False, hidden: bool = False) -> html.Div:
    """Put a label above a group of choices, which says its name to screen readers itself."""
    return html.Div(
        [html.Span(label, className="field-label", **aria(hidden="true")), control],
        className="field wide" if wide else "field",
        hidden=hidden,
    )


def several(component_id: str, label: str, options: Sequence[tuple[str, str]], chosen: Sequence[str]) -> html.Div:
    """Choose some of a few that are all seen at once; the chosen ones are property ``value``, a list."""
    shown = [{"value": key, "label": text} for key, text in options]
    inner = dbc.Checklist(id=component_id, options=shown, value=list(chosen), className="segments several")
    return html.Div(inner, role="group", className="segmented", **aria(label=label))


def pairs(values: Sequence[str]) -> list[tuple[str, str]]:
    """Return values as options that are shown as they are."""
    return [(value, value) for value in values]


def thread_counts(available: int) -> list[int]:
    """Return numbers of threads to offer: powers of two, and all that there are."""
    powers = [2**power for power in range(available.bit_length())]
    return sorted({count for count in powers if count <= available} | {available})


def baseline_of(variants: Sequence[Variant]) -> str:
    """Return what ratios are to unless somebody chooses: as the benchmark itself has it."""
    return require_measurable(variants, BenchmarkSettings()).full_name


def start_row(*, first: bool) -> html.Div:
    """Build what starts the job, what that costs, and the place for what is wrong with the form.

    ``first`` says that there is nothing else to do on the page yet.
    """
    return html.Div(
        [
            html.Div(id=ids.PROBLEM, role="status"),
            html.Div(
                [
                    ui.button(
                        "Measure", icon_name="speedometer2", kind="primary" if first else "plain", id=ids.MEASURE
                    ),
                    html.Span([html.Strong(id=ids.COST), f" {ALONE}"], className="note"),
                ],
                className="button-row",
            ),
        ],
        className="starting",
    )
