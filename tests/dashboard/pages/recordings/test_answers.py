from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.pages.recordings.answers import (
    description_of,
    description_of_proposal,
    number_of,
    proposed,
    text_of,
)
from dashboard.pages.recordings.ids import FIELDS
from dashboard.pages.recordings.known import known_of
from engine.description import Description
from engine.errors import DescriptionError
from workspace.recording import ChannelFacts


def form_of(row):
    known = known_of(row)
    return {field: text_of(known, field) for field in FIELDS}


def test_a_form_that_nobody_touched_says_what_was_said(row, described):
    assert description_of(row, form_of(row)) == row.description
    assert description_of(described, form_of(described)) == described.description


def test_an_answer_is_the_users_and_all_else_stays(described):
    said = description_of(described, form_of(described) | {"sampling_rate_hz": "48 000", "label": "inner"})

    assert (said.sampling_rate_hz, said.label, said.bearing) == (48_000.0, "inner", "6205-2RS")
    assert said.origin["sampling_rate_hz"] == said.origin["label"] == "option"
    assert said.origin["bearing"] == "confirmed"


def test_another_channel_does_not_inherit_what_was_said_of_the_one_before(row):
    confirmed = replace(row, description=description_of_proposal(row, row.proposal))

    said = description_of(confirmed, form_of(confirmed) | {"channel": "FE_time"})

    assert (said.channel, said.bearing, said.unit, said.rig) == ("FE_time", None, None, None)
    assert (said.sampling_rate_hz, said.origin["sampling_rate_hz"]) == (12_000.0, "confirmed")
    assert not {"bearing", "unit", "rig"} & set(said.origin)


def test_what_is_said_together_with_another_channel_is_kept(row):
    confirmed = replace(row, description=description_of_proposal(row, row.proposal))

    said = description_of(confirmed, form_of(confirmed) | {"channel": "FE_time", "bearing": "6203", "unit": "g"})

    assert (said.bearing, said.unit, said.rig) == ("6203", "g", None)


def test_a_bearing_that_was_said_before_any_channel_stays_with_the_one_chosen(row):
    early = replace(row, description=Description(bearing="6203", origin={"bearing": "option"}))

    assert description_of(early, form_of(early) | {"channel": "FE_time"}).bearing == "6203"


def test_a_proposal_for_another_channel_does_not_inherit_its_unit(row):
    said = Description(channel="2", unit="V", rig="fan")

    confirmed = description_of_proposal(replace(row, description=said), row.proposal)

    assert (confirmed.channel, confirmed.unit, confirmed.rig) == ("DE_time", None, "cwru")


def test_what_is_emptied_is_said_no_longer_and_the_file_is_believed_again(described):
    with_speed = tuple(replace(one, shaft_speed_hz=25.0) for one in described.channels)
    row = replace(described, channels=with_speed)

    said = description_of(row, form_of(row) | {"shaft_rpm": ""})

    assert said.shaft_rpm is None
    assert known_of(replace(row, description=said)).shaft_rpm == 1500.0


def test_what_the_file_says_is_not_said_again_by_saving(row):
    told = replace(row, channels=(ChannelFacts("x", 100, "g", "vibration", 8_000.0, None),))

    assert description_of(told, form_of(told)) == told.description


@pytest.mark.parametrize("answers", [{"sampling_rate_hz": "fast"}, {"label": "broken"}, {"unit": "furlong"}])
def test_an_impossible_answer_is_refused_with_a_sentence(row, answers):
    with pytest.raises(DescriptionError, match=next(iter(answers.values()))):
        description_of(row, answers)


@pytest.mark.parametrize(
    ("text", "value"),
    [("12000", 12_000), ("12 000", 12_000), ("12\u202f000", 12_000), ("1796,5", 1796.5), ("1e3", 1e3)],
)
def test_numbers_are_read_as_people_write_them(text, value):
    assert number_of("shaft_rpm", text) == value


@pytest.mark.parametrize("text", ["12,000", "1,234.5", "", "12 kHz", "1.2.3", "--5"])
def test_a_doubtful_number_is_refused(text):
    with pytest.raises(DescriptionError, match="Shaft speed"):
        number_of("shaft_rpm", text)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text):
    with suppress(DescriptionError):
        assert isinstance(number_of("sampling_rate_hz", text), float)


def test_a_proposal_is_offered_until_it_was_confirmed_or_nothing_is_missing(row, described):
    confirmed = description_of_proposal(row, row.proposal)

    assert proposed(row) is row.proposal
    assert proposed(replace(row, description=confirmed)) is None
    assert proposed(described) is None
    assert proposed(replace(row, proposal=None)) is None


def test_a_confirmed_proposal_says_so_and_keeps_what_else_was_said(row):
    said = description_of_proposal(replace(row, description=replace(row.description, label="ball")), row.proposal)

    assert (said.sampling_rate_hz, said.channel, said.bearing, said.rig) == (12_000.0, "DE_time", "6205-2RS", "cwru")
    assert said.label == "ball"
    assert set(said.origin.values()) == {"confirmed"}


def test_the_files_own_speed_goes_on_coming_from_the_file(row):
    told = replace(row, channels=tuple(replace(one, shaft_speed_hz=29.5) for one in row.channels))

    assert description_of_proposal(told, row.proposal).shaft_rpm is None
