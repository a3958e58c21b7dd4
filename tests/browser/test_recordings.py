"""The page of recordings as its user meets it: an empty workspace, files, answers, signals, and their end."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from dashboard.app import create_app
from workspace.settings import Settings
from workspace.workspace import Workspace

CWRU = Path(__file__).parents[3] / "shared" / "data" / "cwru" / "105_0.mat"
FILES = "#recordings-uploader-files"
LINE = "#recording-waveform .scatterlayer path.js-line"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    opened = Workspace.open(Settings(workspace=tmp_path_factory.mktemp("shared") / "workspace", _env_file=None))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address(shared, serve_app):
    return serve_app(create_app(shared.settings, shared)) + "/recordings"


@pytest.fixture
def workspace(shared):
    """The workspace behind the page, empty."""
    for row in shared.recordings.list():
        shared.recordings.delete(row.id)
    return shared


@pytest.fixture
def opened(page, workspace, address):
    page.goto(address)
    page.wait_for_selector(FILES, state="attached")
    return page


@pytest.fixture
def noise(tmp_path):
    """A file of seeded noise; says nothing of itself unless told."""

    def write(name="noise.npz", samples=24_000, channels=("x",), **scalars):
        generator = np.random.default_rng(list(name.encode()))
        arrays = {one: generator.standard_normal(samples, dtype=np.float32) for one in channels}
        if name.endswith(".npy"):
            np.save(tmp_path / name, arrays["x"])
        else:
            np.savez(tmp_path / name, **arrays, **scalars)
        return tmp_path / name

    return write


def test_a_first_recording_is_brought_completed_and_drawn(opened, noise, workspace, accessible, fits):
    accessible()
    opened.set_input_files(FILES, noise("pump.npz", channels=("x", "y")))
    opened.wait_for_selector("text=2 answers missing")
    assert re.search(r"/recordings\?recording=[0-9a-f]{10}$", opened.url)
    accessible()

    opened.click("#recording-save-and-diagnose")
    opened.wait_for_selector("text=It can be diagnosed once you say its sampling rate and channel")
    opened.fill("#answer-sampling-rate-hz", "12,000")
    opened.wait_for_selector("text=12,000 is no number")
    opened.fill("#answer-sampling-rate-hz", "12 000")
    opened.fill("#answer-shaft-rpm", "1500")
    opened.fill("#answer-bearing", "6205-2RS")
    opened.get_by_role("radio", name="y", exact=True).check()
    opened.wait_for_selector("text=2 s, 50 revolutions")
    opened.wait_for_selector("text=BPFI 135.4 Hz, BPFO 89.6 Hz")
    opened.click("#recording-save")

    opened.wait_for_selector("text=Saved.")
    opened.wait_for_selector("#recording-envelope .scatterlayer path.js-line")
    opened.wait_for_selector("text=50 revolutions, resolution 0.02 orders")
    opened.wait_for_selector(LINE)
    accessible()
    fits()
    (row,) = workspace.recordings.list()
    assert (row.missing, row.description.channel, row.description.shaft_rpm) == ((), "y", 1500.0)
    assert row.description.origin["sampling_rate_hz"] == "option"


@pytest.mark.skipif(not CWRU.is_file(), reason="the real recordings are not beside the repository")
def test_a_real_recording_is_proposed_and_confirmed(opened, workspace, accessible):
    opened.set_input_files(FILES, CWRU)
    opened.wait_for_selector("text=Looks like CWRU record 105")
    accessible()
    opened.get_by_role("button", name="Use these").click()

    opened.wait_for_selector("text=10.1 s, 303 revolutions")
    opened.wait_for_selector("text=BPFI 162.2 Hz, BPFO 107.4 Hz")
    opened.wait_for_selector(LINE)
    opened.wait_for_selector("#recording-envelope >> text=BPFI 5.4")
    (row,) = workspace.recordings.list()
    assert (row.missing, row.description.channel, row.description.sampling_rate_hz) == ((), "DE_time", 12_000.0)
    assert row.description.origin["sampling_rate_hz"] == "confirmed"
    expect(opened.locator("#recording-save-and-diagnose")).to_be_focused()

    opened.click("#recording-save-and-diagnose")
    opened.wait_for_url(f"**/diagnose?recording={row.id}")


@pytest.mark.skipif(not CWRU.is_file(), reason="the real recordings are not beside the repository")
def test_who_knows_better_answers_instead(opened, workspace):
    opened.set_input_files(FILES, CWRU)
    opened.click("text=I know better")

    opened.wait_for_selector("text=Looks like CWRU record 105", state="hidden")
    expect(opened.locator("#answer-sampling-rate-hz")).to_be_focused()
    opened.keyboard.type("48000")
    opened.get_by_role("radio", name="FE_time", exact=True).check()
    opened.click("#recording-save")
    opened.wait_for_selector("text=Saved.")
    (row,) = workspace.recordings.list()
    assert (row.description.sampling_rate_hz, row.description.channel) == (48_000.0, "FE_time")


def test_content_that_is_here_already_is_told_with_the_way_to_it(opened, noise):
    first = noise("first.npz", fs=8_000.0)
    opened.set_input_files(FILES, first)
    opened.wait_for_selector(LINE)
    opened.set_input_files(FILES, first.rename(first.with_name("again.npz")))

    opened.wait_for_selector("text=This file is here already, as first.npz.")
    opened.set_input_files(FILES, noise("second.npz", fs=8_000.0))
    opened.wait_for_selector("text=second.npz was added.")
    expect(opened.locator(".nav-link.current .count")).to_have_text("2")
    assert "first.npz" in opened.inner_text("tr.chosen"), "the card stays while somebody may be answering"
    opened.click("#recordings-news >> text=Open")
    opened.wait_for_selector("tr.chosen:has-text('second.npz')")


def test_an_upload_goes_on_while_another_page_is_shown(opened, noise, workspace):
    workspace.recordings.add(noise("first.npz", fs=8_000.0), "first.npz")
    opened.reload()
    opened.wait_for_selector(".row-link")
    opened.route("**/uploads/*", hold)
    opened.set_input_files(FILES, noise("second.npz", fs=8_000.0))
    opened.click("nav >> text=Diagnose")

    expect(opened.locator(".nav-link[href^='/recordings'] .count")).to_have_text("2")
    assert opened.url.endswith("/diagnose"), "nobody is taken away from where they are"
    opened.click("nav >> text=Recordings")
    expect(opened.locator(".row-link")).to_have_count(2)


def hold(route):
    """Let a request go on only after there was time to leave the page."""
    route.request.frame.page.wait_for_timeout(700)
    route.continue_()


def test_a_file_with_gaps_is_kept_with_its_problem_in_words(opened, tmp_path):
    samples = np.ones(5_000, np.float32)
    samples[1234] = np.nan
    np.savez(tmp_path / "gaps.npz", x=samples, fs=8_000.0)
    opened.set_input_files(FILES, tmp_path / "gaps.npz")

    opened.wait_for_selector(".recording-card >> text=NaN or infinity, first at sample 1234")
    opened.wait_for_selector("tr.chosen >> text=can't be diagnosed")


def test_rows_are_chosen_by_keyboard_and_the_list_is_narrowed(opened, noise, accessible):
    opened.set_input_files(FILES, [noise(f"run{number}.npz", fs=8_000.0, samples=9_000) for number in range(3)])
    expect(opened.locator(".row-link")).to_have_count(3)
    opened.wait_for_selector(LINE)
    opened.focus(".row-link >> text=run1")
    opened.keyboard.press("Enter")

    opened.wait_for_selector("tr.chosen:has-text('run1')")
    expect(opened.locator(".row-link >> text=run1")).to_be_focused()
    opened.fill("#recordings-search", "run2")
    expect(opened.locator(".row-link")).to_have_count(1)
    opened.click(".row-link")
    opened.wait_for_selector(".recording-card h2 >> text=run2")
    assert "search=run2" in opened.url
    opened.go_back()
    opened.wait_for_selector(".recording-card h2 >> text=run1")
    opened.select_option("#recordings-label", "inner")
    opened.wait_for_selector("text=No recording matches.")
    accessible()


def test_what_is_known_is_edited_or_left_as_it_was(opened, noise, workspace):
    opened.set_input_files(FILES, noise(fs=8_000.0))
    opened.wait_for_selector(LINE)
    assert not opened.is_visible("#answer-sampling-rate-hz")
    opened.click("#recording-edit")
    opened.fill("#answer-sampling-rate-hz", "1")
    opened.click("#recording-cancel")
    opened.wait_for_selector("text=8 kHz")
    expect(opened.locator("#recording-edit")).to_be_focused()
    opened.click("#recording-edit")
    opened.select_option("#answer-label", "inner")
    opened.fill("#answer-specimen", "A7")
    opened.click("#recording-save")

    opened.wait_for_selector("tr.chosen >> text=inner race")
    (row,) = workspace.recordings.list()
    assert (row.description.specimen, row.description.sampling_rate_hz) == ("A7", None), "the file goes on saying it"


def test_a_text_is_read_again_as_its_user_says(opened, tmp_path, workspace):
    rows = np.random.default_rng(3).standard_normal((3_000, 2))
    np.savetxt(tmp_path / "two.csv", rows, delimiter=";")
    opened.set_input_files(FILES, tmp_path / "two.csv")
    opened.click("text=How the text is read")
    opened.fill("#recording-header-lines", "some")
    opened.click("#recording-read-again")
    opened.wait_for_selector("text=some is no number of lines")
    opened.fill("#recording-header-lines", "7")
    opened.click("#recording-read-again")

    opened.wait_for_selector("text=Read again: 2 channels.")
    (row,) = workspace.recordings.list()
    assert [one.samples for one in row.channels] == [2_993, 2_993]


def test_deletion_asks_once_more(opened, noise, workspace, accessible):
    opened.set_input_files(FILES, noise(fs=8_000.0))
    opened.wait_for_selector(LINE)
    opened.click("#recording-delete")
    opened.wait_for_selector("text=Delete noise.npz?")
    accessible()
    opened.click("#recording-keep")
    opened.wait_for_selector("text=Delete noise.npz?", state="hidden")
    assert len(workspace.recordings.list()) == 1
    opened.click("#recording-delete")
    opened.click("#recording-delete-for-good")

    opened.wait_for_selector("text=No recordings yet")
    assert workspace.recordings.list() == []
    assert opened.url.endswith("/recordings")


def test_ten_million_samples_stay_quick(opened, noise):
    opened.set_input_files(FILES, noise("long.npy", samples=10_000_000))
    opened.wait_for_selector(LINE, timeout=60_000)
    opened.fill("#answer-sampling-rate-hz", "20000")
    opened.click("#recording-save")
    opened.wait_for_selector("text=Time at 20 kHz (s)")
    opened.wait_for_selector("#recording-spectrum .scatterlayer path.js-line", timeout=30_000)
    before = opened.get_attribute(LINE, "d")

    box = opened.locator("#recording-waveform .nsewdrag").bounding_box()
    middle = box["y"] + box["height"] / 2
    opened.mouse.move(box["x"] + 0.4 * box["width"], middle)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=4)
    with opened.expect_response(lambda answer: "_dash-update-component" in answer.url) as answer:
        opened.mouse.up()
        begun = time.perf_counter()
    expect(opened.locator(LINE)).not_to_have_attribute("d", before)

    assert time.perf_counter() - begun < 3, "a tenth of a second where nothing else runs"
    assert len(answer.value.body()) < 100_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_window_in_both_themes(opened, noise, scheme, fits, accessible):
    opened.emulate_media(color_scheme=scheme)
    opened.set_input_files(FILES, noise("a-name-that-is-rather-long-for-a-narrow-window.npz", fs=8_000.0, rpm=1500.0))
    opened.wait_for_selector("#recording-spectrum .scatterlayer path.js-line")

    for width in (1440, 820, 390):
        opened.set_viewport_size({"width": width, "height": 900})
        opened.wait_for_timeout(300)  # plots follow a window with the next frame
        fits()
        accessible()
