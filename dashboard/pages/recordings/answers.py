"""From what a user answers to what is then said of a recording."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dashboard.components.words import plain_number
from dashboard.pages.recordings.ids import FIELDS
from dashboard.pages.recordings.known import channel_named, known_of, said_of
from engine.description import Description, combine
from engine.errors import DescriptionError
from engine.proposals import Proposal
from workspace.recording import RecordingRow

NUMBERS = {"sampling_rate_hz": "Rate", "shaft_rpm": "Shaft speed"}


def text_of(known: Description, field: str) -> str:
    """Return what the form's control holds for a field that is known, and nothing otherwise."""
    value = getattr(known, field)
    if value is None:
        return ""
    return plain_number(value) if field in NUMBERS else str(value)


def description_of(row: RecordingRow, answers: Mapping[str, str | None]) -> Description:
    """Return what is said of a recording once the answers of its form hold.

    What was not changed keeps its origin; what was emptied is said no longer, so the file is believed again.
    Another channel has another bearing, unit and the like: of these only what was changed with it is kept.

    Raises
    ------
    SignalError
        If an answer is no number, or none of the choices.
    """
    known = known_of(row)
    given = {field: (answers.get(field) or "").strip() for field in FIELDS}
    changed = {field: text for field, text in given.items() if text != text_of(known, field)}
    numbers = {field: number_of(field, text) for field, text in changed.items() if field in NUMBERS and text}
    said = Description.from_mapping({**changed, **numbers}, origin="option", name="The answers")
    dropped: dict[str, Any] = dict.fromkeys(changed)
    kept = replace(said_of(row, channel_named(row, given["channel"] or None)), **dropped)
    return combine(said, kept)


def number_of(field: str, text: str) -> float:
    """Read a number as people write it: ``12 000`` or ``1796,5``, but not the doubtful ``12,000``."""
    written = "".join(text.split())
    doubtful = "," in written and ("." in written or len(written.rpartition(",")[2]) == 3)
    try:
        if doubtful:
            raise ValueError
        return float(written.replace(",", "."))
    except ValueError:
        raise DescriptionError(NUMBERS[field], f"{text} is no number; write it like 12000 or 1796.5") from None


def proposed(row: RecordingRow) -> Proposal | None:
    """Return the proposal while something that it says is missing, and nobody has confirmed it."""
    proposal = row.proposal
    if proposal is None or not row.missing:
        return None
    known, confirmed = known_of(row), description_of_proposal(row, proposal)
    return proposal if any(getattr(known, field) != getattr(confirmed, field) for field in FIELDS) else None


def description_of_proposal(row: RecordingRow, proposal: Proposal) -> Description:
    """Return what is said of a recording once its proposal is confirmed; what else was said stays."""
    said = {
        "sampling_rate_hz": proposal.sampling_rate_hz,
        "shaft_rpm": proposal.shaft_rpm,
        "channel": proposal.channel,
        "bearing": proposal.bearings[proposal.channel],
        "rig": proposal.rig,
    }
    facts = channel_named(row, proposal.channel)
    if facts is not None and facts.shaft_speed_hz is not None:
        del said["shaft_rpm"]  # the file says it, and goes on saying it
    known = {name: value for name, value in said.items() if value is not None}
    return combine(Description.from_mapping(known, origin="confirmed", name=row.name), said_of(row, facts))
