"""What a page shows when it has nothing to show: empty, loading, failed."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.icons import icon
from engine.errors import VibenchError


def empty_state(icon_name: str, sentence: str, *, title: str, action: Component | None = None) -> html.Div:
    """Say what an empty page is for, with the one thing to do next.

    Example: ``empty_state("hdd-stack", "Recordings that you bring are kept here.", title="No recordings yet")``.
    """
    return html.Div(
        [icon(icon_name), html.H2(title), html.P(sentence), html.Div(action) if action is not None else None],
        className="empty-state",
    )


def error_state(error: VibenchError | str, *, title: str, action: Component | None = None) -> html.Div:
    """Say in one sentence what went wrong and what to do.

    ``error`` is a known error, whose text is such a sentence, or the sentence itself.
    """
    code = html.Code(error.code) if isinstance(error, VibenchError) else None
    return html.Div(
        [
            icon("x-circle-fill", tone="bad"),
            html.H2(title),
            html.P(str(error)),
            code,
            html.Div(action) if action is not None else None,
        ],
        className="empty-state",
        role="alert",
    )


def skeleton(*, height: int = 160, sentence: str = "Loading", **attributes: Any) -> html.Div:
    """Hold the place of something ``height`` px high; past a second it says what is being done."""
    return html.Div(
        html.Span(sentence, className="skeleton-sentence"),
        className="skeleton",
        style={"height": height},
        role="status",
        **attributes,
    )
