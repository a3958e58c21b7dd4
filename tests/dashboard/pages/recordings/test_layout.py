import json

from plotly.utils import PlotlyJSONEncoder

from dashboard.pages.recordings.layout import count_of, layout


def shown(workspace, **query):
    return json.dumps(layout(workspace, **query).to_plotly_json(), cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_an_empty_page_says_what_it_is_for_and_has_one_way_on(workspace):
    text = shown(workspace)

    assert "No recordings yet" in text
    assert text.count('"id": "recordings-uploader"') == 1
    assert "recordings-search" not in text


def test_a_page_without_a_choice_asks_for_one(workspace, bring):
    bring()

    assert "No recording chosen" in shown(workspace)
    assert count_of(workspace) == 1


def test_an_address_that_names_a_recording_shows_its_card(workspace, bring):
    row = bring("pump.npz", fs=8_000.0)

    assert f'"id": "recording-chosen", "data": "{row.id}"' in shown(workspace, recording=row.id)


def test_a_recording_that_was_deleted_is_a_sentence_beside_the_list(workspace, bring):
    bring("pump.npz")

    text = shown(workspace, recording="gone")

    assert "There is no recording gone" in text
    assert "pump.npz" in text


def test_the_list_keeps_what_the_address_narrows_it_to(workspace, bring):
    bring("pump.npz")
    bring("motor.npz")

    text = shown(workspace, search="pump")

    assert "pump.npz" in text
    assert "motor.npz" not in text
