"""The three panels at the top: what the network says, what the envelope shows, and which backend answered."""

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.spectra import CLASS_OF_LINE
from dashboard.pages.diagnose.examination import Examination
from dashboard.pages.diagnose.figures import uncertain_windows
from dashboard.pages.diagnose.wording import (
    Agreement,
    confidence_sentence,
    evidence_in_words,
    headline,
    track_record,
)
from engine.variant import BACKEND_TITLES, Variant

BACKEND = "diagnose-backend"
COMPARE = "diagnose-compare"
COMPARISON = "diagnose-comparison"

#: Value of the comparison with none; an empty one can't be shown as chosen.
NOTHING = "none"
NOT_VALIDATED = "rig-not-validated"
SHOWS = "The envelope shows"


def panels(found: Examination) -> Component:
    """Build the card with the three panels."""
    return ui.card(ui.columns(network_panel(found), envelope_panel(found), backend_panel(found)), class_name="verdict")


def network_panel(found: Examination) -> Component:
    """Say the network's verdict, how many windows share it, and whether it was validated on this machine."""
    diagnosis, card = found.diagnosis, found.variant.card
    verdict = diagnosis.verdict
    lines = [html.Div("The network says", className="note")]
    lines.append(ui.answer(headline(diagnosis), class_key=verdict.label if verdict else "inconclusive"))
    if verdict is not None:
        agreeing = round(verdict.share * verdict.windows)
        uncertain = int(np.sum(uncertain_windows(diagnosis, card)))
        share = html.Strong(f"{agreeing} of {verdict.windows} windows", className="number")
        rest = f" ({verdict.share * 100:.0f} %)" + (f", {uncertain} uncertain" if uncertain else "")
        lines.append(html.Div([share, html.Span(rest, className="muted")]))
    lines.append(html.Div(confidence_sentence(diagnosis, card), className="muted"))
    lines.append(html.Div(validation(found), className="button-row"))
    return html.Div(lines, className="says")


def validation(found: Examination) -> list[Component]:
    """Say whether the network was tested on this machine, and how it did there."""
    card = found.variant.card
    if any(caution.code == NOT_VALIDATED for caution in found.diagnosis.cautions):
        return [ui.badge("not validated on this machine", tone="warn", icon_name="exclamation-triangle")]
    record = html.Span(track_record(card), className="note")
    return [ui.badge("validated on this machine", tone="good", icon_name="patch-check"), record]


def envelope_panel(found: Examination) -> Component:
    """Say which fault lines stand in the envelope spectrum: evidence, whose weight the reader judges."""
    analysis = found.analysis
    if not analysis.lines:
        lines = [ui.answer("No fault lines to look for", tone="muted"), html.Div(analysis.missing, className="muted")]
        return html.Div([html.Div(SHOWS, className="note"), *lines], className="says")
    words = evidence_in_words(analysis.lines)
    first, *others = words.details
    return html.Div(
        [
            html.Div(f"{SHOWS}, as evidence without a verdict", className="note"),
            ui.answer(words.headline, class_key=CLASS_OF_LINE.get(words.line or "", "normal")),
            html.Div(html.Strong(first) if words.line else first),
            *(html.Div(detail, className="muted") for detail in others),
        ],
        className="says",
    )


def backend_panel(found: Examination) -> Component:
    """Build the choice of backend, why some can't be chosen, and the choice of a second one to compare with."""
    choices = found.backends
    missing = [choice for choice in choices if choice.reason]
    note = None
    if missing:
        titles = " and ".join(choice.title for choice in missing)
        reasons = " ".join(choice.reason or "" for choice in missing)
        note = html.Div(f"{titles}: not made yet", className="note", title=reasons)
    control = ui.segmented(
        BACKEND,
        "Backend",
        [(choice.value, choice.title) for choice in choices],
        value=found.selection.model,
        disabled=[choice.value for choice in missing],
    )
    return html.Div([html.Div("Backend", className="note"), control, note, *comparison(found)], className="says")


def comparison(found: Examination) -> list[Component]:
    """Build the choice of the variant to compare with, and the place for what comes of it."""
    if not found.others:
        return []
    options = [(NOTHING, "nothing"), *((other.full_name, title_of(other, found)) for other in found.others)]
    chosen = found.selection.compare
    known = chosen if any(chosen == value for value, _ in options) else NOTHING
    waiting = "" if known == NOTHING else "Being compared; PyTorch takes some seconds the first time."
    return [
        ui.inline_select(COMPARE, "Compare with", options, value=known),
        html.Div(waiting, id=COMPARISON, className="note", role="status"),
    ]


def title_of(variant: Variant, found: Examination) -> str:
    """Return a variant's backend, or its own name where the network has several of that backend."""
    rivals = [other for other in (*found.others, found.variant) if other.backend == variant.backend]
    return BACKEND_TITLES[variant.backend] if len(rivals) == 1 else variant.name


def agreement(found: Agreement) -> list[Component | str]:
    """Tell how two variants agree, the verdict first and coloured."""
    verdict, separator, rest = found.sentence.partition(",")
    return [html.Strong(verdict, className="tone-good" if found.same else "tone-bad"), separator + rest]
