"""The way to a new variant in a real browser, made by a real worker."""

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from dashboard.app import create_app
from engine.description import Description
from engine.machine import this_machine
from optimization.proving.comparison import RecordingComparison, WindowComparison
from optimization.verification import LIMITS, Verification, runtime_key
from workspace.kernels import keep, place_of
from workspace.settings import Settings
from workspace.workspace import Workspace

SIZES = "#models-sizes .barlayer path"
COMMAND = "#models-command"


def proof_of(variant):
    """A proof beside what a variant was made from, made up."""
    return Verification(
        verdict="undecided",
        reasons=("1 of 40 verdicts flipped, so at most 13.2 % do in truth, and 10 % may.",),
        variant=variant.digest,
        parent=variant.parent,
        windows=WindowComparison(400, 0.9975, 30.9, 0.94, 0.961),
        recordings=RecordingComparison(40, 1, 0.132, {"inner": {"outer": 1}}),
        limits=LIMITS,
        recording_set={"source": "simulated", "recordings": [{"name": f"simulated inner {n}"} for n in range(40)]},
        runtime=runtime_key(this_machine()),
    ).to_json()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, untrained_variants):
    """A workspace with a network, a variant of it that is proven, and recordings of which one has another rate."""
    folder = tmp_path_factory.mktemp("models")
    with Workspace.open(Settings(workspace=folder / "workspace", _env_file=None)) as opened:
        for variant in untrained_variants:
            opened.variants.add(variant)
        _, onnx = untrained_variants
        opened.variants.add(replace(onnx, name="proven", verification=proof_of(onnx)), chosen=True)
        for name, rate in (("slow", 12_000.0), ("fast", 48_000.0)):
            path = folder / f"{name}.npz"
            noise = np.random.default_rng(int(rate)).standard_normal(120_000).astype(np.float32)
            np.savez(path, x=noise, sampling_rate=rate)
            opened.recordings.add(path, path.name, Description(label="inner"))
        yield opened


@pytest.fixture(scope="module")
def address(workspace, serve_app):
    return serve_app(create_app(workspace.settings, workspace))


@pytest.fixture
def worker(workspace):
    """A worker of the workspace, as `vibench worker` starts it."""
    words = [sys.executable, "-m", "vibench", "worker", "--workspace", str(workspace.folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process
    process.terminate()
    process.wait(20)


@pytest.fixture
def opened(page, address):
    """Open the page of a variant and wait until it is drawn."""

    def open_(variant, width=1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{address}/models?model=wdcnn/{variant}")
        page.wait_for_selector(SIZES)
        return page

    return open_


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_nothing_is_wrong_with_the_page(page, opened, scheme, width, accessible, fits):
    page.emulate_media(color_scheme=scheme)
    opened("proven", width)
    expect(page.get_by_text("undecided against pytorch: 1 of 40 verdicts flipped")).to_be_visible()
    page.locator("#models-source input").nth(1).check()
    page.locator(".calibration-label summary").first.click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Remove wdcnn/proven?")).to_be_visible()
    expect(page.locator("#models-forecast strong")).to_be_visible(timeout=30_000)
    expect(page.locator(".costs")).to_be_visible(timeout=30_000)

    fits()
    accessible()


def test_a_variant_is_made_from_the_page_and_followed_over_a_reload(page, opened, worker):
    opened("onnx")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".being-made")).to_contain_text("int8-static")
    page.reload()
    expect(page.locator("#models-jobs")).to_contain_text("Static INT8")

    expect(page.get_by_text("int8-static is ready.")).to_be_visible(timeout=60_000)
    expect(page.locator(".being-made")).to_have_count(0)
    expect(page.locator("#selected-network option[value='wdcnn/int8-static']")).to_have_count(1)
    made = page.locator(".models-tree").get_by_role("link", name="int8-static")
    made.press("Enter")
    expect(page.get_by_role("heading", name="wdcnn/int8-static")).to_be_visible()
    expect(made).to_be_focused()
    expect(page.locator(".variant-badges")).to_contain_text("of 40 verdicts flipped")
    expect(page.locator(".variant-badges")).to_contain_text("64 windows of simulated recordings")
    expect(page.get_by_label("Pass", exact=True)).to_have_value("optimize_graph")  # nothing reduces it again
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "wdcnn-int8-static.onnx"

    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_role("heading", name="wdcnn/onnx")).to_be_visible()
    expect(page.locator(".models-tree").get_by_role("link", name="int8-static")).to_have_count(0)


def test_what_the_form_would_give_is_told_before_anything_runs(page, opened, workspace, kernel_table):
    opened("onnx")
    expect(page.locator(".costs")).to_contain_text("MACs a window", timeout=30_000)
    told = page.locator("#models-forecast")
    expect(told).to_contain_text("No latency is told until this machine's kernels have been measured", timeout=30_000)
    page.get_by_role("button", name="Measure them once").click()
    expect(told).to_contain_text("kernels are being measured", timeout=30_000)

    keep(kernel_table, place_of(workspace.folder))
    page.reload()
    sentence = re.compile(r"About [\d.]+ kB instead of [\d.]+ kB; about .* wdcnn/onnx at batch 1\.")
    expect(told).to_contain_text(sentence, timeout=30_000)
    page.get_by_text("Per operator:").click()
    expect(told.get_by_role("row", name="QLinearConv INT8")).to_be_visible()
    page.get_by_role("radiogroup", name="Batch size of the forecast").get_by_label("32").check()
    expect(told).to_contain_text("at batch 32.", timeout=30_000)


def test_the_command_follows_the_form_and_is_copied(page, opened, workspace, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    rows = {row.name: row.id for row in workspace.recordings.list()}
    opened("onnx")
    command = page.locator(COMMAND)
    expect(command).to_have_text("vibench optimize wdcnn/onnx --pass quantize_static")

    page.locator("#models-source input").nth(1).check()
    expect(command).to_contain_text(f"--calibration-recordings {rows['slow.npz']}")
    page.get_by_label("Resample recordings of other rates").check()
    expect(page.get_by_label("fast.npz, 48 kHz")).to_be_enabled()
    page.get_by_label("inner race", exact=True).check()
    expect(command).to_contain_text(f"{rows['fast.npz']},{rows['slow.npz']} --resample")
    expect(page.locator(".calibration-label summary")).to_have_text("2 of 2 recordings")
    page.get_by_label("Windows", exact=True).fill("many")
    expect(page.locator("#models-message")).to_contain_text("it is a whole number from 1 to 4096")
    page.get_by_label("Windows", exact=True).fill("32")
    page.get_by_role("radiogroup", name="Scale per channel").get_by_label("Off").check()
    expect(command).to_contain_text("--set per_channel=false")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator(".command-box .icon-check-lg")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == command.text_content()

    page.get_by_label("Pass", exact=True).select_option("convert_fp16")
    expect(command).to_have_text("vibench optimize wdcnn/onnx --pass convert_fp16")
    expect(page.locator("#models-calibration")).to_be_hidden()


def test_without_a_worker_a_job_waits_and_what_is_cancelled_can_be_changed(page, opened):
    opened("onnx")
    page.get_by_label("Pass", exact=True).select_option("convert_fp16")
    page.get_by_label("Name of the result").fill("mine")
    expect(page.locator(COMMAND)).to_contain_text("--name mine")
    page.get_by_role("button", name="Start").click()
    jobs = page.locator("#models-jobs")
    expect(jobs).to_contain_text("No worker is running.")
    expect(jobs).to_contain_text("waiting")

    page.get_by_role("button", name="Cancel").click()
    expect(jobs).to_contain_text("It was cancelled; nothing was kept.")
    page.get_by_role("link", name="Change and start again").click()
    expect(page.get_by_label("Pass", exact=True)).to_be_focused()
    expect(page.get_by_label("Name of the result")).to_have_value("mine")
