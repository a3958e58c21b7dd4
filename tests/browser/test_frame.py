"""The frame in a real browser, around a small page that uses every component."""

import numpy as np
import plotly.graph_objects as go
import pytest
from dash import Input, Output, html

from dashboard import components as ui
from dashboard.app import create_app
from dashboard.pages import Page
from engine.errors import ReaderLimitError

GRAPH = "#waveform"


def figure(theme):
    samples = np.random.default_rng(0).standard_normal(2000).astype(np.float32)
    line = go.Scatter(x=np.arange(2000) / 1000, y=samples, line={"color": theme.ink})
    drawn = go.Figure(line, layout={"template": ui.template_of(theme)})
    drawn.add_bar(x=[1.0], y=[1.0], marker={"color": theme.of_class("inner")})
    return drawn.update_xaxes(title="Time (s)")


def layout(workspace, *, recording="", **_):
    if recording == "large":
        raise ReaderLimitError("run.mat", "60 s")
    facts = [ui.Fact("File", "run.mat", "from you"), ui.Fact("Unit", "unknown", known=False)]
    rows = [ui.Row(["run.mat", ui.class_badge("inner"), "12 000", ui.state("good", "good")], chosen=True)]
    columns = [ui.Column("Name"), ui.Column("Label"), ui.Column("Rate", "Hz", numeric=True), ui.Column("Quality")]
    fields = [
        ui.text_field("rate", "Rate", value="12 000", unit="Hz", help_text="Missing in the file"),
        ui.select_field("bearing", "Bearing", [("6205", "6205-2RS")], value="6205"),
        ui.segmented("backend", "Backend", [("onnx", "ONNX"), ("fp16", "FP16")], value="onnx", disabled=["fp16"]),
        ui.inline_select("compare", "Compare with", [("onnx", "ONNX")], value="onnx"),
    ]
    return html.Div(
        [
            ui.fact_strip(facts, action=ui.button("Edit", icon_name="pencil", small=True)),
            ui.card(ui.columns(ui.answer("Inner race", class_key="inner"), ui.answer("Agrees", tone="good"))),
            ui.notice("The level can't say whether the machine ran.", title="Unit unknown."),
            ui.card(ui.uploader("files", formats="WAV", suffixes=(".wav",), limit_bytes=10_000_000)),
            ui.card(
                ui.graph(figure(ui.current_theme()), "waveform", "Waveform of run.mat", zoom=True), title="Waveform"
            ),
            ui.card(ui.table(columns, rows, caption="Recordings"), title="Recordings", note="one"),
            ui.card(html.Div(fields, className="stack"), ui.badge("new", tone="good")),
            ui.button("Break", kind="danger", id="break"),
            ui.button("Use these", kind="primary"),
            html.Div(id="broken"),
            ui.skeleton(height=40),
        ]
    )


def register(app, workspace):
    @app.callback(Output("broken", "children"), Input("break", "n_clicks"), prevent_initial_call=True)
    def fail(_clicks):
        raise RuntimeError("inner detail")


def empty(workspace, **_):
    return ui.empty_state("inbox", "Recordings that you bring are kept here.", title="No recordings yet")


PAGES = (
    Page("full", "Full", "/full", "activity", layout, register, count=lambda workspace: 12),
    Page("empty", "Empty", "/empty", "inbox", empty, lambda app, workspace: None),
)


@pytest.fixture(scope="module")
def address(live_settings, live_workspace, serve_app):
    return serve_app(create_app(live_settings, live_workspace, PAGES))


@pytest.fixture
def opened(page, address):
    page.goto(f"{address}/full")
    page.wait_for_selector(f"{GRAPH} .main-svg .scatterlayer path")
    return page


def colour_of_line(page):
    return page.evaluate("getComputedStyle(document.querySelector('.scatterlayer path.js-line')).stroke")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wrong_with_the_page_in_either_theme(page, address, scheme, accessible, fits):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{address}/full")
    page.wait_for_selector(f"{GRAPH} .main-svg .scatterlayer path")

    assert page.get_attribute("html", "data-theme") == scheme
    assert colour_of_line(page) == {"light": "rgb(61, 74, 95)", "dark": "rgb(169, 182, 202)"}[scheme]
    assert page.title() == "Full - Vibench"
    accessible()
    fits()


@pytest.mark.parametrize("width", [390, 820])
def test_a_narrow_screen_needs_no_sideways_scrolling(page, address, width, accessible, fits):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}/full")
    page.wait_for_selector(f"{GRAPH} .main-svg .scatterlayer path")

    fits()
    accessible()


def test_the_theme_switch_recolours_figures_and_is_remembered(opened, until):
    opened.click("#theme-switch")
    until("getComputedStyle(document.querySelector('.js-line')).stroke === 'rgb(169, 182, 202)'")
    bar = opened.evaluate("getComputedStyle(document.querySelector('.barlayer path')).fill")
    assert bar == "rgb(250, 146, 68)"

    opened.reload()
    opened.wait_for_selector(f"{GRAPH} .main-svg .scatterlayer path")
    assert opened.get_attribute("html", "data-theme") == "dark"
    assert colour_of_line(opened) == "rgb(169, 182, 202)"  # drawn so by the server


def test_the_theme_is_switched_by_keyboard_too(opened):
    opened.focus("#theme-switch")
    for theme in ("dark", "light"):
        opened.keyboard.press("Enter")
        assert opened.get_attribute("html", "data-theme") == theme
        assert theme not in opened.get_attribute("#theme-switch", "aria-label")


def test_the_theme_switch_keeps_the_zoom(opened, until):
    opened.locator(GRAPH).scroll_into_view_if_needed()
    box = opened.locator(f"{GRAPH} .nsewdrag").bounding_box()
    opened.mouse.move(box["x"] + 100, box["y"] + 60)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 300, box["y"] + 60, steps=5)
    opened.mouse.up()
    reach = "document.querySelector('#waveform .js-plotly-plot')._fullLayout.xaxis.range"
    until(f"{reach}[0] > 0.05")
    zoomed = opened.evaluate(reach)

    opened.click("#theme-switch")
    until("getComputedStyle(document.querySelector('.js-line')).stroke === 'rgb(169, 182, 202)'")
    assert opened.evaluate(reach) == zoomed


def test_pages_are_reached_by_keyboard(opened, accessible):
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "Skip to content"
    opened.focus("a[title=Empty]")
    opened.keyboard.press("Enter")
    opened.wait_for_selector("text=No recordings yet")

    assert opened.url.endswith("/empty")
    assert opened.title() == "Empty - Vibench"
    accessible()


def test_an_unexpected_error_in_a_callback_is_told_above_the_page(opened, accessible):
    opened.click("#break")
    opened.wait_for_selector("#problem .notice")

    assert "Its log tells more under the number" in opened.inner_text("#problem")
    assert "inner detail" not in opened.content()
    accessible()


def test_a_known_error_is_shown_in_place_of_the_page(page, address, accessible):
    page.goto(f"{address}/full?recording=large")
    page.wait_for_selector("text=Full can't be shown")

    assert "was stopped at the limit of 60 s" in page.inner_text("#page")
    accessible()


def test_an_address_that_leads_nowhere_is_told_inside_the_frame(page, address, watch, accessible):
    page.goto(f"{address}/nope")
    page.wait_for_selector("text=No page of Vibench has this address")
    watch.expect("404")

    assert page.title() == "Not found - Vibench"
    accessible()


def test_a_server_that_is_gone_is_told_above_the_page(opened, watch, accessible):
    opened.route("**/_dash-update-component*", lambda route: route.abort())
    opened.click("a[title=Empty]")
    opened.wait_for_selector("text=The server does not answer")
    watch.expect("ERR_FAILED", "did not respond")

    accessible()


def test_signing_in_leads_back_to_the_page(page, serve_app, tmp_path, accessible, watch):
    from workspace.settings import Settings
    from workspace.workspace import Workspace

    settings = Settings(workspace=tmp_path / "workspace", token="geheim123", _env_file=None)
    with Workspace.open(settings) as workspace:
        page.goto(f"{serve_app(create_app(settings, workspace, PAGES))}/empty?recording=abc")
        accessible()
        page.fill("#token", "geheim123")
        page.click("text=Sign in")
        page.wait_for_selector("text=No recordings yet")
        assert page.url.endswith("/empty?recording=abc")

        page.context.clear_cookies()  # as after a restart of the server
        page.click("a[title=Full]")
        page.wait_for_selector("text=Set by whoever started this server")
        watch.expect("401", "body stream already read")  # the second is how Dash takes a refusal
