"""The command that does the same as a form, beside it while it is filled in."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.aria import aria
from dashboard.components.controls import button


def command_box(code_id: str) -> html.Div:
    """Make the place of a command, with a button that copies it (``assets/copying.js``).

    Its words are children of ``code_id``, as `command_words` builds them.
    """
    copied: dict[str, Any] = {"data-copy-from": code_id}
    copy = button("Copy", icon_name="copy", small=True, **copied)
    return html.Div([html.Code(id=code_id, **aria(label="The same as a command")), copy], className="command-box")


def command_words(parts: Sequence[str]) -> list[Component | str]:
    """Build a command of which no part is torn apart where it is too long for a line, save after a comma.

    Parameters
    ----------
    parts : sequence of str
        Each an option with its value, for instance, quoted for a shell.
    """
    shown: list[Component | str] = []
    for part in parts:
        shown += [" ", html.Span(breakable(part))] if shown else [html.Span(breakable(part))]
    return shown


def breakable(part: str) -> list[Component | str]:
    """Let a line break after every comma."""
    first, *others = part.split(",")
    shown: list[Component | str] = [first]
    for other in others:
        shown += [",", html.Wbr(), other]
    return shown
