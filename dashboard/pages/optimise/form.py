"""What is to be searched: the form, the command that does the same, and what starts it."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.words import plain_number
from dashboard.pages.benchmark.form import BATCH_SIZES, pairs, question, thread_counts
from dashboard.pages.models.calibration import Candidates, recordings_choice
from dashboard.pages.optimise import ids
from dashboard.pages.optimise.asking import Request
from dashboard.pages.optimise.found import Found
from engine.card import ModelCard
from engine.machine import this_machine
from optimization.searching.question import Question

ALONE = "Runs alone: it waits until other jobs are done, and other jobs wait for it."


def form_card(found: Found, offered: Candidates) -> Component:
    """Build the form, filled as the search was asked for that the address names.

    It is folded where there is an answer to look at, unless that search came to none.

    Parameters
    ----------
    found : Found
        What the page shows.
    offered : Candidates
        Recordings to calibrate on and to prove with.
    """
    asked = (None if found.asked is None else Request.of_job(found.asked)) or Request(found.selection.model, Question())
    open_ = not found.live and (found.shown is None or found.came_to_none)
    content = [
        questions(found, asked),
        recordings_place(asked, offered, found.network.card),
        ui.command_box(ids.COMMAND),
        start_row(first=open_),
    ]
    details = html.Details(
        [html.Summary("What to search for"), html.Div(content, className="stack")], id=ids.FORM, open=open_
    )
    return ui.card(details, class_name="benchmark-form")


def questions(found: Found, asked: Request) -> Component:
    """Build what is asked, filled with ``asked``."""
    wanted, limits = asked.question, asked.question.limits
    networks = [(variant.full_name, variant.card.title) for variant in found.networks]
    threads = [str(count) for count in thread_counts(this_machine().threads)]
    batches = [str(size) for size in BATCH_SIZES]
    return html.Div(
        [
            ui.select_field(ids.NETWORK, "Network", networks, value=found.selection.model),
            choice(ids.BATCH, "Windows a call", batches, wanted.batch),
            choice(ids.THREADS, "Threads", threads, wanted.threads),
            ui.text_field(
                ids.FLIPS,
                "Verdicts that may flip",
                value=plain_number(100 * limits.flips_share),
                unit="%",
                help_text="At most, in truth: the upper end of what the proof shows.",
                **typed_number(),
            ),
            ui.text_field(
                ids.LATENCY,
                "Latency",
                value=typed_ratio(limits.latency_ratio),
                placeholder="any",
                unit="of float32",
                help_text="0.5 asks for twice as fast. Empty: as fast as can be.",
                **typed_number(),
            ),
            ui.text_field(
                ids.SIZE,
                "Size",
                value=typed_ratio(limits.size_ratio),
                placeholder="any",
                unit="of float32",
                help_text="0.3 asks for less than a third of the file.",
                **typed_number(),
            ),
            ui.text_field(
                ids.MINUTES,
                "Time",
                value=plain_number(wanted.minutes),
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
                    value=ids.OWN if asked.recordings else ids.SIMULATED,
                ),
            ),
        ],
        className="benchmark-questions",
    )


def typed_ratio(ratio: float | None) -> str:
    """Write a limit as it is typed; nothing where there is none."""
    return "" if ratio is None else plain_number(ratio)


def typed_number() -> dict[str, Any]:
    """Return what every field for a number has."""
    return {"inputmode": "decimal", "debounce": False}


def choice(component_id: str, label: str, values: Sequence[str], value: int) -> html.Div:
    """Ask for one of a few numbers."""
    return question(label, ui.segmented(component_id, label, pairs(values), value=str(value)))


def recordings_place(asked: Request, offered: Candidates, card: ModelCard) -> html.Div:
    """Build the place where recordings are chosen; unseen until somebody wants their own."""
    own = bool(asked.recordings)
    option = {"value": "yes", "label": "Resample recordings of other rates"}
    resample = dbc.Checklist(
        id=ids.RESAMPLE, options=[option], value=["yes"] if asked.resample else [], className="checks"
    )
    shown = own_recordings(offered, card, asked.recordings, resample=asked.resample) if own else None
    return html.Div(
        [
            html.Div(shown, id=ids.RECORDINGS, className="calibration-choice", hidden=not own),
            html.Div(resample, id=ids.RESAMPLE_PLACE, hidden=not own or not offered.others),
        ],
        className="optimise-recordings",
        **aria(label="Recordings"),
        role="group",
    )


def own_recordings(offered: Candidates, card: ModelCard, chosen: Sequence[str], *, resample: bool) -> list[Component]:
    """Build the choice of recordings, and say what becomes of them."""
    choice = recordings_choice(offered, card, chosen, resample=resample)
    return [*choice, html.P("A part of them is left to prove with.", className="note")]


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
