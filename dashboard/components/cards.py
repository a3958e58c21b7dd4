"""What a page's content is laid out in: cards, strips of facts, badges and notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component

from dashboard.components.aria import aria
from dashboard.components.icons import icon
from engine.diagnosis import CLASS_TITLES

Tone = Literal["good", "warn", "bad", "muted", "accent"]
Content = str | Component | Sequence[str | Component]

STATE_ICONS = {
    "good": "check-circle-fill",
    "warn": "exclamation-triangle",
    "bad": "x-circle-fill",
    "muted": "question-circle",
    "accent": "pencil",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing in a strip of facts: what it is, its value, and a few words on where it came from.

    ``hint`` says on hover how the value was measured; ``known=False`` mutes a value that nobody has told.
    """

    label: str
    value: Content
    note: str = ""
    hint: str | None = None
    known: bool = True


def card(
    *children: Component | None,
    title: str | None = None,
    note: Content | None = None,
    action: Content | None = None,
    class_name: str = "",
    **attributes: Any,
) -> html.Section:
    """Frame ``children`` as one panel, with its title, a muted note beside it and an action at its right end.

    Example: ``card(graph(figure, "spectrum", "..."), title="Spectrum", note="Welch, 5.9 Hz bins")``.
    ``attributes`` go to the outermost element (``id="..."``).
    """
    head = []
    if title or note or action:
        head = [
            html.Div(
                [
                    html.Div(
                        [html.H2(title) if title else None, html.Span(note, className="note") if note else None],
                        className="card-heading",
                    ),
                    html.Div(action, className="card-action") if action else None,
                ],
                className="card-head",
            )
        ]
    return html.Section([*head, *children], className=f"card {class_name}".strip(), **attributes)


def fact_strip(facts: Sequence[Fact], *, action: Component | None = None, **attributes: Any) -> html.Section:
    """Lay facts side by side in one bordered strip, divided by hairlines, with an optional action at its end."""
    return html.Section(
        [html.Dl([_fact(fact) for fact in facts], className="facts"), action], className="card fact-strip", **attributes
    )


def _fact(fact: Fact) -> html.Div:
    note = html.Span(fact.note, className="note") if fact.note else None
    value = html.Dd([html.Span(fact.value), note], className="" if fact.known else "unknown")
    return html.Div([html.Dt(fact.label), value], title=fact.hint)


def fact_list(facts: Sequence[Fact], **attributes: Any) -> html.Dl:
    """List facts one below the other, labels in a column of their own."""
    return html.Dl([_fact(fact) for fact in facts], className="fact-list", **attributes)


def columns(*children: Component, class_name: str = "") -> html.Div:
    """Divide one card into panels side by side, with a hairline between them; below 1100 px they wrap."""
    return html.Div(
        [html.Div(child, className="panel") for child in children], className=f"panels {class_name}".strip()
    )


def answer(text: str, *, class_key: str | None = None, tone: Tone | None = None) -> html.Div:
    """Write the one answer of a page, marked by the colour of its class or by the icon of its state."""
    mark = None
    if class_key is not None:
        mark = html.Span(className=f"class-bar class-{class_key}", **aria(hidden="true"))
    elif tone is not None:
        mark = icon(STATE_ICONS[tone], tone=tone)
    return html.Div([mark, html.Span(text)], className="answer")


def class_badge(class_key: str, text: str | None = None) -> html.Span:
    """Name a class, or say ``text``, beside the square in the colour of a key of `engine.diagnosis.CLASS_TITLES`."""
    square = html.Span(className=f"class-square class-{class_key}", **aria(hidden="true"))
    return html.Span([square, text or CLASS_TITLES[class_key]], className="class-badge")


def state(tone: Tone, word: Content, *, hint: str | None = None) -> html.Span:
    """Tell a state by shape, colour and word, as in a table's cell."""
    return html.Span([icon(STATE_ICONS[tone], tone=tone), html.Span(word)], className=f"state tone-{tone}", title=hint)


def badge(text: str, *, tone: Tone = "muted", icon_name: str | None = None, hint: str | None = None) -> html.Span:
    """Tint a short remark."""
    shown = icon(icon_name) if icon_name else None
    return html.Span([shown, html.Span(text)], className=f"badge badge-{tone}", title=hint)


def notice(
    text: Content, *, title: str | None = None, tone: Tone = "warn", action: Content | None = None, **attributes: Any
) -> html.Div:
    """Say something the reader must not miss, such as a caution of a diagnosis.

    Example: ``notice(caution.message)``; a failure is ``notice(str(error), tone="bad")``.
    """
    symbol = {"warn": "exclamation-triangle", "bad": "x-circle-fill", "good": "check-circle-fill"}.get(
        tone, "info-circle"
    )
    words = [html.Strong(f"{title} ") if title else None, *([text] if isinstance(text, str | Component) else text)]
    return html.Div(
        [icon(symbol, tone=tone), html.Div(words, className="notice-text"), html.Div(action) if action else None],
        className=f"notice notice-{tone}",
        role="alert" if tone == "bad" else "status",
        **attributes,
    )
