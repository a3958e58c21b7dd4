import json

import pytest

from engine.errors import SearchError
from optimization.searching.state import MADE, QUESTION, TRIED, SearchState

ASKED = {"batch": 1, "runtimes": ("onnxruntime",)}


def test_lines_are_there_for_the_next_search_of_the_same_question(tmp_path):
    folder = tmp_path / "state"
    with SearchState.open(folder, ASKED) as state:
        assert state.tried() == []
        state.add({"number": 1})
        state.add({"number": 2})

    with SearchState.open(folder, ASKED) as state:
        assert state.tried() == [{"number": 1}, {"number": 2}]


@pytest.mark.parametrize("kept", range(1, 30, 4))
def test_a_line_that_was_cut_is_taken_off_and_the_next_one_follows_the_last_whole_one(tmp_path, kept):
    with SearchState.open(tmp_path, ASKED) as state:
        state.add({"number": 1})
        state.add({"number": 2, "name": "int8-static"})
    path = tmp_path / TRIED
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(whole[0] + whole[1][:kept])

    with SearchState.open(tmp_path, ASKED) as state:
        assert state.tried() == [{"number": 1}]
        state.add({"number": 2})
        assert state.tried() == [{"number": 1}, {"number": 2}]


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


def test_another_question_is_refused_and_changes_nothing(tmp_path):
    with SearchState.open(tmp_path, ASKED) as state:
        state.add({"number": 1})

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


def test_damage_is_told_and_not_taken_for_a_result(tmp_path):
    with SearchState.open(tmp_path, ASKED) as state:
        state.add({"number": 1})
        (tmp_path / TRIED).write_bytes(b"{]\n")
        with pytest.raises(SearchError, match="is damaged"):
            state.tried()
