import json
from dataclasses import replace

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.pages.recordings import ids
from dashboard.pages.recordings.detail import confirmation, detail
from engine.description import Description
from workspace.recording import ChannelFacts


def tree_of(component):
    """A component and every one below it."""
    if isinstance(component, list | tuple):
        return [one for child in component for one in tree_of(child)]
    if component is None or isinstance(component, str):
        return []
    return [component, *tree_of(getattr(component, "children", None))]


def parts_of(component):
    """Every component of a tree that has an id, by that id."""
    return {one.id: one for one in tree_of(component) if getattr(one, "id", None)}


def asked(card):
    """Fields whose questions stand open."""
    open_questions = [one for one in tree_of(card) if "question" in names_of(one) and "known" not in names_of(one)]
    controls = {one.id for question in open_questions for one in tree_of(question) if getattr(one, "id", None)}
    return {field for field in ids.FIELDS if ids.answer_of(field) in controls}


def names_of(component):
    return (getattr(component, "className", None) or "").split()


def text_of(card):
    return json.dumps(card.to_plotly_json(), cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_the_card_asks_for_exactly_what_nobody_has_said(row, described):
    assert asked(detail(row, [])) == {"sampling_rate_hz", "shaft_rpm", "bearing", "unit", "label", "rig", "specimen"}
    assert asked(detail(described, [])) == {"unit", "label", "rig", "specimen"}


def test_what_is_known_names_who_said_so(described):
    told = replace(described, channels=tuple(replace(one, unit="g") for one in described.channels))
    said = replace(told, description=replace(told.description, label="inner", origin={"label": "recordings.csv"}))

    text = text_of(detail(said, []))

    assert "from the file" in text
    assert "from recordings.csv" in text


def test_a_proposal_is_offered_with_its_values_and_without_options_of_the_command_line(row):
    text = text_of(detail(row, []))

    assert "Looks like CWRU record 106" in text
    assert "12\u202f000 Hz, 1772 rpm, 6205-2RS at channel DE_time. Use these?" in text
    assert "--" not in text


def test_a_resampled_copy_is_proposed_without_a_rate(row):
    resampled = replace(row, proposal=replace(row.proposal, sampling_rate_hz=None))

    assert "its rate is yours to say" in text_of(detail(resampled, []))


def test_only_one_button_stands_out(row, described):
    for shown in (row, described):
        assert text_of(detail(shown, [])).count("button-primary") == 1


def test_several_channels_are_all_seen_and_many_are_a_menu(row):
    many = replace(row, channels=tuple(ChannelFacts(f"c{n}", 9, None, "vibration", None, None) for n in range(9)))

    few, menu = (parts_of(detail(one, []))[ids.answer_of("channel")] for one in (row, many))

    assert (few._type, few.value) == ("RadioItems", None)
    assert (menu._type, menu.value, menu.options[0]["label"]) == ("Select", ids.NOT_SAID, "Choose one")


def test_the_channel_that_was_chosen_by_number_is_shown_by_name(described):
    by_number = replace(described, description=replace(described.description, channel="2"))

    assert parts_of(detail(by_number, []))[ids.answer_of("channel")].value == "FE_time"


@pytest.mark.parametrize("name", ["<b>pump</b>.npz", "=cmd()|x.csv", "a" * 200])
def test_a_name_is_text_and_stays_what_it_is(row, name):
    card = detail(replace(row, name=name, description=Description(bearing="<i>x</i>")), [])

    assert name in text_of(card)
    assert "dangerously" not in text_of(card)


def test_deletion_names_what_goes(row):
    assert "Delete 106.mat?" in text_of(confirmation(row))
    assert "2.90 MB" in text_of(confirmation(row))
    assert {ids.KEEP, ids.DELETE_FOR_GOOD} <= parts_of(confirmation(row)).keys()
