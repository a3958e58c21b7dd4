"""The way to the sentence that says which variant to ship, in a real browser and with a real worker."""

import csv
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from dashboard.app import create_app
from engine.description import Description
from engine.machine import this_machine
from optimization.measuring.measurement import Benchmark, BenchmarkSettings, Control, Row
from workspace.schema import job as job_table
from workspace.settings import Settings
from workspace.workspace import Workspace

NAMES = ["wdcnn/pytorch", "wdcnn/onnx"]
CHOSEN = "#benchmark-variants input"


def opened_with(folder, variants):
    workspace = Workspace.open(Settings(workspace=folder, _env_file=None))
    for variant in variants:
        workspace.variants.add(variant)
    return workspace


@pytest.fixture(scope="module")
def worked(tmp_path_factory, untrained_variants, serve_app):
    """Address of a dashboard whose workspace has a worker of its own."""
    folder = tmp_path_factory.mktemp("benchmark") / "workspace"
    workspace = opened_with(folder, untrained_variants)
    command = [sys.executable, "-m", "vibench", "worker", "--workspace", str(folder)]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield serve_app(create_app(workspace.settings, workspace))
    os.kill(worker.pid, signal.SIGTERM)
    worker.wait(timeout=30)
    workspace.close()


@pytest.fixture(scope="module")
def measured_address(tmp_path_factory, untrained_variants, inner_race_file, serve_app):
    """Address of a dashboard without a worker, whose workspace has a measurement at two batch sizes."""
    workspace = opened_with(tmp_path_factory.mktemp("measured") / "workspace", untrained_variants)
    workspace.recordings.add(inner_race_file, "inner.npz", Description(bearing="6205-2RS"))
    job = workspace.jobs.submit("benchmark", {"variants": NAMES, "batches": [1, 32]}).job
    with workspace.database.write() as connection:
        ended = {"state": "succeeded", "result": made_up().to_json(), "ended_at": job.queued_at}
        connection.execute(update(job_table).where(job_table.c.id == job.id).values(**ended))
    yield serve_app(create_app(workspace.settings, workspace))
    workspace.close()


def made_up() -> Benchmark:
    """Two variants, PyTorch twice as fast and proven, at two batch sizes."""
    proof = {"verdict": "equivalent", "flips": 0, "recordings": 40, "flips_upper_bound": 0.072}
    proof |= {"top1_agreement": 1.0, "sqnr_db": 40.0, "stale": False}
    taken = {"load_ms": 9.0, "first_ms": 0.5, "p99_ms": None, "throughput_per_s": 900.0, "peak_rss_mb": 65.0}
    base = Row(
        network="wdcnn", variant="onnx", digest="1" * 64, backend="onnx", runtime="onnxruntime", batch=1, threads=1,
        size_bytes=221_000, p50_ms=1.0, p90_ms=1.1, ratio=1.0, ratio_low=1.0, ratio_high=1.0, verdict="baseline",
        proof={}, **taken,
    )  # fmt: skip
    ship = replace(
        base, variant="pytorch", digest="2" * 64, ratio=0.5, ratio_low=0.48, ratio_high=0.52, p50_ms=0.5, p90_ms=0.6,
        size_bytes=113_000, verdict="faster", proof=proof,
    )  # fmt: skip
    return Benchmark(
        machine=this_machine(),
        settings=BenchmarkSettings((1, 32), (1,), 200, "wdcnn/onnx"),
        windows={"source": "simulated", "recording": None, "count": 64},
        rows=tuple(replace(row, batch=batch) for batch in (1, 32) for row in (ship, base)),
        controls=tuple(Control("wdcnn/onnx", batch, 1, 1.0, 0.99, 1.01, 0.02, "tie") for batch in (1, 32)),
        noisy=False,
        measured_at="2026-03-04T05:06:07+00:00",
        seconds=78.0,
    )


def test_variants_are_measured_across_a_reload_and_one_sentence_is_the_answer(page, worked):
    page.goto(f"{worked}/benchmark")
    expect(page.get_by_text("Nothing measured yet")).to_be_visible()
    page.fill("#benchmark-rounds", "20")
    expect(page.locator("#benchmark-command")).to_contain_text("--rounds 20")
    page.get_by_role("button", name="Measure").click()
    expect(page.locator(".job-panel")).to_contain_text("of wdcnn: pytorch, onnx")
    page.evaluate("document.getElementById('benchmark-measure').click()")  # as an impatient hand does, to no effect

    page.reload()

    expect(page.locator(".sentence")).to_contain_text("wdcnn/onnx", timeout=90_000)
    expect(page.locator(".job-panel")).to_have_count(0)
    expect(page.locator(".benchmark-table tbody tr")).to_have_count(2)
    expect(page.locator(".facts")).to_contain_text("20")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = list(csv.reader(Path(download.value.path()).read_text(encoding="utf-8").splitlines()))
    assert [line[1] for line in lines if line[0] == "wdcnn"] == ["pytorch", "onnx"]

    page.get_by_role("button", name="Measure again").click()

    expect(page.locator(".earlier tbody tr")).to_have_count(2, timeout=90_000)
    expect(page.locator(".earlier tr.chosen")).to_have_count(1)


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 820), ("light", 1440), ("dark", 1440)])
def test_nothing_is_wrong_with_the_page(page, measured_address, scheme, width, accessible, fits):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{measured_address}/benchmark")
    page.wait_for_selector("#benchmark-sizes .bars path")
    page.locator(".benchmark-form summary").click()
    expect(page.locator("#benchmark-command")).to_contain_text("vibench benchmark")

    fits()
    accessible()


def test_a_part_of_the_measurement_is_chosen_by_keyboard_and_stays_in_the_address(page, measured_address):
    page.goto(f"{measured_address}/benchmark")
    page.get_by_role("radio", name="1", exact=True).focus()
    page.keyboard.press("ArrowRight")

    page.wait_for_url("**batch=32*")
    expect(page.get_by_text("32 windows a call")).to_be_visible()
    expect(page.get_by_role("radio", name="32")).to_be_focused()

    page.reload()
    expect(page.get_by_text("latency per batch of 32 windows")).to_be_visible()


def test_the_report_opens_by_itself(page, measured_address):
    page.goto(f"{measured_address}/benchmark")
    with page.expect_download() as download:
        page.get_by_role("link", name="Report as HTML").click()

    assert download.value.suggested_filename == "benchmark-wdcnn-2026-03-04T05-06.html"
    assert "Ship wdcnn/pytorch" in Path(download.value.path()).read_text(encoding="utf-8")


def test_what_cannot_be_measured_is_said_while_it_is_chosen(page, measured_address):
    page.goto(f"{measured_address}/benchmark")
    page.locator(".benchmark-form summary").press("Enter")
    for choice in page.locator(CHOSEN).all():
        choice.focus()
        page.keyboard.press("Space")

    expect(page.get_by_text("choose at least one variant")).to_be_visible()
    expect(page.get_by_role("button", name="Measure", exact=True)).to_be_disabled()

    page.locator(CHOSEN).nth(1).check(force=True)
    expect(page.locator("#benchmark-command")).to_have_text("vibench benchmark wdcnn/onnx --baseline wdcnn/onnx")
    expect(page.get_by_role("button", name="Measure", exact=True)).to_be_enabled()


def test_the_command_that_is_copied_is_the_command_and_nothing_else(page, measured_address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{measured_address}/benchmark")
    page.locator(".benchmark-form summary").click()
    page.select_option("#benchmark-windows", label="inner.npz")
    recording = page.locator("#benchmark-windows").input_value()
    expect(page.locator("#benchmark-command")).to_contain_text(f"--recording {recording}")

    page.get_by_role("button", name="Copy").click()

    expect(page.locator(".command-box .icon-check-lg")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"vibench benchmark wdcnn/pytorch wdcnn/onnx --baseline wdcnn/onnx --recording {recording}"


def test_without_a_worker_the_page_says_what_to_do(page, measured_address):
    page.goto(f"{measured_address}/benchmark")

    expect(page.get_by_text("No worker is running.")).to_be_visible()
