"""What commands print: sentences and tables for people, JSON for programs."""

import json
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from engine.errors import VibenchError

LINE = 110
ERROR_SCHEMA = "vibench.error/1"


def one_line(text: object) -> str:
    """Return ``text`` as one line without control characters, which names in files may hold."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in str(text)).split())


def indented(text: str) -> list[str]:
    """Return a sentence as indented lines of a readable width."""
    return textwrap.wrap(one_line(text), LINE, initial_indent="  ", subsequent_indent="    ")


def print_json(document: object) -> None:
    """Print one JSON document on one line of standard output."""
    print(json.dumps(document, allow_nan=False), flush=True)


def print_error(code: str, message: str, *, as_json: bool, recording: str | None = None) -> None:
    """Print an error: as ``vibench.error/1`` on standard output, or as one line on standard error."""
    if as_json:
        named: dict[str, Any] = {} if recording is None else {"recording": {"name": recording}}
        print_json({"schema": ERROR_SCHEMA} | named | {"error": {"code": code, "message": one_line(message)}})
    else:
        print(f"vibench: {one_line(message)}", file=sys.stderr, flush=True)


def print_known_error(error: VibenchError, *, as_json: bool, recording: str | None = None) -> None:
    """Print an error that Vibench expects, with its own code and sentence."""
    sentence = str(error)
    if recording is not None and recording not in sentence:
        sentence = f"{recording}: {sentence}"
    print_error(error.code, sentence, as_json=as_json, recording=recording)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows below a head, each column as wide as its widest cell; columns of numbers end together."""
    columns = list(zip(*([head, *rows]), strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    numeric = [bool(rows) and all(cell[:1].isdigit() for cell in column[1:]) for column in columns]
    for row in (head, *rows):
        cells = zip(row, widths, numeric, strict=True)
        line = "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in cells)
        print(line.rstrip())
