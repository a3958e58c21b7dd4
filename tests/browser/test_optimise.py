"""The way to the variant to ship in a real browser: asked for, waited for, cancelled, found."""

from dataclasses import asdict

import pytest
from playwright.sync_api import expect

from dashboard.app import create_app
from engine.machine import this_machine
from optimization.measuring.intervals import Interval
from optimization.measuring.measurement import Benchmark, BenchmarkSettings, Control, Row
from optimization.searching.candidates import Tried
from optimization.searching.question import Question
from workspace.jobs.claims import Claims
from workspace.jobs.context import RunningJob
from workspace.settings import Settings
from workspace.workspace import Workspace

SENTENCE = "Ship wdcnn/onnx on ONNX Runtime: 2.00 times faster than wdcnn/pytorch, 0 of 100 verdicts flipped."
PROOF = {"verdict": "equivalent", "flips": 0, "recordings": 24, "flips_upper_bound": 0.12, "sqnr_db": 30.0}


@pytest.fixture
def workspace(tmp_path, untrained_variants):
    with Workspace.open(Settings(workspace=tmp_path / "workspace", _env_file=None)) as opened:
        for variant in untrained_variants:
            opened.variants.add(variant)
        yield opened


@pytest.fixture
def address(workspace, serve_app):
    return serve_app(create_app(workspace.settings, workspace))


def made_up(workspace, question):
    """What a search keeps that found the ONNX form twice as fast as something else."""
    onnx, machine = workspace.variants.find("wdcnn/onnx"), this_machine()
    recipe = ({"pass": "quantize_static", "parameters": {}},)
    tried = [
        Tried(1, {}, "float", "onnxruntime", (), 0, "1" * 64, 220_000, 1.0, PROOF, Interval(1.0, 0.99, 1.01)),
        Tried(2, {}, "onnx", "onnxruntime", recipe, 64, onnx.digest, 74_000, 0.3, PROOF, Interval(0.5, 0.48, 0.52)),
        Tried(3, {}, "int8-dynamic", "onnxruntime", recipe, 0, "3" * 64, 90_000, 0.4, {}, None, "It is degraded."),
    ]
    row = Row(
        network="wdcnn", variant="onnx", digest=onnx.digest, backend="onnx", runtime="onnxruntime", batch=1, threads=1,
        size_bytes=74_000, load_ms=9.0, first_ms=0.5, p50_ms=1.0, p90_ms=1.1, p99_ms=None, throughput_per_s=900.0,
        peak_rss_mb=65.0, ratio=1.0, ratio_low=1.0, ratio_high=1.0, verdict="baseline", proof={},
    )  # fmt: skip
    measured = Benchmark(
        machine=machine, settings=BenchmarkSettings((1,), (1,), 100, "wdcnn/onnx"),
        windows={"source": "simulated", "recording": None, "count": 64}, rows=(row,),
        controls=(Control("wdcnn/onnx", 1, 1, 1.0, 0.99, 1.01, 0.02, "tie"),), noisy=False,
        measured_at="2026-03-04T05:06:07+00:00", seconds=12.0,
    )  # fmt: skip
    return {
        "schema": "vibench.search/1", "sentence": SENTENCE, "front": [2], "finalists": [], "noisy": False,
        "question": {"model": "wdcnn/onnx", "digest": onnx.digest, **question}, "seconds": 56.0,
        "candidates": [one.to_json() for one in tried], "machine": asdict(machine) | {"flags": list(machine.flags)},
        "recordings": {"source": "simulated", "chosen_by": 24, "proven_with": 100},
        "ship": {
            "number": 2, "variant": "wdcnn/onnx", "digest": onnx.digest, "runtime": "onnxruntime",
            "size_bytes": 74_000, "size_ratio": 0.3, "yaml": "- {pass: quantize_static}\n", "deterministic": True,
            "reason": "Nothing else came near.", "keeps_limits": True, "benchmark": measured.to_json(),
            "verification": None,
        },
    }  # fmt: skip


def test_the_variant_to_ship_is_asked_for_followed_and_found(
    page, context, address, workspace, tmp_path, accessible, fits
):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}/optimise?model=wdcnn")
    command, live = page.locator("#optimise-command"), page.locator("#optimise-live")
    expect(command).to_have_text("vibench search wdcnn/onnx")
    accessible()

    page.get_by_label("Verdicts that may flip").fill("none")
    expect(page.locator("#optimise-problem")).to_contain_text("none is no share of flipped verdicts")
    expect(page.get_by_role("button", name="Search")).to_be_disabled()
    page.get_by_label("Verdicts that may flip").fill("3%")
    page.get_by_label("Size", exact=True).fill("0.5")
    page.get_by_role("radiogroup", name="Windows a call").get_by_label("8", exact=True).check()
    expect(command).to_have_text("vibench search wdcnn/onnx --batch 8 --max-flips 3% --max-size 0.5")
    page.get_by_role("button", name="Search").click()
    expect(live).to_contain_text("for the form of wdcnn/onnx to ship, batch 8")
    expect(live).to_contain_text("No worker is running.")

    page.get_by_role("button", name="Cancel").click()
    expect(live).to_contain_text("The search was cancelled")
    expect(page.get_by_label("Verdicts that may flip")).to_have_value("3")  # the form is open as it was filled
    page.get_by_role("button", name="Search").click()
    expect(live).to_contain_text("waiting")

    job = workspace.jobs.list("queued", kind="search")[0]
    running = RunningJob(workspace.database, Claims(workspace.database).claim(job.id), tmp_path / "scratch")
    running.finish(made_up(workspace, Question(batch=8).to_json()))
    expect(page.get_by_role("heading", name="Ship wdcnn/onnx on ONNX Runtime")).to_be_visible(timeout=15_000)
    page.wait_for_selector("#optimise-front .scatterlayer path")
    page.get_by_role("radiogroup", name="Drawn against").get_by_label("Error").check()
    page.wait_for_url("**against=error*")
    expect(page.locator("#optimise-front")).to_contain_text("Error of the logits")
    page.get_by_text("The other 2 candidates").click()
    expect(page.get_by_text("It is degraded.")).to_be_visible()
    page.locator(".optimise-recipe").get_by_role("button", name="Copy").click()
    expect(page.locator(".optimise-recipe .icon-check-lg")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").strip() == "- {pass: quantize_static}"
    with page.expect_download() as download:
        page.get_by_role("link", name="YAML").click()
    assert download.value.suggested_filename == "wdcnn-onnx.yaml"
    accessible()
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    expect(page.locator(".benchmark-answer")).to_be_visible()
    fits()
    accessible()

    page.get_by_role("link", name="Show in Models").click()
    expect(page.get_by_role("heading", name="wdcnn/onnx")).to_be_visible()
