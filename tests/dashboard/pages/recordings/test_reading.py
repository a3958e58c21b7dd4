from dataclasses import replace

import pytest

from dashboard.pages.recordings import ids
from dashboard.pages.recordings.reading import options_of, reading_form
from engine.errors import DescriptionError
from engine.readers.contents import ReadOptions


def values_of(form):
    """What each control of the form holds, by its id."""
    if isinstance(form, list | tuple):
        return {key: value for one in form for key, value in values_of(one).items()}
    if form is None or isinstance(form, str):
        return {}
    own = {form.id: form.value} if hasattr(form, "value") and getattr(form, "id", None) else {}
    return own | values_of(getattr(form, "children", None))


def test_only_text_is_asked_how_it_is_laid_out(row):
    assert reading_form(row) is None


@pytest.mark.parametrize(
    "said",
    [
        ReadOptions(),
        ReadOptions(";", ",", 3, True),
        ReadOptions("\t", ".", 0, False),
        ReadOptions("whitespace", None, None, None),
    ],
)
def test_the_form_says_what_was_said_and_gives_it_back(row, said):
    held = values_of(reading_form(replace(row, format="delimited", reading=said)))

    names = (ids.SEPARATOR, ids.DECIMAL, ids.HEADER_LINES, ids.TIME_COLUMN)
    assert options_of(*(held[name] for name in names)) == said


@pytest.mark.parametrize("lines", ["three", "-1", "1.5", "9" * 30])
def test_a_number_of_lines_is_a_number(lines):
    with pytest.raises(DescriptionError, match="is no number of lines"):
        options_of("-", "-", lines, "-")
