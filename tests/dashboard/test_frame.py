import json
import re

import pytest
from dash import html

from dashboard.frame import find_page, networks_offered, read_query
from dashboard.pages import Page
from engine.errors import SamplingRateMissingError


def show(workspace, *, recording="", **_):
    if recording == "known":
        raise SamplingRateMissingError("106.mat")
    if recording == "unknown":
        raise RuntimeError("inner detail")
    return html.Div(f"shows {recording}")


def register(app, workspace):
    """Nothing to connect."""


PAGES = (
    Page("first", "First", "/first", "activity", show, register, count=lambda workspace: 34),
    Page("second", "Second", "/second", "cpu", show, register),
)


@pytest.fixture
def visit(make_client):
    """Ask the frame for an address as the browser does; returns what it shows, as text."""
    client = make_client(PAGES)

    def ask(path, search=""):
        names = ["page.children", "navigation.children", "top-bar.children", "page-title.data", "problem.children"]
        outputs = [dict(zip(("id", "property"), name.split("."), strict=True)) for name in names]
        inputs = [
            {"id": "address", "property": "pathname", "value": path},
            {"id": "address", "property": "search", "value": search},
        ]
        body = {
            "output": f"..{'...'.join(names)}..",
            "outputs": outputs,
            "inputs": inputs,
            "changedPropIds": ["address.pathname"],
        }
        answer = client.post("/_dash-update-component", json=body)
        assert answer.status_code == 200
        return {name: json.dumps(value) for name, value in answer.json["response"].items()}

    return ask


def test_an_address_leads_to_its_page_with_its_selection(visit):
    shown = visit("/second", "?recording=abc")

    assert "shows abc" in shown["page"]
    assert "Second" in shown["page-title"]


def test_the_first_page_is_also_at_the_root(visit):
    assert "First" in visit("/")["page-title"]


def test_links_carry_the_selection_from_page_to_page(visit):
    navigation = visit("/first", "?recording=abc&model=wdcnn/onnx&zoom=3")["navigation"]

    assert '"/second?recording=abc&model=wdcnn/onnx"' in navigation


def test_the_navigation_marks_the_page_and_counts_what_it_holds(visit):
    navigation = visit("/first")["navigation"]

    assert len(re.findall("nav-link current", navigation)) == 1
    assert '"34"' in navigation


def test_the_foot_of_the_navigation_tells_what_computes(visit):
    import sys

    import onnxruntime

    navigation = visit("/first")["navigation"]

    assert f"ONNX Runtime {onnxruntime.__version__}" in navigation
    assert ("PyTorch loaded" if "torch" in sys.modules else "PyTorch not loaded") in navigation


def test_a_known_error_becomes_the_page(visit):
    shown = visit("/first", "?recording=known")["page"]

    assert "106.mat does not say its sampling rate" in shown
    assert "sampling-rate-missing" in shown


def test_an_unexpected_error_is_told_by_number_only(visit, caplog):
    shown = visit("/first", "?recording=unknown")["page"]
    (number,) = [record.correlation for record in caplog.records if record.levelname == "ERROR"]

    assert number in shown
    assert "inner detail" not in shown
    assert "inner detail" in caplog.text


def test_an_address_that_leads_nowhere_says_so(visit):
    assert "No page of Vibench has this address" in visit("/nope")["page"]


@pytest.mark.parametrize(
    "search", ["?workspace=x", "?recording=%00%ff", "?=&&&", "?recording=a&recording=b", "?" + "a" * 5000]
)
def test_no_query_breaks_a_page(visit, search):
    assert "shows" in visit("/first", search)["page"]


def test_a_query_is_read_with_the_last_of_two_values():
    assert read_query("?recording=a&recording=b%2Fc&model=") == {"recording": "b/c", "model": ""}


def test_a_page_is_found_with_and_without_a_slash_at_its_end():
    assert find_page(PAGES, "/second/") is PAGES[1]
    assert find_page(PAGES, "/seco") is None
    assert find_page((), "/") is None


def test_the_menu_of_networks_offers_what_is_kept_by_now(make_client, untrained_variants):
    workspace = make_client(PAGES).application.extensions["workspace"]
    workspace.variants.add(untrained_variants[0])
    before = networks_offered(workspace, None)
    workspace.variants.add(untrained_variants[1])

    assert before == [("none", "default"), ("wdcnn/pytorch", "wdcnn / pytorch")]
    assert networks_offered(workspace, None)[2:] == [("wdcnn/onnx", "wdcnn / onnx")]
