import json

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.app import create_app
from dashboard.pages.optimise import ids
from dashboard.pages.optimise import layout as page
from engine.description import Description
from workspace.settings import Settings
from workspace.workspace import Workspace


def hrefs(parts):
    return [part.href for part in parts if getattr(part, "href", None)]


def test_without_a_network_in_onnx_the_page_leads_to_models(tmp_path, untrained_variants, text_of):
    with Workspace.open(Settings(workspace=tmp_path / "workspace", _env_file=None)) as empty:
        empty.variants.add(untrained_variants[0])
        assert "No network to start from" in text_of(page.layout(empty))


def test_before_the_first_search_the_form_is_open(workspace, text_of, parts_of):
    built = page.layout(workspace)

    assert "Nothing searched yet" in text_of(built)
    assert next(part for part in parts_of(built) if getattr(part, "id", None) == ids.FORM).open


def test_the_form_is_filled_as_the_search_that_failed_was_asked_for(
    workspace, submit, finish, inner_race_file, text_of, parts_of
):
    said = Description(bearing="6205-2RS", origin={"bearing": "confirmed"})
    recording = workspace.recordings.add(inner_race_file, "inner.npz", said).row.id
    question = {"batch": 32, "limits": {"flips_share": 0.03, "size_ratio": 0.5}, "minutes": 7}
    job = submit(recordings=[recording], **question)
    finish(job, error={"code": "search-impossible", "message": "No."})

    named = {
        part.id: part
        for part in parts_of(page.layout(workspace, job=job.id))
        if isinstance(getattr(part, "id", None), str)
    }

    assert named[ids.FORM].open
    values = {
        name: named[name].value for name in (ids.BATCH, ids.FLIPS, ids.LATENCY, ids.SIZE, ids.MINUTES, ids.SOURCE)
    }
    assert list(values.values()) == ["32", "3", "", "0.5", "7", ids.OWN]
    assert "inner.npz" in json.dumps(named[ids.RECORDINGS], cls=PlotlyJSONEncoder)
    assert not named[ids.RECORDINGS].hidden


def test_the_answer_is_a_sentence_a_front_a_recipe_and_links(workspace, submit, finish, result, text_of, parts_of):
    onnx = workspace.variants.find("wdcnn/onnx")
    result["ship"] |= {"digest": onnx.digest, "variant": onnx.full_name}
    finish(submit(), result=result)

    built = page.layout(workspace, recording="r")

    words = text_of(built)
    assert "Ship wdcnn/int8-static on ONNX Runtime: 2.00 times faster than wdcnn/onnx" in words
    assert "at most 3 % of the verdicts may flip, size at most 0.8" in words
    assert "5 candidates 1 sent off" in words
    assert "- {pass: quantize_static}" in words
    assert "Its verdicts are degraded." in words
    assert "0.50 0.48 to 0.52" in words
    links = hrefs(parts_of(built))
    assert "/diagnose?recording=r&model=wdcnn/onnx" in links
    assert "/models?model=wdcnn/onnx&recording=r" in links
    assert "/benchmark?recording=r&model=wdcnn/onnx" in links


def test_a_variant_that_was_removed_since_is_not_linked(workspace, submit, finish, result, text_of, parts_of):
    finish(submit(), result=result)

    built = page.layout(workspace)

    assert "removed since" in text_of(built)
    assert not [href for href in hrefs(parts_of(built)) if href.startswith("/diagnose")]


def test_the_one_to_ship_is_told_by_the_name_under_which_it_is_kept(workspace, submit, finish, result, text_of):
    result["ship"]["variant"] = "wdcnn/int8-static-2"
    finish(submit(), result=result)

    assert "int8-static kept as int8-static-2" in text_of(page.layout(workspace))


def test_where_the_network_itself_is_best_there_is_no_recipe(workspace, submit, finish, result, text_of, parts_of):
    result["ship"] |= {"number": 1, "yaml": None, "command": None, "recipe": []}
    finish(submit(), result=result)

    built = page.layout(workspace)

    assert "Nothing is to be made" in text_of(built)
    assert ids.RECIPE not in [getattr(part, "id", None) for part in parts_of(built)]


def test_a_noisy_machine_is_told(workspace, submit, finish, result, text_of):
    finish(submit(), result={**result, "noisy": True})

    assert "The control was no tie." in text_of(page.layout(workspace))


def test_what_failed_or_was_cancelled_is_told(workspace, submit, finish, text_of):
    finish(submit(), error={"code": "search-impossible", "message": "It can't be searched: no."})
    assert "It can't be searched: no." in text_of(page.layout(workspace))

    finish(submit(batch=8), state="cancelled")
    assert "asked for again, it goes on where it was" in text_of(page.layout(workspace))


def test_earlier_searches_are_listed_each_a_link(workspace, submit, finish, result, parts_of):
    first = finish(submit(), result=result)
    finish(submit(batch=8), result=result)

    assert f"/optimise?model=wdcnn/onnx&job={first.id}" in hrefs(parts_of(page.layout(workspace)))


@pytest.fixture
def client(workspace):
    return create_app(workspace.settings, workspace).server.test_client()


def test_the_recipe_is_sent_as_a_file(client, submit, finish, result):
    job = finish(submit(), result=result)

    answer = client.get(f"/searches/{job.id}.yaml")

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=wdcnn-int8-static.yaml"
    assert answer.text == result["ship"]["yaml"]


def test_where_there_is_no_recipe_a_sentence_says_so(client, submit, finish, result):
    result["ship"]["yaml"] = None
    for job_id in ("nobody", submit(batch=8).id, finish(submit(), result=result).id):
        answer = client.get(f"/searches/{job_id}.yaml")
        assert answer.status_code == 404
        assert answer.json["error"]["message"] if "error" in answer.json else answer.json
