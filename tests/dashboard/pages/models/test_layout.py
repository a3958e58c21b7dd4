from dataclasses import replace

import pytest

from dashboard.pages.models import ids
from dashboard.pages.models.address import View
from dashboard.pages.models.layout import count_of, layout
from workspace.settings import Settings
from workspace.workspace import Workspace


def shown_name(all_of, page):
    (store,) = [one for one in all_of(page) if getattr(one, "id", None) == ids.SHOWN]
    return store.data


@pytest.mark.parametrize(
    ("model", "shown"), [("", "wdcnn/onnx"), ("wdcnn", "wdcnn/onnx"), ("wdcnn/pytorch", "wdcnn/pytorch")]
)
def test_an_address_shows_the_variant_it_names(workspace, all_of, model, shown):
    assert shown_name(all_of, layout(workspace, model=model)) == shown


def test_a_network_without_an_onnx_form_shows_what_it_has(workspace, all_of):
    workspace.variants.remove("wdcnn/onnx")

    assert shown_name(all_of, layout(workspace)) == "wdcnn/pytorch"


def test_a_variant_that_is_not_here_says_so_beside_the_tree(workspace, text_of):
    words = text_of(layout(workspace, model="wdcnn/gone"))

    assert "This variant is not here" in words
    assert "Networks and variants" in words


def test_a_workspace_without_networks_says_how_they_come(tmp_path, text_of):
    with Workspace.open(Settings(workspace=tmp_path / "empty", _env_file=None)) as empty:
        assert "No network yet" in text_of(layout(empty))
        assert count_of(empty) == 0


def test_the_navigation_counts_networks_and_not_variants(workspace):
    assert count_of(workspace) == 1


def test_a_job_that_waits_is_shown_again_wherever_its_network_is(workspace, text_of):
    asked = {"variant": "wdcnn/onnx", "recipe": [{"pass": "convert_fp16", "parameters": {}}]}
    workspace.jobs.submit("optimize", asked)

    for model in ("wdcnn/onnx", "wdcnn/pytorch"):
        words = text_of(layout(workspace, model=model))
        assert "fp16 waiting" in words  # in the tree
        assert "Cancel" in words
        assert "No worker is running." in words


def test_a_job_that_was_cancelled_is_told_where_the_address_names_it(workspace, text_of):
    asked = {"variant": "wdcnn/onnx", "recipe": [{"pass": "convert_fp16", "parameters": {}}], "name": "mine"}
    job = workspace.jobs.submit("optimize", asked).job
    workspace.jobs.cancel(job.id)

    assert "It was cancelled" in text_of(layout(workspace, model="wdcnn/onnx", job=job.id))
    assert "It was cancelled" not in text_of(layout(workspace, model="wdcnn/onnx"))


@pytest.mark.parametrize("query", [{"job": "gone"}, {"pass": "nonsense"}, {"unheard": "of"}])
def test_an_address_may_hold_anything(workspace, all_of, query):
    assert shown_name(all_of, layout(workspace, **query)) == "wdcnn/onnx"


def test_an_address_says_what_was_chosen_and_reads_it_back():
    view = View("wdcnn/int8-static", "quantize_static", "abc", "r 1")

    assert view.address() == "/models?model=wdcnn/int8-static&pass=quantize_static&job=abc&recording=r+1"
    assert View.of_address(view.query()) == view
    assert view.showing("wdcnn/onnx") == replace(view, model="wdcnn/onnx", pass_name="", job="")
    assert View().address() == "/models"
