"""What a user presses, chooses and fills in; every one has a name that a screen reader can say."""

from collections.abc import Sequence
from typing import Any, Literal

import dash_bootstrap_components as dbc
from dash import dcc, html

from dashboard.components.aria import aria
from dashboard.components.icons import icon

Kind = Literal["plain", "primary", "danger"]
Option = tuple[str, str]  # value and what is shown for it


def button(
    text: str,
    *,
    icon_name: str | None = None,
    kind: Kind = "plain",
    small: bool = False,
    next_id: str | None = None,
    **attributes: Any,
) -> html.Button:
    """Make a button; at most one on a page is ``primary``. ``attributes`` such as ``id`` go to it.

    ``next_id`` says what has the keyboard's focus when the button goes away by being pressed.
    """
    if next_id is not None:
        attributes["data-next"] = next_id  # for ``assets/focus.js``
    shown = icon(icon_name) if icon_name else None
    names = f"button button-{kind}" + (" button-small" if small else "")
    return html.Button([shown, html.Span(text)], className=names, type="button", **attributes)


def link_button(
    text: str, href: str, *, icon_name: str | None = None, kind: Kind = "plain", small: bool = False, **attributes: Any
) -> dcc.Link:
    """Make a link to another page of Vibench that looks like a button."""
    shown = icon(icon_name) if icon_name else None
    names = f"button button-{kind}" + (" button-small" if small else "")
    return dcc.Link([shown, html.Span(text)], href=href, className=names, **attributes)


def download_link(text: str, href: str, *, small: bool = True) -> html.A:
    """Make a link to an address that the server answers with an attachment."""
    names = "button button-plain" + (" button-small" if small else "")
    return html.A([icon("download"), html.Span(text)], href=href, className=names, download="")


def field(
    label: str, control: dbc.Input | dbc.Select, *, help_text: str | None = None, unit: str | None = None
) -> html.Div:
    """Put a label above a control and a note below it; ``unit`` stands inside, at its right end."""
    return html.Div(
        [
            html.Label(label, htmlFor=control.id),
            html.Div([control, html.Span(unit, className="unit") if unit else None], className="control"),
            html.Div(help_text, className="help") if help_text else None,
        ],
        className="field",
    )


def text_field(
    component_id: str,
    label: str,
    *,
    value: str | None = None,
    help_text: str | None = None,
    unit: str | None = None,
    **attributes: Any,
) -> html.Div:
    """Ask for a line of text or, with ``inputmode="decimal"``, a number; ``placeholder`` and others go to the input."""
    control = dbc.Input(
        id=component_id, value=value, type="text", autocomplete="off", **{"debounce": True, **attributes}
    )
    return field(label, control, help_text=help_text, unit=unit)


def search_field(component_id: str, label: str, *, value: str | None = None, **attributes: Any) -> html.Div:
    """Ask what names must hold, while it is typed; ``label`` stands inside until then."""
    control = dbc.Input(
        id=component_id,
        value=value,
        type="search",
        placeholder=label,
        autocomplete="off",
        **{"debounce": 250, **attributes},
    )
    return html.Div(
        [html.Label(label, htmlFor=component_id, className="visually-hidden"), icon("search"), control],
        className="search",
    )


def select_field(
    component_id: str,
    label: str,
    options: Sequence[Option],
    *,
    value: str | None = None,
    help_text: str | None = None,
    **attributes: Any,
) -> html.Div:
    """Ask for one of several; ``options`` are pairs of value and text."""
    return field(label, _select(component_id, options, value, **attributes), help_text=help_text)


def inline_select(
    component_id: str,
    label: str,
    options: Sequence[Option],
    *,
    value: str | None = None,
    class_name: str = "",
    **attributes: Any,
) -> html.Label:
    """Ask for one of several in a line of text, the label muted before it, as in the top bar."""
    return html.Label(
        [html.Span(label, className="inline-label"), _select(component_id, options, value, **attributes)],
        className=f"inline-select {class_name}".strip(),
        htmlFor=component_id,
    )


def _select(component_id: str, options: Sequence[Option], value: str | None, **attributes: Any) -> dbc.Select:
    shown = [{"value": key, "label": text} for key, text in options]
    return dbc.Select(id=component_id, options=shown, value=value, **attributes)


def segmented(
    component_id: str,
    label: str,
    options: Sequence[Option],
    *,
    value: str | None = None,
    disabled: Sequence[str] = (),
    **attributes: Any,
) -> html.Div:
    """Choose one of a few that are all seen at once; arrow keys move within.

    ``label`` is what a screen reader says for the group; ``disabled`` names the values that can't be chosen.
    The chosen one is property ``value`` of ``component_id``.
    """
    shown = [{"value": key, "label": text, "disabled": key in disabled} for key, text in options]
    return html.Div(
        dbc.RadioItems(id=component_id, options=shown, value=value, className="segments", **attributes),
        role="radiogroup",
        className="segmented",
        **aria(label=label),
    )
