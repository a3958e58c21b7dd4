"""The page of recordings as its user meets it: an empty workspace, files, answers, signals, and their end."""

import re
import time
from pathlib import Path

import numpy as np
import pytest

from dashboard.app import create_app
from workspace.settings import Settings
from workspace.workspace import Workspace

CWRU = Path(__file__).parents[3] / "shared" / "data" / "cwru" / "105_0.mat"
FILES = "#recordings-uploader-files"
LINE = "#recording-waveform .scatterlayer path.js-line"


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(Settings(workspace=tmp_path / "workspace", _env_file=None))
    yield opened
    opened.close()


@pytest.fixture
def opened(page, workspace, serve_app):
    page.goto(serve_app(create_app(workspace.settings, workspace)) + "/recordings")
    page.wait_for_selector(FILES, state="attached")
    return page


@pytest.fixture
def noise(tmp_path):
    """A file of seeded noise; says nothing of itself unless told."""

    def write(name="noise.npz", samples=24_000, channels=("x",), **scalars):
        generator = np.random.default_rng(len(name))
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
    opened.wait_for_selector("text=It can be diagnosed once you say its rate and channel")
    opened.fill("#answer-sampling-rate-hz", "12,000")
    opened.wait_for_selector("text=12,000 is no number")
    opened.fill("#answer-sampling-rate-hz", "12 000")
    opened.fill("#answer-shaft-rpm", "1500")
    opened.fill("#answer-bearing", "6205-2RS")
    opened.click("label:text-is('y')")
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
    opened.click("text=Use these")

    opened.wait_for_selector("text=10.1 s, 303 revolutions")
    opened.wait_for_selector("text=BPFI 162.2 Hz, BPFO 107.4 Hz")
    opened.wait_for_selector(LINE)
    opened.wait_for_selector("#recording-envelope >> text=BPFI 5.4")
    (row,) = workspace.recordings.list()
    assert (row.missing, row.description.channel, row.description.sampling_rate_hz) == ((), "DE_time", 12_000.0)
    assert row.description.origin["sampling_rate_hz"] == "confirmed"
    assert opened.evaluate("document.activeElement.id") == "recording-save-and-diagnose"

    opened.click("#recording-save-and-diagnose")
    opened.wait_for_url(f"**/diagnose?recording={row.id}")


@pytest.mark.skipif(not CWRU.is_file(), reason="the real recordings are not beside the repository")
def test_who_knows_better_answers_instead(opened, workspace):
    opened.set_input_files(FILES, CWRU)
    opened.click("text=I know better")

    opened.wait_for_selector("text=Looks like CWRU record 105", state="hidden")
    opened.wait_for_function("document.activeElement.id === 'answer-sampling-rate-hz'")
    opened.keyboard.type("48000")
    opened.click("label:text-is('FE_time')")
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
    assert "first.npz" in opened.inner_text("tr.chosen"), "the card stays while somebody may be answering"
    opened.click("#recordings-news >> text=Open")
    opened.wait_for_selector("tr.chosen:has-text('second.npz')")


def test_a_file_with_gaps_is_kept_with_its_problem_in_words(opened, tmp_path):
    samples = np.ones(5_000, np.float32)
    samples[1234] = np.nan
    np.savez(tmp_path / "gaps.npz", x=samples, fs=8_000.0)
    opened.set_input_files(FILES, tmp_path / "gaps.npz")

    opened.wait_for_selector(".recording-card >> text=NaN or infinity, first at sample 1234")
    opened.wait_for_selector("tr.chosen >> text=can't be diagnosed")


def test_rows_are_chosen_by_keyboard_and_the_list_is_narrowed(opened, noise, accessible):
    opened.set_input_files(FILES, [noise(f"run{number}.npz", fs=8_000.0, samples=9_000) for number in range(3)])
    opened.wait_for_function("document.querySelectorAll('.row-link').length === 3")
    opened.wait_for_selector(LINE)
    opened.focus(".row-link >> text=run1")
    opened.keyboard.press("Enter")

    opened.wait_for_selector("tr.chosen:has-text('run1')")
    opened.wait_for_function("document.activeElement.textContent === 'run1.npz'")
    opened.fill("#recordings-search", "run2")
    opened.wait_for_function("document.querySelectorAll('.row-link').length === 1")
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
    opened.wait_for_function("document.activeElement.id === 'recording-edit'")
    opened.click("#recording-edit")
    opened.select_option("#answer-label", "inner")
    opened.fill("#answer-specimen", "A7")
    opened.click("#recording-save")

    opened.wait_for_selector("tr.chosen >> text=inner race")
    (row,) = workspace.recordings.list()
    assert (row.description.specimen, row.description.sampling_rate_hz) == ("A7", None), "the file goes on saying it"


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
    with opened.expect_response("**/_dash-update-component") as answer:
        opened.mouse.up()
        begun = time.perf_counter()
    opened.wait_for_function("(before) => document.querySelector(%r).getAttribute('d') !== before" % LINE, arg=before)

    assert time.perf_counter() - begun < 3, "a tenth of a second where nothing else runs"
    assert len(answer.value.body()) < 100_000


@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_window_in_both_themes(opened, noise, width, scheme, fits, accessible):
    opened.emulate_media(color_scheme=scheme)
    opened.set_viewport_size({"width": width, "height": 900})
    opened.set_input_files(FILES, noise("a-name-that-is-rather-long-for-a-narrow-window.npz", fs=8_000.0, rpm=1500.0))
    opened.wait_for_selector("#recording-spectrum .scatterlayer path.js-line")

    fits()
    accessible()
