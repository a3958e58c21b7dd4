"""The two themes: one table of colours that figures, badges and the style sheet share.

``assets/tokens.css`` repeats the table for the browser; ``tests/dashboard/components/test_theme.py`` holds the two
together. A figure is drawn in the colours of one theme, and `colour_pairs` lets ``assets/theme.js`` turn it into the
other without asking the server.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Literal

import plotly.graph_objects as go
from flask import has_request_context, request

COOKIE = "theme"
FONT = "Inter, system-ui, sans-serif"


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one theme, as CSS takes them.

    Text on ``surface`` reaches a contrast of 4.5 in every colour but ``normal`` and ``control``, which are fills and
    borders. ``ink`` draws signals; ``accent`` is for action and for what is chosen.

    Raises
    ------
    KeyError
        By `of_class`, for a class that no network here answers.
    """

    name: Literal["light", "dark"]
    bg: str
    surface: str
    sunk: str
    text: str
    muted: str
    line: str
    strong: str
    control: str
    ink: str
    accent: str
    accent_soft: str
    on_accent: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    normal: str
    inner: str
    outer: str
    ball: str
    on_class: str

    def of_class(self, key: str) -> str:
        """Fill of a class, the same in every figure and badge; ``inconclusive`` is grey like ``normal``."""
        colours = {"inner": self.inner, "outer": self.outer, "ball": self.ball}
        return {"normal": self.normal, "inconclusive": self.normal, **colours}[key]

    def tokens(self) -> dict[str, str]:
        """Return every colour by the name that the style sheet gives it: ``accent_soft`` is ``accent-soft``."""
        names = [field.name for field in fields(self) if field.name != "name"]
        return {name.replace("_", "-"): getattr(self, name) for name in names}


# The two whites of the light theme are spelt differently, because they part ways in the dark one (`colour_pairs`).
LIGHT = Theme(
    name="light", bg="#f4f6f9", surface="#ffffff", sunk="#f1f3f7", text="#111827", muted="#4b5563", line="#e1e5eb",
    strong="#c3cad5", control="#8791a1", ink="#3d4a5f", accent="#2459c4", accent_soft="#e7eefc", on_accent="#fff",
    good="#0f7a52", good_soft="#e6f4ee", warn="#8f4a06", warn_soft="#fdf3e1", bad="#b42318", bad_soft="#fdeceb",
    normal="#8791a1", inner="#b5500b", outer="#5b2bb5", ball="#02655b", on_class="#fff",
)  # fmt: skip
DARK = Theme(
    name="dark", bg="#0d121b", surface="#151b26", sunk="#0f141d", text="#e5e9f0", muted="#a3aec0", line="#273041",
    strong="#46536a", control="#66738a", ink="#a9b6ca", accent="#7faaff", accent_soft="#1b2a47", on_accent="#0b1220",
    good="#4cc38a", good_soft="#14291f", warn="#f0b35c", warn_soft="#2a2113", bad="#ff8b80", bad_soft="#2d1a1c",
    normal="#66738a", inner="#fa9244", outer="#b095fb", ball="#8ff0dc", on_class="#0b1220",
)  # fmt: skip
THEMES: Mapping[str, Theme] = MappingProxyType({theme.name: theme for theme in (LIGHT, DARK)})


def current_theme() -> Theme:
    """Return the theme of the browser that asks, which tells it in a cookie; light where nobody asks."""
    return THEMES.get(request.cookies.get(COOKIE, ""), LIGHT) if has_request_context() else LIGHT


def colour_pairs() -> dict[str, dict[str, str]]:
    """Return, for each theme's name, what every colour of the other theme becomes in it."""
    light, dark = LIGHT.tokens(), DARK.tokens()
    return {
        "dark": {light[name]: dark[name] for name in light},
        "light": {dark[name]: light[name] for name in light},
    }


def template_of(theme: Theme) -> go.layout.Template:
    """Return the one plotly template of a theme: no box, few hairlines, transparent ground, hover that reads well.

    Dragging does nothing unless the figure asks for it (``dragmode="zoom"``), so that a page scrolls under a finger.
    """
    axis = {
        "gridcolor": theme.line,
        "linecolor": theme.line,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"size": 12, "color": theme.muted},
        "title": {"font": {"size": 12, "color": theme.muted}, "standoff": 8},
        "automargin": True,
    }
    hover = {"bgcolor": theme.surface, "bordercolor": theme.strong, "font": {"color": theme.text, "size": 12}}
    layout = {
        "font": {"family": FONT, "size": 12, "color": theme.muted},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": [theme.ink, theme.accent, theme.inner, theme.outer, theme.ball, theme.normal],
        "xaxis": axis,
        "yaxis": axis,
        "margin": {"l": 48, "r": 8, "t": 8, "b": 40},
        "hoverlabel": hover,
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": theme.control, "activecolor": theme.accent},
        "dragmode": False,
        "showlegend": False,
        "uirevision": "kept",  # a constant, so that new data never undoes the user's zoom
    }
    return go.layout.Template(layout=layout, data={"scatter": [{"line": {"width": 1}}]})
