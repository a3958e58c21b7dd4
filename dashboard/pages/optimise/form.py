"""What is to be searched: the form, the command that does the same, and what starts it."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.pages.benchmark.form import BATCH_SIZES, pairs, question, thread_counts
from dashboard.pages.optimise import ids
from dashboard.pages.optimise.found import Found
from engine.machine import this_machine
from optimization.searching.question import Question

ALONE = "Runs alone: it waits until other jobs are done, and other jobs wait for it."


def form_card(found: Found) -> Component:
    """Build the form; folded where there is an answer to look at."""
    open_ = found.shown is None and not found.live
    content = [questions(found), recordings_place(), ui.command_box(ids.COMMAND), start_row(first=open_)]
    details = html.Details(
        [html.Summary("What to search for"), html.Div(content, className="stack")], id=ids.FORM, open=open_
    )
    return ui.card(details, class_name="benchmark-form")


def questions(found: Found) -> Component:
    """Build what is asked."""
    usual = Question()
    networks = [(variant.full_name, variant.card.title) for variant in found.networks]
    threads = [str(count) for count in thread_counts(this_machine().threads)]
    batches = [str(size) for size in BATCH_SIZES]
    return html.Div(
        [
            ui.select_field(ids.NETWORK, "Network", networks, value=found.selection.model),
            choice(ids.BATCH, "Windows a call", batches, usual.batch),
            choice(ids.THREADS, "Threads", threads, usual.threads),
            ui.text_field(
                ids.FLIPS,
                "Verdicts that may flip",
                value=f"{100 * usual.limits.flips_share:g}",
                unit="%",
                help_text="At most, in truth: the upper end of what the proof shows.",
                **typed_number(),
            ),
            ui.text_field(
                ids.LATENCY,
                "Latency",
                placeholder="any",
                unit="of float32",
                help_text="0.5 asks for twice as fast. Empty: as fast as can be.",
                **typed_number(),
            ),
            ui.text_field(
                ids.SIZE,
                "Size",
                placeholder="any",
                unit="of float32",
                help_text="0.3 asks for less than a third of the file.",
                **typed_number(),
            ),
            ui.text_field(
                ids.MINUTES,
                "Time",
                value=f"{usual.minutes:g}",
                unit="minutes",
                help_text="For all of it. Twice the time, more candidates.",
                **typed_number(),
            ),
            question(
                "Calibrate and prove with",
                ui.segmented(
                    ids.SOURCE,
                    "Calibrate and prove with",
                    [(ids.SIMULATED, "Simulated"), (ids.OWN, "Recordings")],
                    value=ids.SIMULATED,
                ),
            ),
        ],
        className="benchmark-questions",
    )


def typed_number() -> dict[str, Any]:
    """Return what every field for a number has."""
    return {"inputmode": "decimal", "debounce": False}


def choice(component_id: str, label: str, values: Sequence[str], value: int) -> html.Div:
    """Ask for one of a few numbers."""
    return question(label, ui.segmented(component_id, label, pairs(values), value=str(value)))


def recordings_place() -> html.Div:
    """Build the place where recordings are chosen; unseen until somebody wants their own."""
    option = {"value": "yes", "label": "Resample recordings of other rates"}
    resample = dbc.Checklist(id=ids.RESAMPLE, options=[option], value=[], className="checks")
    return html.Div(
        [
            html.Div(id=ids.RECORDINGS, className="calibration-choice", hidden=True),
            html.Div(resample, id=ids.RESAMPLE_PLACE, hidden=True),
        ],
        className="optimise-recordings",
        **aria(label="Recordings"),
        role="group",
    )


def start_row(*, first: bool) -> html.Div:
    """Build what starts the job, and the place for what is wrong with the form.

    ``first`` says that there is nothing else to do on the page yet.
    """
    return html.Div(
        [
            html.Div(id=ids.PROBLEM, role="status"),
            html.Div(
                [
                    ui.button("Search", icon_name="sliders", kind="primary" if first else "plain", id=ids.SEARCH),
                    html.Span(ALONE, className="note"),
                ],
                className="button-row",
            ),
        ],
        className="starting",
    )
