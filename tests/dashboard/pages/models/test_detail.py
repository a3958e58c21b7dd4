from dataclasses import replace

from dash import html

from dashboard.pages.models import ids
from dashboard.pages.models.address import View
from dashboard.pages.models.detail import detail, trained_on
from optimization.verification import Verification

VIEW = View(recording="abc")


def card_of(variant, variants):
    proof = Verification.from_json(variant.verification) if variant.verification else None
    return detail(variant, variants, VIEW, proof)


def test_a_proven_variant_says_beside_what_and_that_it_was_calibrated_on_simulated_recordings(line, text_of):
    words = text_of(card_of(line[2], line))

    assert "equivalent to onnx: 0 of 40 verdicts flipped" in words
    assert "calibrated on 64 windows of simulated recordings" in words
    assert "Windows like onnx 99.8 %" in words
    assert "SQNR of logits 30.9 dB" in words


def test_a_variant_without_a_proof_says_so_and_a_trained_one_needs_none(line, text_of):
    assert "not proven" in text_of(card_of(line[1], line))
    assert "not proven" not in text_of(card_of(line[0], line))


def test_a_proof_beside_a_parent_that_is_gone_does_not_invent_its_name(line, text_of):
    words = text_of(card_of(line[2], line[2:]))

    assert "equivalent to its parent: 0 of 40" in words
    assert "its parent is not kept" in words
    assert "is not kept" not in text_of(card_of(line[2], line))


def test_the_actions_carry_the_selection_and_the_download_is_the_weight_file(line, all_of):
    links = {one.href for one in all_of(card_of(line[2], line)) if getattr(one, "href", None)}

    assert links == {
        "/diagnose?recording=abc&model=wdcnn/int8-static",
        "/benchmark?recording=abc&model=wdcnn/int8-static",
        f"/blobs/{line[2].digest}",
    }
    assert any(getattr(one, "id", None) == ids.REMOVE for one in all_of(card_of(line[2], line)))


def test_the_digest_is_short_and_copied_whole(line, all_of, text_of):
    buttons = [one for one in all_of(card_of(line[2], line)) if isinstance(one, html.Button)]
    (copied,) = [one for one in buttons if hasattr(one, "data-copy")]

    assert getattr(copied, "data-copy") == line[2].digest
    assert text_of(copied).strip() == line[2].digest[:8]
    assert line[2].digest in copied.title


def test_the_card_tells_what_the_network_takes_answers_and_was_tested_on(line, text_of):
    words = text_of(card_of(line[0], line))

    assert "1 channel, 12 kHz" in words
    assert "2048 samples (171 ms)" in words
    assert "no bearing fault" in words
    assert "0.50, calibrated" in words
    assert "Protocol A 17 of 18" in words


def test_training_is_told_as_far_as_the_card_tells_it(card):
    trained = replace(card, training={"recordings": ["a", "b"], "simulated_recordings": 1600})

    assert trained_on(trained) == "2 recordings of cwru (6205-2RS) and 1600 simulated ones. Elsewhere it is weak."
    assert trained_on(replace(card, rigs=(), elsewhere="")) == "recordings that its card does not name."
