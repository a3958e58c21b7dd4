from dataclasses import replace

import pytest

from dashboard.components.jobs import STALE
from dashboard.pages.models.history import NOT_TOLD, changes_text, how_made, proof_card, runtime_text
from optimization.proving.labelled import Accuracy, LabelComparison
from optimization.verification import Verification

REPORT = {
    "seconds": 1.26,
    "changed": {
        "nodes": {"Conv": [5, 0], "QuantizeLinear": [0, 14], "Relu": [6, 0], "Gemm": [2, 1]},
        "weights": [54_000, 54_100],
        "size_bytes": [4_000_000, 1_000_000],
    },
}


def test_steps_tell_what_they_were_run_with_and_what_they_changed(line, text_of):
    exported, quantised = line[2].steps
    words = text_of(how_made(replace(line[2], steps=(exported, {**quantised, **REPORT}))))

    assert "Static INT8 scheme U8S8, activations asymmetric, per channel yes, method minmax" in words
    assert "QuantizeLinear 0 to 14, Relu 6 to 0, Conv 5 to 0, 1 more operator 1.00 1.3" in words


def test_what_nobody_wrote_down_is_not_made_up(line, text_of, json_of):
    shown = how_made(line[2])

    assert "opset 20 not told" in text_of(shown)
    assert NOT_TOLD in json_of(shown)


def test_what_a_step_says_of_itself_stands_below_the_table(line, text_of):
    noted = {**line[2].steps[1], "notes": ["3 nodes stay in float32"]}

    assert "Static INT8: 3 nodes stay in float32." in text_of(how_made(replace(line[2], steps=(noted,))))


def test_how_right_both_are_where_the_truth_is_known_is_told(proven, text_of):
    labels = LabelComparison(
        of="simulated",
        accuracy=Accuracy(40, 36, 35),
        recall={"normal": Accuracy(10, 10, 10), "inner": Accuracy(30, 26, 25)},
        only_parent_right=2,
        only_variant_right=1,
        mcnemar_p=1.0,
        unknown_labels=("cage",),
    )
    words = text_of(proof_card(Verification.from_json(proven("a", "b", labels=labels)), "onnx"))

    assert "no bearing fault 10 10 (100 %) 10 (100 %)" in words
    assert "All 40 36 (90.0 %) 35 (87.5 %)" in words
    assert (
        "Of 40 simulated recordings of known condition, onnx alone answers 2 right, this one alone 1; p = 1." in words
    )
    assert "Left out: cage." in words


def test_what_keeps_the_recordings_apart_is_told_where_the_proof_says_it(proven, text_of):
    told = {"by": "specimen", "told": "Nothing was calibrated on, or learned from."}
    recordings = {"source": "simulated", "recordings": [], "apart": told}

    assert told["told"] in text_of(proof_card(Verification.from_json(proven("a", "b", recording_set=recordings)), "b"))
    nonsense = {**recordings, "apart": ["nonsense"]}
    assert "nonsense" not in text_of(proof_card(Verification.from_json(proven("a", "b", recording_set=nonsense)), "b"))


@pytest.mark.parametrize(
    ("runtime", "text"),
    [
        (
            {"instruction_sets": "avx2", "name": "onnxruntime", "version": "1.31.1"},
            "ONNX Runtime 1.31.1 on a processor",
        ),
        ({"instruction_sets": "avx2", "onnxruntime": "1.30.0"}, "ONNX Runtime 1.30.0 on a processor with avx2"),
        ({"instruction_sets": "", "name": "other", "version": "2"}, "other 2 on a processor with no known instruction"),
        ({}, "nobody says"),
    ],
)
def test_what_a_proof_was_made_with_is_told_in_whatever_form_it_was_written(runtime, text):
    assert runtime_text(runtime).startswith(text)


def test_a_trained_network_has_no_steps(line):
    assert how_made(line[0]) is None


def test_a_step_of_a_pass_that_nobody_knows_is_told_by_its_name(make_variant, text_of):
    odd = make_variant("odd", steps=({"pass": "someone_elses", "parameters": {}},))

    assert "someone_elses no parameters" in text_of(how_made(odd))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, ""),
        ({"nodes": {}, "weights": [10_000, 5_000]}, "10\u202f000 weights to 5000"),
        ({"nodes": {}, "weights": [10, 10]}, "weights only"),
    ],
)
def test_changes_without_a_graph_are_told_by_their_numbers(changed, text):
    assert changes_text(changed) == text


def test_a_proof_tells_its_numbers_its_bound_and_what_it_rests_on(line, text_of):
    words = text_of(proof_card(Verification.from_json(line[2].verification), "onnx"))

    for part in (
        "0 of 40 flipped at most 7.2 % in truth",
        "99.8 % of 400",
        "30.9 dB",
        "0.94",
        "40 simulated recordings",
    ):
        assert part in words
    assert STALE not in words


def test_a_proof_made_elsewhere_says_so(proven, text_of):
    elsewhere = Verification.from_json(proven("a", "b", runtime={"instruction_sets": "none", "onnxruntime": "1.0"}))

    words = text_of(proof_card(elsewhere, "onnx"))

    assert STALE in words
    assert "ONNX Runtime 1.0 on a processor with none" in words


def test_flips_are_told_by_their_classes(proven, text_of):
    proof = Verification.from_json(proven("a", "b", flips=2, verdict="undecided"))

    assert "Inner race became outer race 2 times." in text_of(proof_card(proof, "onnx"))
