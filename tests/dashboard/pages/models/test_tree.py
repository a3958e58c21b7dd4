from dash import dcc, html

from dashboard.pages.models.address import View
from dashboard.pages.models.following import Making
from dashboard.pages.models.lineage import families
from dashboard.pages.models.tree import NOT_KEPT, tree
from workspace.jobs.job import JobProgress

VIEW = View(recording="abc")


def links_of(all_of, shown):
    return {one.children: one.href for one in all_of(shown) if isinstance(one, dcc.Link)}


def test_every_variant_is_a_link_that_carries_the_recording_along(line, all_of):
    links = links_of(all_of, tree(families(line), "wdcnn/onnx", VIEW, []))

    assert links == {name: f"/models?model=wdcnn/{name}&recording=abc" for name in ("pytorch", "onnx", "int8-static")}


def test_the_chosen_one_is_marked_for_everybody(line, all_of):
    shown = all_of(tree(families(line), "wdcnn/onnx", VIEW, []))
    (chosen,) = [one for one in shown if getattr(one, "aria-current", None)]

    assert chosen.children[0].children == "onnx"
    assert "chosen" in chosen.className


def test_rows_tell_proof_and_size(line, text_of):
    words = text_of(tree(families(line), "", VIEW, []))

    assert "trained 2.00" in words
    assert "onnx not proven 4.00" in words
    assert "equivalent 1.00" in words


def test_sizes_are_told_in_the_unit_of_their_network(line, make_variant, text_of):
    small = make_variant("pytorch", backend="pytorch", size=74_060)

    assert "MB pytorch trained 2.00" in text_of(tree(families(line), "", VIEW, []))
    assert "kB pytorch trained 74.1" in text_of(tree(families([small]), "", VIEW, []))


def test_a_variant_whose_parent_is_gone_says_so(line, json_of):
    assert NOT_KEPT in json_of(tree(families([line[0], line[2]]), "", VIEW, []))
    assert NOT_KEPT not in json_of(tree(families(line), "", VIEW, []))


def test_what_is_being_made_hangs_where_it_will_be(line, make_job, all_of, text_of):
    job = make_job(progress=JobProgress("Calibrating", 32, 64))
    shown = tree(families(line), "", VIEW, [Making("int8-static", "wdcnn/onnx", job)])

    rows = [one for one in all_of(shown) if isinstance(one, html.Li) and "being-made" in str(one)]
    assert "int8-static running 50 %" in text_of(rows[-1])
    assert links_of(all_of, rows[-1]) == {"int8-static": "/models?model=wdcnn/onnx&job=abc123&recording=abc"}


def test_names_are_text(make_variant, json_of):
    odd = make_variant("<b>x</b>")

    assert "dangerously" not in json_of(tree(families([odd]), "", VIEW, []))
