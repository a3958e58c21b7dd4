"""The way to a verdict in a real browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dashboard.app import create_app
from engine.description import Description
from optimization.calibration import simulated_calibration
from optimization.passes import PASSES, PassContext
from workspace.settings import Settings
from workspace.workspace import Workspace

CWRU = Path("../shared/data/cwru/105_0.mat")
READY = "#diagnose-waveform .scatterlayer path"


@pytest.fixture(scope="module")
def int8(tmp_path_factory, untrained_variants):
    """The ONNX variant in INT8."""
    onnx = untrained_variants[1]
    folder = tmp_path_factory.mktemp("int8")
    return PASSES["quantize_static"]().run(onnx, PassContext(folder, simulated_calibration(onnx.card, windows=8)))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, untrained_variants, int8, inner_race_file):
    folder = tmp_path_factory.mktemp("diagnose") / "workspace"
    with Workspace.open(Settings(workspace=folder, _env_file=None)) as opened:
        for variant in (*untrained_variants, int8):
            opened.variants.add(variant)
        said = Description(bearing="6205-2RS", origin={"bearing": "confirmed"})
        opened.recordings.add(inner_race_file, "inner.npz", said)
        yield opened


@pytest.fixture(scope="module")
def address(workspace, serve_app):
    return serve_app(create_app(workspace.settings, workspace))


@pytest.fixture
def diagnosed(page, address, workspace):
    """Open the page of the simulated recording, and wait until it is drawn."""
    (row,) = workspace.recordings.list("inner.npz")
    page.goto(f"{address}/diagnose?recording={row.id}")
    page.wait_for_selector(READY)
    return page


def shown_range(page):
    return page.evaluate("document.querySelector('#diagnose-waveform .js-plotly-plot').layout.xaxis.range")


def expect_range(page, expected):
    """Wait until the waveform shows a span, to the last tenth of a second."""
    for _ in range(50):
        if shown_range(page) == pytest.approx(expected, abs=0.1):
            return
        page.wait_for_timeout(100)
    assert shown_range(page) == pytest.approx(expected, abs=0.1)


def zoom_by_mouse(page):
    """Draw a span of the waveform with the mouse, and return what is shown then."""
    box = page.locator("#diagnose-waveform .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 250, box["y"] + 40, steps=5)
    with page.expect_response("**/_dash-update-component*"):
        page.mouse.up()
    return shown_range(page)


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 820), ("light", 1440), ("dark", 1440)])
def test_nothing_is_wrong_with_the_page(page, diagnosed, scheme, width, accessible, fits):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{page.url}&model=wdcnn/onnx&against=wdcnn/int8-static")
    page.wait_for_selector(READY)
    expect(page.locator("#diagnose-agreement")).to_be_visible()

    fits()
    accessible()


def test_a_recording_is_chosen_and_told_with_its_evidence(page, address):
    page.goto(f"{address}/diagnose")
    page.get_by_role("link", name="inner.npz").click()
    page.wait_for_selector(READY)

    expect(page.locator(".says").first).to_contain_text("windows")
    expect(page.locator(".says").nth(1)).to_contain_text("BPFI at 5.4")
    expect(page.locator(".facts")).to_contain_text("5.1 revolutions")


def test_backends_change_by_keyboard_and_stay_in_the_address(diagnosed):
    onnx = diagnosed.get_by_role("radio", name="ONNX")
    expect(onnx).to_be_checked()
    expect(diagnosed.get_by_role("radio", name="FP16")).to_be_disabled()
    make = diagnosed.get_by_role("link", name="Make FP16")
    expect(make).to_have_attribute("href", "/models?model=wdcnn/onnx&pass=convert_fp16")
    onnx.focus()
    diagnosed.keyboard.press("ArrowLeft")
    diagnosed.wait_for_url("**model=wdcnn/pytorch*")
    expect(diagnosed.locator(".page-foot")).to_contain_text("PyTorch", timeout=30_000)
    expect(diagnosed.get_by_role("radio", name="PyTorch")).to_be_focused()

    diagnosed.reload()
    expect(diagnosed.get_by_role("radio", name="PyTorch")).to_be_checked()

    diagnosed.go_back()
    expect(diagnosed.get_by_role("radio", name="ONNX")).to_be_checked()


def test_two_backends_answer_side_by_side(diagnosed):
    diagnosed.select_option("#diagnose-against", label="INT8")

    said = diagnosed.locator("#diagnose-agreement")
    expect(said).to_contain_text("of 45 windows; probabilities differ by at most")
    assert "against=wdcnn/int8-static" in diagnosed.url
    expect(diagnosed.get_by_text("ONNX says")).to_be_visible()
    expect(diagnosed.get_by_text("INT8 says")).to_be_visible()
    expect(diagnosed.get_by_text("Predicting took")).to_be_visible()
    expect(diagnosed.locator("#diagnose-waveform .y2tick text")).to_have_text(["ONNX", "INT8"])
    expect(diagnosed.locator("#diagnose-against")).to_be_focused()

    diagnosed.get_by_role("radio", name="INT8").check(force=True)
    diagnosed.wait_for_url("**model=wdcnn/int8-static&against=wdcnn/onnx")
    expect(diagnosed.locator("#diagnose-waveform .y2tick text")).to_have_text(["INT8", "ONNX"])


def test_a_variant_that_was_removed_meanwhile_is_told_beside_the_verdict(page, diagnosed):
    page.goto(f"{page.url}&model=wdcnn/onnx&against=wdcnn/int8-gone")

    expect(page.get_by_text("wdcnn/int8-gone can't be compared: it was removed")).to_be_visible()
    expect(page.get_by_text("The network says")).to_be_visible()


def test_the_waveform_zooms_and_comes_back(diagnosed):
    whole = shown_range(diagnosed)
    zoomed = zoom_by_mouse(diagnosed)
    assert whole[0] < zoomed[0] < zoomed[1] < whole[1]

    diagnosed.locator("#diagnose-waveform .nsewdrag").first.dblclick(position={"x": 100, "y": 40}, force=True)
    expect_range(diagnosed, whole)


def test_uncertain_windows_are_one_click_away(diagnosed):
    whole = shown_range(diagnosed)  # a network that was never trained is uncertain of every window
    zoom_by_mouse(diagnosed)

    diagnosed.get_by_role("button", name="Zoom to uncertain").click()

    expect_range(diagnosed, whole)


@pytest.mark.parametrize(("link", "ending"), [("JSON", "json"), ("CSV", "csv")])
def test_the_result_can_be_taken_along(diagnosed, link, ending):
    with diagnosed.expect_download() as download:
        diagnosed.get_by_role("link", name=link).click()

    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert download.value.suggested_filename == f"inner-npz-wdcnn-onnx.{ending}"
    if ending == "json":
        assert json.loads(text)["schema"] == "vibench.diagnosis/1"
    else:
        assert "start_s,class,normal,inner,outer,ball" in text


def test_a_recording_that_is_gone_says_so_with_a_way_back(page, address):
    page.goto(f"{address}/diagnose?recording=gone")

    expect(page.get_by_role("alert")).to_contain_text("can't be shown")
    expect(page.get_by_role("link", name="Start afresh")).to_be_visible()


@pytest.mark.skipif(not CWRU.is_file(), reason="the real recordings are not beside this checkout")
def test_a_real_recording_shows_the_line_of_its_damaged_race(page, address, workspace):
    said = Description(sampling_rate_hz=12_000.0, channel="DE_time", bearing="6205-2RS", rig="cwru")
    row = workspace.recordings.add(CWRU, CWRU.name, said).row
    page.goto(f"{address}/diagnose?recording={row.id}")
    page.wait_for_selector(READY)

    expect(page.locator(".says").nth(1)).to_contain_text("BPFI at 5.40 orders")
    expect(page.locator(".says").first).to_contain_text("validated on this machine")
    expect(page.locator(".facts")).to_contain_text("1797 rpm")
