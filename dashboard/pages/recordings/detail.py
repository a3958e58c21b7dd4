"""The card of one recording: what it is, what its file leaves open, what follows, and how to be rid of it."""

from collections.abc import Callable, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components import Fact, button, card, fact_list, notice, skeleton
from dashboard.components.words import (
    FORMATS,
    LABEL_TITLES,
    ORIGINS,
    counted,
    grouped,
    plain_number,
    rate_text,
    size_text,
    unit_text,
)
from dashboard.pages.recordings import ids
from dashboard.pages.recordings.answers import proposed
from dashboard.pages.recordings.consequences import what_follows
from dashboard.pages.recordings.form import form
from dashboard.pages.recordings.known import known_of
from dashboard.pages.recordings.reading import reading_form
from engine.description import Description
from engine.errors import SignalError
from engine.proposals import Proposal
from workspace.recording import RecordingRow

#: Facts in the order in which they are listed; the channel has its own control.
TITLES = {
    "sampling_rate_hz": "Rate",
    "shaft_rpm": "Speed",
    "bearing": "Bearing",
    "unit": "Unit",
    "label": "Label",
    "rig": "Machine",
    "specimen": "Specimen",
}


def detail(row: RecordingRow, rigs: Sequence[str], message: Component | None = None) -> html.Section:
    """Build the card of a recording.

    Parameters
    ----------
    row : RecordingRow
        The recording.
    rigs : sequence of str
        Machines that networks know, offered by name.
    message : Component, optional
        What became of the last action.
    """
    proposal = proposed(row)
    known = known_of(row)
    return card(
        dcc.Store(id=ids.CHOSEN, data=row.id),
        notice(row.problem, tone="bad") if row.problem else None,
        proposal_box(row, proposal) if proposal else None,
        form(row, known, rigs),
        reading_form(row),
        html.Div(skeleton(height=190, sentence="Reading the signal"), id=ids.WAVEFORM_PLACE),
        facts(known),
        html.Div(follows(row, row.description), id=ids.FOLLOWS, role="status"),
        html.Div(message, id=ids.MESSAGE),
        buttons(primary=proposal is None),
        html.Div(id=ids.CONFIRMATION),
        title=row.name,
        note=", ".join(
            [FORMATS.get(row.format, row.format), size_text(row.size_bytes), counted(len(row.channels), "channel")]
        ),
        class_name="recording-card",
    )


def proposal_box(row: RecordingRow, proposal: Proposal) -> html.Div:
    """Offer what the file looks like for confirmation."""
    rate = "" if proposal.sampling_rate_hz is None else f"{grouped(proposal.sampling_rate_hz)} Hz, "
    bearing = proposal.bearings[proposal.channel]
    words = f"{rate}{grouped(proposal.shaft_rpm)} rpm, {bearing} at channel {proposal.channel}. Use these?"
    doubt = (
        "The file itself says nothing about its rate."
        if proposal.sampling_rate_hz is not None
        else "This copy was cut or resampled, so its rate is yours to say."
    )
    number = row.record_number
    told = f"Told by the variables, which carry the number {number}. " if number else "Told by the file's name. "
    actions = [
        button("Use these", icon_name="check-lg", kind="primary", id=ids.USE_PROPOSAL, next_id=ids.SAVE_AND_DIAGNOSE),
        button("I know better", id=ids.KNOW_BETTER, next_id=ids.FIRST),
    ]
    return html.Div(
        [
            html.H3(f"Looks like CWRU record {number}" if number else "Looks like a recording of CWRU"),
            html.P(words),
            html.P(told + doubt, className="note"),
            html.Div(actions, className="button-row"),
        ],
        id=ids.PROPOSAL,
        className="proposal",
    )


def facts(known: Description) -> html.Div | None:
    """List what is known and who says so, with the way to change it; nothing where nothing is known."""
    shown = [
        Fact(title, value_text(known, name), note=origin_of(known, name))
        for name, title in TITLES.items()
        if getattr(known, name) is not None
    ]
    if not shown:
        return None
    edit = button("Edit", icon_name="pencil", small=True, id=ids.EDIT, next_id=ids.FIRST)
    return html.Div(
        [html.Div([html.H3("Known"), edit], className="known-head"), fact_list(shown)], className="known-facts"
    )


def value_text(known: Description, name: str) -> str:
    """Write a known field with its unit."""
    value: Any = getattr(known, name)
    words: dict[str, Callable[[Any], str]] = {
        "sampling_rate_hz": rate_text,
        "shaft_rpm": lambda rpm: f"{plain_number(rpm)} rpm",
        "label": LABEL_TITLES.__getitem__,
        "unit": unit_text,
    }
    return words.get(name, str)(value)


def origin_of(known: Description, name: str) -> str:
    """Say who told a field."""
    return ORIGINS.get(known.origin.get(name, ""), "")


def follows(row: RecordingRow, said: Description) -> Component:
    """Show what a description means, or what is wrong with it."""
    try:
        return fact_list(what_follows(row, said))
    except SignalError as error:
        return notice(str(error), tone="bad")


def buttons(*, primary: bool) -> html.Div:
    """Build the row of actions; with a proposal above, confirming that is the one that stands out."""
    return html.Div(
        [
            button("Save", id=ids.SAVE),
            button(
                "Save and diagnose",
                icon_name="activity",
                kind="primary" if primary else "plain",
                id=ids.SAVE_AND_DIAGNOSE,
            ),
            html.Div(button("Delete", icon_name="trash", kind="danger", id=ids.DELETE), className="push"),
        ],
        className="button-row recording-actions",
    )


def confirmation(row: RecordingRow) -> html.Div:
    """Ask once more before something is gone."""
    choices = [
        button("Keep it", id=ids.KEEP, next_id=ids.DELETE),
        button("Delete for good", icon_name="trash", kind="danger", id=ids.DELETE_FOR_GOOD),
    ]
    sentence = f"The file ({size_text(row.size_bytes)}), its signal and what was said of it go for good."
    return notice(
        [html.Span(sentence), html.Div(choices, className="button-row")], title=f"Delete {row.name}?", tone="bad"
    )
