import re

import plotly.graph_objects as go
import pytest
from flask import Flask

from dashboard.components.icons import ASSETS
from dashboard.components.theme import DARK, LIGHT, THEMES, colour_pairs, current_theme, template_of

SHEET = (ASSETS / "tokens.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_figures_and_the_style_sheet_have_the_same_colours(theme):
    block = re.search(rf'\[data-theme="{theme.name}"\] {{(.*?)}}', SHEET, re.DOTALL)[1]
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block))

    assert tokens == theme.tokens()


@pytest.mark.parametrize("name", THEMES)
def test_every_colour_of_one_theme_becomes_one_of_the_other(name):
    pairs = colour_pairs()[name]
    other = LIGHT if name == "dark" else DARK

    assert {token: pairs[colour] for token, colour in other.tokens().items()} == THEMES[name].tokens()


def contrast(one, other):
    """Contrast of two colours (WCAG 2.2)."""

    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
        values = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
        red, green, blue = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_text_can_be_read_on_its_ground(theme):
    on_surface = [theme.text, theme.muted, theme.ink, theme.accent, theme.good, theme.warn, theme.bad]
    on_surface += [theme.of_class(key) for key in ("inner", "outer", "ball")]

    assert min(contrast(colour, theme.surface) for colour in on_surface) >= 4.5
    assert min(contrast(theme.muted, ground) for ground in (theme.bg, theme.sunk)) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert min(contrast(theme.on_class, theme.of_class(key)) for key in ("inner", "outer", "ball")) >= 4.5
    for tone in ("good", "warn", "bad", "accent"):
        assert contrast(getattr(theme, tone), getattr(theme, f"{tone}_soft")) >= 4.5
        assert contrast(theme.text, getattr(theme, f"{tone}_soft")) >= 4.5
    assert contrast(theme.control, theme.surface) >= 3  # borders of what can be filled in
    assert contrast(theme.normal, theme.surface) >= 3


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_template_uses_no_colour_that_the_switch_does_not_know(theme):
    written = set(re.findall(r"#[0-9a-f]{3,6}", template_of(theme).to_plotly_json().__repr__()))

    assert written <= set(theme.tokens().values())
    assert go.Figure(layout={"template": template_of(theme)}).layout.template.layout.showlegend is False


def test_the_browser_tells_its_theme_in_a_cookie():
    server = Flask("test")
    for cookie, theme in (("theme=dark", DARK), ("theme=light", LIGHT), ("theme=<b>", LIGHT), ("", LIGHT)):
        with server.test_request_context(headers={"Cookie": cookie}):
            assert current_theme() is theme
    assert current_theme() is LIGHT
