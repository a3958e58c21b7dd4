"""Uploads in a real browser, each becoming a recording of a real workspace."""

import wave

import numpy as np
import pytest
from dash import Input, Output, html

from dashboard import components as ui
from dashboard.app import create_app
from dashboard.pages import Page


def layout(workspace, **_):
    place = ui.uploader("files", formats="WAV", suffixes=(), limit_bytes=60_000_000)
    return html.Div([ui.card(place), html.Div(id="heard")])


def register(app, workspace):
    @app.callback(Output("heard", "children"), Input(ui.UPLOADS_DONE, "data"), prevent_initial_call=True)
    def hear(done):
        return f"{workspace.recordings.get(done['recording']).name}, duplicate: {done['duplicate']}"


PAGES = (Page("bring", "Bring", "/bring", "upload", layout, register),)


@pytest.fixture(scope="module")
def address(live_settings, live_workspace, serve_app):
    return serve_app(create_app(live_settings, live_workspace, PAGES))


@pytest.fixture
def opened(page, address):
    page.goto(address)
    page.wait_for_selector("#files-files", state="attached")
    return page


def recording(folder, name, *, seconds=1, seed=0):
    samples = np.random.default_rng(seed).integers(-9000, 9000, 12_000 * seconds, dtype=np.int16)
    with wave.open(str(folder / name), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(12_000)
        file.writeframes(samples.tobytes())
    return folder / name


def test_several_files_become_recordings_and_the_page_hears_of_it(opened, tmp_path, live_workspace, accessible, until):
    files = [recording(tmp_path, f"run{number}.wav", seed=number) for number in range(4)]
    opened.set_input_files("#files-files", files)
    until("document.querySelectorAll('.upload-list li.done').length === 4")
    accessible()

    assert {file.name for file in files} <= {row.name for row in live_workspace.recordings.list()}
    assert "run" in opened.inner_text("#heard")
    opened.wait_for_selector(".upload-list li", state="detached", timeout=10_000)  # they make room again


def test_content_that_is_here_already_is_said_to_be(opened, tmp_path):
    first = recording(tmp_path, "first.wav", seed=77)
    opened.set_input_files("#files-files", first)
    opened.wait_for_selector("text=first.wav, duplicate: False")
    opened.set_input_files("#files-files", first.rename(tmp_path / "again.wav"))

    opened.wait_for_selector("text=is here already, as first.wav")


def test_a_file_that_cannot_be_read_says_why_until_it_is_dismissed(opened, tmp_path, accessible):
    damaged = tmp_path / "damaged.wav"
    damaged.write_bytes(b"RIFF\x00\x00\x00\x00WAVE" + b"\x00" * 50)
    opened.set_input_files("#files-files", damaged)
    opened.wait_for_selector(".upload-list li.failed")

    assert "damaged.wav cannot be read" in opened.inner_text(".upload-list")
    accessible()
    opened.click("text=Dismiss")
    opened.wait_for_selector(".upload-list li", state="detached")


def test_a_file_beyond_the_limit_is_refused_before_it_is_sent(opened, tmp_path):
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(61_000_000)
    opened.set_input_files("#files-files", large)

    opened.wait_for_selector("text=61 MB is more than the 60 MB that this server takes")


def test_an_upload_is_paused_and_goes_on_after_a_reload(opened, tmp_path, watch, until):
    long = recording(tmp_path, "long.wav", seconds=1500)  # 36 MB: three chunks
    limit_upload(opened, bytes_per_second=12_000_000)
    opened.set_input_files("#files-files", long)
    until("document.querySelector('.upload-list progress')?.value > 0.6")
    opened.click("text=Pause")
    opened.wait_for_selector("text=kept on the server")
    limit_upload(opened, bytes_per_second=-1)

    opened.reload()
    opened.wait_for_selector("text=begun before; choose the file again to resume")
    asked = []
    opened.on("request", lambda request: "/uploads" in request.url and asked.append(request.method))
    opened.set_input_files("#files-files", long)
    opened.wait_for_selector("text=long.wav, duplicate: False", timeout=30_000)

    assert asked[0] == "HEAD", "it asks how much is here instead of beginning anew"
    watch.expect("423")  # the server may still be writing what came before the pause


def limit_upload(page, bytes_per_second):
    """Make the browser's network slow, so that there is a time in which to pause; -1 lifts it."""
    devtools = page.context.new_cdp_session(page)
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    devtools.send("Network.emulateNetworkConditions", conditions)


def test_files_may_be_dropped_anywhere_on_the_page(opened, tmp_path):
    content = recording(tmp_path, "dropped.wav", seed=5).read_bytes()
    opened.evaluate(
        """(bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "dropped.wav"));
            for (const name of ["dragover", "drop"]) {
                const facts = {dataTransfer: data, bubbles: true, cancelable: true};
                document.body.dispatchEvent(new DragEvent(name, facts));
            }
        }""",
        list(content),
    )

    opened.wait_for_selector("text=dropped.wav, duplicate: False")
