"""How a text file is laid out: found by its reader, and overruled here by who knows better."""

from collections.abc import Mapping
from types import MappingProxyType

from dash import html

from dashboard.components import button, select_field, text_field
from dashboard.pages.recordings import ids
from engine.errors import DescriptionError
from engine.readers.contents import SEPARATORS, ReadOptions
from workspace.recording import RecordingRow

#: What a user chooses, and what the reader is told.
DECIMALS: Mapping[str, str] = MappingProxyType({"point": ".", "comma": ","})
TIME_COLUMN: Mapping[str, bool] = MappingProxyType({"time": True, "a channel": False})
MOST_HEADER_LINES = 10_000


def reading_form(row: RecordingRow) -> html.Details | None:
    """Ask how a text file is laid out, folded up; nothing for the formats that say it themselves."""
    if row.format != "delimited":
        return None
    said = row.reading
    lines = "" if said.header_lines is None else str(said.header_lines)
    questions = [
        choice(ids.SEPARATOR, "Columns are parted by", SEPARATORS, said.separator),
        choice(ids.DECIMAL, "Decimal", DECIMALS, said.decimal),
        text_field(ids.HEADER_LINES, "Header lines", value=lines, placeholder="as found", inputmode="numeric"),
        choice(ids.TIME_COLUMN, "First column is", TIME_COLUMN, said.time_column),
    ]
    again = html.Div(button("Read again", icon_name="arrow-clockwise", id=ids.READ_AGAIN), className="button-row")
    inner = html.Div([html.Div(questions, className="fields"), again], className="reading")
    return html.Details([html.Summary("How the text is read"), inner], open=said != ReadOptions())


def choice(component_id: str, label: str, choices: Mapping[str, object], said: object) -> html.Div:
    """Ask for one of a few, or leave it to the reader."""
    options = [(ids.NOT_SAID, "as found"), *((word, word) for word in choices)]
    chosen = next((word for word, value in choices.items() if value == said), ids.NOT_SAID)
    return select_field(component_id, label, options, value=chosen)


def options_of(separator: object, decimal: object, header_lines: object, time_column: object) -> ReadOptions:
    """Return what the form says; raises `DescriptionError` if the number of lines is none."""
    lines = str(header_lines or "").strip()
    if lines and not (lines.isascii() and lines.isdigit() and int(lines) <= MOST_HEADER_LINES):
        raise DescriptionError("Header lines", f"{lines} is no number of lines; write it like 3")
    return ReadOptions(
        separator=SEPARATORS.get(str(separator)),
        decimal=DECIMALS.get(str(decimal)),
        header_lines=int(lines) if lines else None,
        time_column=TIME_COLUMN.get(str(time_column)),
    )
