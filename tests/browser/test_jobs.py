"""Jobs in a real browser: run by a real worker, and looked at in every state."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from dashboard.app import create_app
from workspace.jobs.claims import Claims
from workspace.jobs.rows import advance, change_running, end, fail
from workspace.settings import Settings
from workspace.workspace import Workspace

#: A job on a busy machine: the child imports PyTorch, exports, and proves what it made.
PATIENCE_MS = 180_000


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, untrained_variants):
    folder = tmp_path_factory.mktemp("jobs") / "workspace"
    with Workspace.open(Settings(workspace=folder, _env_file=None)) as opened:
        for variant in untrained_variants:
            opened.variants.add(variant)
        yield opened


@pytest.fixture(scope="module")
def address(workspace, serve_app):
    return serve_app(create_app(workspace.settings, workspace))


@pytest.fixture
def start_worker(workspace):
    """Start a worker of the workspace in a process of its own; it ends with the test."""
    started = []

    def start():
        command = [sys.executable, "-m", "vibench", "worker", "--workspace", str(workspace.folder)]
        started.append(subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}))

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=20)


def submit(workspace, variant, name, **parameters):
    recipe = [{"pass": name, "parameters": parameters}]
    return workspace.jobs.submit("optimize", {"variant": variant, "recipe": recipe}).job


def test_a_job_is_seen_waiting_running_and_done_without_a_reload(page, address, workspace, start_worker):
    page.goto(f"{address}/jobs")
    expect(page.get_by_text("No jobs yet")).to_be_visible()
    expect(page.get_by_text("No worker is running.")).to_be_visible()
    job = submit(workspace, "wdcnn/onnx", "convert_fp16")

    waiting = page.locator(".job-list", has_text="Waiting")
    expect(waiting).to_contain_text(job.title, timeout=15_000)
    expect(page.locator("#navigation a[title=Jobs] .count")).to_have_text("1")
    expect(page.locator("#worker-state")).to_have_text("No worker, 1 job waiting")

    start_worker()
    expect(page.locator("progress")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#worker-state")).to_have_text("Worker busy, 1 job")
    expect(page.get_by_text("No worker is running.")).to_be_hidden()
    page.reload()  # which changes nothing
    done = page.locator(".job-list", has_text="Done")
    expect(done).to_contain_text("wdcnn/fp16", timeout=PATIENCE_MS)
    expect(done).to_contain_text("equivalent")
    expect(page.locator("#worker-state")).to_have_text("Worker idle")
    expect(page.locator("#navigation a[title=Jobs] .count")).to_have_text("0")

    page.get_by_role("link", name=job.title, exact=True).click()
    expect(page.locator(".log")).to_contain_text("equivalent:")
    page.get_by_role("link", name="Close").click()
    done.get_by_role("link", name="wdcnn/fp16").click()
    page.wait_for_url("**/models?model=wdcnn/fp16")


def test_a_running_job_is_cancelled_from_the_page(page, address, workspace, start_worker):
    job = submit(workspace, "wdcnn/pytorch", "export_onnx", opset=18)
    page.goto(f"{address}/jobs?job={job.id}")
    start_worker()
    cancel = page.locator(".job-running").get_by_role("button", name="Cancel")
    cancel.click(timeout=PATIENCE_MS)

    expect(page.locator(".job-chosen")).to_contain_text("cancelled", timeout=15_000)
    expect(page.locator(".log")).to_contain_text("Cancelled")
    assert workspace.jobs.get(job.id).state == "cancelled"


def test_a_job_that_failed_says_why_and_is_tried_again(page, address, workspace, start_worker):
    job = submit(workspace, "wdcnn/onnx", "quantize_dynamic")
    weights = workspace.blobs.path(workspace.variants.find("wdcnn/onnx").digest)
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    try:
        page.goto(f"{address}/jobs")
        start_worker()
        failed = page.locator(".failure", has_text=job.title)
        expect(failed).to_contain_text("damaged-model", timeout=PATIENCE_MS)
        expect(failed).to_contain_text("Take it from its source again.")
    finally:
        weights.write_bytes(whole)
    failed.get_by_role("button", name="Retry").click()

    done = page.locator(".job-list", has_text="Done")
    expect(done).to_contain_text("wdcnn/int8-dynamic", timeout=PATIENCE_MS)
    expect(failed).to_be_hidden()


@pytest.fixture(scope="module")
def every_state(tmp_path_factory, untrained_variants, serve_app):
    """The dashboard on a workspace whose jobs are in every state; no worker is there to change them."""
    folder = tmp_path_factory.mktemp("states") / "workspace"
    with Workspace.open(Settings(workspace=folder, _env_file=None)) as workspace:
        for variant in untrained_variants:
            workspace.variants.add(variant)
        jobs = [submit(workspace, "wdcnn/pytorch", "export_onnx", opset=opset) for opset in (18, 19, 20)]
        claims = [Claims(workspace.database).claim(job.id) for job in jobs]
        made = workspace.variants.find("wdcnn/onnx")
        result = {"variant": made.full_name, "digest": made.digest, "size_bytes": made.size_bytes}
        with workspace.database.write() as connection:
            advance(connection)
            end(connection, claims[0], "succeeded", "Done.", result=result)
            fail(connection, claims[1], "calibration-impossible", "No recording gives a window: add one.")
        set_progress(workspace, claims[2], 328)
        submit(workspace, "wdcnn/onnx", "convert_fp16")
        workspace.jobs.cancel(submit(workspace, "wdcnn/onnx", "quantize_dynamic").id)
        yield serve_app(create_app(workspace.settings, workspace)), workspace, claims[2]


def set_progress(workspace, claim, done):
    told = {"what": "Calibrating", "done": done, "total": 512, "per_s": 8.43, "left_s": 21.8}
    with workspace.database.write() as connection:
        advance(connection)
        assert change_running(connection, claim, progress=told)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
@pytest.mark.parametrize("path", ["/jobs", "/jobs?job=RUNNING", "/system"])
def test_the_pages_are_sound_in_both_themes_and_on_a_narrow_screen(
    page, every_state, scheme, width, path, accessible, fits
):
    address, _, running = every_state
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}{path.replace('RUNNING', running.job_id)}")
    page.wait_for_selector("#page .card")

    accessible()
    fits()


@pytest.mark.parametrize("width", [820, 1024, 1110])
def test_names_in_the_lists_are_never_broken_letter_by_letter(page, every_state, width):
    page.set_viewport_size({"width": width, "height": 768})
    page.goto(f"{every_state[0]}/jobs")

    for cell in ("td.subject", "td.result a"):
        shown = page.locator(f".job-list {cell}", has_text="wdcnn/onnx").first
        expect(shown).to_be_visible()
        assert shown.bounding_box()["height"] <= 48  # two lines


def test_progress_leaves_the_focus_and_the_lists_as_they_are(page, every_state):
    address, workspace, running = every_state
    page.goto(f"{address}/jobs")
    set_progress(workspace, running, 100)
    expect(page.locator("progress")).to_have_js_property("value", 100, timeout=15_000)
    page.evaluate("document.querySelector('.failures').dataset.mark = 'same'")
    page.locator(".job-running").get_by_role("button").focus()
    set_progress(workspace, running, 400)

    expect(page.locator("progress")).to_have_js_property("value", 400, timeout=15_000)
    assert "Cancel" in page.evaluate("document.activeElement.textContent")
    assert page.evaluate("document.querySelector('.failures').dataset.mark") == "same"


def test_the_log_is_opened_and_hidden_by_keyboard(page, every_state):
    address, _, running = every_state
    page.goto(f"{address}/jobs")
    page.locator(".job-running").get_by_role("link", name="Log").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".log")).to_be_visible()
    assert page.url.endswith(f"/jobs?job={running.job_id}")

    page.locator(".job-running").get_by_role("link", name="Hide log").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".log")).to_be_hidden()


def test_times_are_those_of_the_browser(browser, every_state):
    address, workspace, running = every_state
    started = workspace.jobs.get(running.job_id).started_at.astimezone(UTC)
    context = browser.new_context(timezone_id="Asia/Kathmandu")
    page = context.new_page()
    page.goto(f"{address}/jobs")
    shown = page.locator(".job-line").inner_text()
    context.close()

    minutes = (started.hour * 60 + started.minute + 5 * 60 + 45) % (24 * 60)
    assert f"{minutes // 60:02}:{minutes % 60:02}" in shown


def test_a_wrong_request_is_led_to_where_it_is_changed(page, every_state):
    address, _, _ = every_state
    page.goto(f"{address}/jobs")
    page.get_by_role("link", name="Change and start again").click()

    expect(page).to_have_url(re.compile(r"/models\?model=wdcnn/pytorch&job=[^&]+&pass=export_onnx$"))


def test_a_server_that_is_away_for_a_while_is_not_told_about(page, every_state, watch):
    address, workspace, running = every_state
    page.goto(f"{address}/jobs")
    page.wait_for_selector("progress")
    polls = []
    page.route("**/_dash-update-component*", lambda route: (polls.append(1), route.abort()))
    while len(polls) < 2:
        page.wait_for_timeout(100)
    page.unroute("**/_dash-update-component*")
    done = int(datetime.now(UTC).timestamp()) % 500
    set_progress(workspace, running, done)

    expect(page.locator("progress")).to_have_js_property("value", done, timeout=15_000)
    assert page.locator("#problem").inner_text() == ""
    watch.expect("ERR_FAILED")


def test_the_report_of_the_system_is_downloaded(page, every_state):
    address, _, _ = every_state
    page.goto(f"{address}/system")
    with page.expect_download() as download:
        page.get_by_role("link", name="This page as JSON").click()

    assert download.value.suggested_filename == "vibench-system.json"
