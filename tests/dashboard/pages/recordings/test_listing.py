from dataclasses import replace

import pytest

from dashboard.pages.recordings import listing as page
from dashboard.pages.recordings.address import View
from engine.description import Description


def words_of(component):
    """All text in a tree of components, and the titles shown on hover."""
    if component is None or isinstance(component, str):
        return component or ""
    if isinstance(component, list | tuple):
        return " ".join(words_of(one) for one in component)
    hover = getattr(component, "title", None)
    return f"{words_of(getattr(component, 'children', None))} {hover if isinstance(hover, str) else ''}"


def test_the_list_says_in_words_what_is_missing(row):
    assert "2 answers missing" in words_of(page.state_of(row))
    assert "rate and channel" in words_of(page.state_of(row))
    assert "1 answer missing" in words_of(page.state_of(replace(row, missing=("channel",))))


def test_a_problem_is_told_before_what_is_missing(row):
    told = words_of(page.state_of(replace(row, problem="Channel x holds NaN.")))

    assert "can't be diagnosed" in told
    assert "Channel x holds NaN." in told


def test_a_recording_is_good_once_its_unit_is_known_too(described):
    with_unit = replace(described, description=replace(described.description, unit="g"))

    assert "unit unknown" in words_of(page.state_of(described))
    assert words_of(page.state_of(with_unit)).split()[0] == "good"


def test_a_row_links_to_its_recording_and_keeps_what_the_list_is_narrowed_to(row):
    link = page.cells_of(row, View(search="10", page=2, model="wdcnn"))[0]

    assert link.href == "/recordings?recording=abc&search=10&page=2&model=wdcnn"


def test_what_is_not_known_is_a_question_mark(row, described):
    assert [words_of(cell).split()[0] for cell in page.cells_of(row, View())[2:4]] == ["?", "?"]
    assert page.cells_of(described, View())[2:4] == ["12\u202f000", "10.00"]


@pytest.mark.parametrize(("count", "page_number", "first", "links"), [(120, 2, 51, 2), (120, 9, 101, 1), (50, 1, 1, 0)])
def test_more_than_fifty_recordings_come_in_pages(row, count, page_number, first, links):
    class Workspace:
        class recordings:  # noqa: N801
            list = staticmethod(lambda search, label: [replace(row, id=str(number)) for number in range(count)])

    shown = page.listing(Workspace, View(page=page_number))
    body = shown[0].children.children[2].children

    assert len(body) == min(50, count - first + 1)
    assert words_of(body[0].children[0]).strip().startswith("106.mat")
    assert words_of(shown[1]).count("Previous") + words_of(shown[1]).count("Next") == links


def test_the_list_is_narrowed_by_name_and_label(workspace, bring):
    bring("pump.npz", description=Description(label="inner"))
    bring("motor.npz")

    assert "pump.npz" in words_of(page.listing(workspace, View(label="inner")))
    assert "motor.npz" not in words_of(page.listing(workspace, View(label="inner")))
    assert "pump.npz" not in words_of(page.listing(workspace, View(search="MOTOR")))
    assert "No recording matches" in words_of(page.listing(workspace, View(search="50%_")))
