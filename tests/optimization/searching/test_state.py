import json

import pytest

from engine.errors import SearchError
from optimization.searching.state import MADE, QUESTION, TRIED, SearchState

ASKED = {"batch": 1, "runtimes": ("onnxruntime",)}


def test_candidates_are_there_for_the_next_search_of_the_same_question(tmp_path, tried):
    folder, two = tmp_path / "state", [tried(number=1), tried("fp16", None, number=2)]
    with SearchState.open(folder, ASKED) as state:
        assert state.tried() == []
        for each in two:
            state.add(each)

    with SearchState.open(folder, ASKED) as state:
        assert state.tried() == two


@pytest.mark.parametrize("kept", range(1, 300, 40))
def test_a_line_that_was_cut_is_taken_off_and_the_next_one_follows_the_last_whole_one(tmp_path, kept, tried):
    one, other = tried(number=1), tried("fp16", number=2)
    with SearchState.open(tmp_path, ASKED) as state:
        state.add(one)
        state.add(other)
    path = tmp_path / TRIED
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(whole[0] + whole[1][:kept])

    with SearchState.open(tmp_path, ASKED) as state:
        assert state.tried() == [one]
        state.add(other)
        assert state.tried() == [one, other]


def test_a_search_that_was_killed_before_it_wrote_its_question_begins_anew(tmp_path):
    (tmp_path / "lock").touch()

    with SearchState.open(tmp_path, ASKED) as state:
        assert state.tried() == []
    assert json.loads((tmp_path / QUESTION).read_text())["question"]["batch"] == 1


def test_what_a_killed_pass_left_is_removed(tmp_path):
    with SearchState.open(tmp_path, ASKED):
        (tmp_path / MADE / ".making-1").mkdir()
        (tmp_path / ".ranking-1").mkdir()
        (tmp_path / MADE / "whole").mkdir()

    with SearchState.open(tmp_path, ASKED) as state:
        assert [path.name for path in (tmp_path / MADE).iterdir()] == ["whole"]
        assert state.place("whole").is_dir()
    assert not (tmp_path / ".ranking-1").exists()


def test_another_question_is_refused_and_changes_nothing(tmp_path, tried):
    with SearchState.open(tmp_path, ASKED) as state:
        state.add(tried())

    with pytest.raises(SearchError, match="another question"), SearchState.open(tmp_path, {"batch": 32}):
        pass
    with SearchState.open(tmp_path, ASKED) as state:
        assert len(state.tried()) == 1


def test_a_folder_of_something_else_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "thesis.tex").touch()

    with pytest.raises(SearchError, match="holds something else"), SearchState.open(tmp_path, ASKED):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_two_searches_do_not_share_a_folder(tmp_path):
    with (
        SearchState.open(tmp_path, ASKED),
        pytest.raises(SearchError, match="Another search works in"),
        SearchState.open(tmp_path, ASKED),
    ):
        pass


@pytest.mark.parametrize("line", [b"{]\n", b'{"number": 1}\n', b"[1]\n"])
def test_damage_is_told_and_not_taken_for_a_result(tmp_path, tried, line):
    with SearchState.open(tmp_path, ASKED) as state:
        state.add(tried())
        (tmp_path / TRIED).write_bytes(line)
        with pytest.raises(SearchError, match="is damaged"):
            state.tried()


def test_what_can_t_be_a_folder_is_told(tmp_path):
    (tmp_path / "file").touch()

    for place in (tmp_path / "file", tmp_path / "file" / "state"):
        with pytest.raises(SearchError, match="can't be a folder"), SearchState.open(place, ASKED):
            pass
