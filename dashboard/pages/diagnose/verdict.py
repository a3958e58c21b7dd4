"""The panels at the top: what the network says in one or two variants, what the envelope shows, and which backend."""

from urllib.parse import urlencode

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.spectra import CLASS_OF_LINE
from dashboard.components.words import grouped, listed
from dashboard.pages.diagnose.examination import Examination, Rival
from dashboard.pages.diagnose.runs import uncertain_windows
from dashboard.pages.diagnose.wording import (
    compare,
    confidence_sentence,
    evidence_in_words,
    headline,
    track_record,
)
from engine.card import ModelCard
from engine.diagnosis import Diagnosis
from engine.variant import BACKEND_TITLES, Variant

BACKEND = "diagnose-backend"
AGAINST = "diagnose-against"
AGREEMENT = "diagnose-agreement"

#: Value of the comparison with none; an empty one can't be shown as chosen.
NOTHING = "none"
NOT_VALIDATED = "rig-not-validated"
SHOWS = "The envelope shows"
ONCE = "Wall time of one run over all windows, when that diagnosis was made; a benchmark measures side by side."


def panels(found: Examination) -> Component:
    """Build the card with the panels; a second variant's verdict stands beside the first one's."""
    evidence, backends = envelope_panel(found), backend_panel(found)
    if found.rival is None:
        return ui.card(ui.columns(network_panel(found), evidence, backends), class_name="verdict")
    both = [network_panel(found), rival_panel(found, found.rival)]
    return ui.card(ui.columns(*both, evidence, backends, class_name="panels-two"), class_name="verdict")


def network_panel(found: Examination) -> Component:
    """Say the network's verdict, how many windows share it, and whether it was validated on this machine."""
    name = "The network" if found.rival is None else title_of(found.variant, found)
    return html.Div(
        [
            html.Div(f"{name} says", className="note", title=found.variant.full_name),
            *answer_lines(found.diagnosis, found.variant.card),
            html.Div(validation(found), className="button-row"),
        ],
        className="says",
    )


def rival_panel(found: Examination, rival: Rival) -> Component:
    """Say the second variant's verdict in the same words, and how it agrees with the first."""
    agreement = compare(found.diagnosis, rival.diagnosis)
    verdict = ui.state("good" if agreement.same else "bad", html.Strong(agreement.verdict))
    said = [verdict, html.Span(f", {agreement.windows}")]
    return html.Div(
        [
            html.Div(f"{title_of(rival.variant, found)} says", className="note", title=rival.variant.full_name),
            *answer_lines(rival.diagnosis, rival.variant.card),
            html.Div(said, id=AGREEMENT, className="note agreement", role="status"),
        ],
        className="says",
    )


def answer_lines(diagnosis: Diagnosis, card: ModelCard) -> list[Component]:
    """Tell a verdict, its share of the windows, and its confidence."""
    verdict = diagnosis.verdict
    lines: list[Component] = [ui.answer(headline(diagnosis), class_key=verdict.label if verdict else "inconclusive")]
    if verdict is not None:
        agreeing = round(verdict.share * verdict.windows)
        uncertain = int(np.sum(uncertain_windows(diagnosis, card)))
        share = html.Strong(f"{agreeing} of {verdict.windows} windows", className="number")
        rest = f" ({verdict.share * 100:.0f} %)" + (f", {uncertain} uncertain" if uncertain else "")
        lines.append(html.Div([share, html.Span(rest, className="muted")]))
    lines.append(html.Div(confidence_sentence(diagnosis, card), className="muted"))
    return lines


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
    said = SHOWS if found.rival else f"{SHOWS}, as evidence without a verdict"
    if not analysis.lines:
        lines = [ui.answer("No fault lines to look for", tone="muted"), html.Div(analysis.missing, className="muted")]
        return html.Div([html.Div(SHOWS, className="note"), *lines], className="says")
    words = evidence_in_words(analysis.lines)
    first, *others = words.details
    return html.Div(
        [
            html.Div(said, className="note", title="Evidence, without a verdict."),
            ui.answer(words.headline, class_key=CLASS_OF_LINE.get(words.line or "", "normal")),
            html.Div(html.Strong(first) if words.line else first),
            *(html.Div(detail, className="muted") for detail in others),
        ],
        className="says",
    )


def backend_panel(found: Examination) -> Component:
    """Build the choice of backend, links to where missing ones are made, and the choice of a second one."""
    choices = found.backends
    missing = [choice for choice in choices if not choice.made]
    control = ui.segmented(
        BACKEND,
        "Backend",
        [(choice.value, choice.title) for choice in choices],
        value=found.selection.model,
        disabled=[choice.value for choice in missing],
    )
    makers = [dcc.Link(f"Make {choice.title}", href=choice.maker) for choice in missing if choice.maker is not None]
    note = None
    if missing:
        said = f"{listed([choice.title for choice in missing])} not made yet. "
        note = html.Div([said, *makers], className="note makers")
    return html.Div([html.Div("Backend", className="note"), control, note, *comparison(found)], className="says")


def comparison(found: Examination) -> list[Component]:
    """Build the choice of the variant to compare with, and what the two took."""
    if not found.others:
        return [html.Div(found.problem, className="note tone-warn")] if found.problem else []
    options = [(NOTHING, "nothing"), *((other.full_name, title_of(other, found)) for other in found.others)]
    chosen = NOTHING if found.rival is None else found.rival.variant.full_name
    parts: list[Component] = [ui.inline_select(AGAINST, "Compare with", options, value=chosen)]
    if found.problem:
        parts.append(html.Div(found.problem, className="note tone-warn", role="status"))
    if found.rival is not None:
        parts.append(times(found, found.rival))
    return parts


def times(found: Examination, rival: Rival) -> Component:
    """Say how long each of the two took, and lead to where that is measured side by side."""
    took = [
        f"{duration_ms(diagnosis.timing_ms['predict'])} with {title_of(variant, found)}"
        for variant, diagnosis in ((found.variant, found.diagnosis), (rival.variant, rival.diagnosis))
    ]
    address = f"/benchmark?{urlencode({'recording': found.row.id, 'model': found.variant.full_name}, safe='/')}"
    said = html.Span(f"Predicting took {' and '.join(took)}, each once. ", className="number", title=ONCE)
    return html.Div([said, dcc.Link("Measure side by side", href=address)], className="note")


def duration_ms(milliseconds: float) -> str:
    """Write how long a prediction took: ``4.2 ms``, ``410 ms``."""
    return f"{milliseconds:.1f} ms" if milliseconds < 100 else f"{grouped(milliseconds)} ms"


def title_of(variant: Variant, found: Examination) -> str:
    """Return a variant's backend, or its own name where the network has several of that backend."""
    rivals = [other for other in (*found.others, found.variant) if other.backend == variant.backend]
    return BACKEND_TITLES[variant.backend] if len(rivals) == 1 else variant.name
