"""What a proof rests on, in words."""

from dataclasses import replace

import pytest

from optimization.proving import wording as told
from optimization.proving.comparison import MarginShift, RecordingComparison, WindowComparison
from optimization.proving.labelled import Accuracy, LabelComparison
from optimization.proving.specimens import Specimens
from optimization.verification import LIMITS, Verification


@pytest.fixture
def proof():
    recall = {"inner": Accuracy(6, 6, 5), "ball": Accuracy(2, 1, 1)}
    return Verification(
        verdict="undecided",
        reasons=(),
        variant="ab" * 32,
        parent="cd" * 32,
        windows=WindowComparison(80, 0.9875, 31.2, 0.94, 0.99),
        recordings=RecordingComparison(8, 1, 0.4707, {"inner": {"ball": 1}}, MarginShift(0.31, 0.94, -0.001, -0.02)),
        limits=LIMITS,
        recording_set={
            "source": "recordings",
            "recordings": [{"name": "a", "label": "inner"}, {"name": "b", "label": None}],
            "apart": {"by": "specimen", "told": "Apart by specimen.", "trained_on": ["a.mat", "b.mat"]},
        },
        runtime={"instruction_sets": "avx2 f16c", "name": "openvino", "version": "2026.4.1"},
        labels=LabelComparison("recordings", Accuracy(8, 7, 6), recall, 1, 0, 1.0, ("cage",)),
        specimens=Specimens(4, 0, 1),
    )


def test_tables_of_flips_and_of_labels_hold_every_count(proof):
    assert told.flip_rows(proof) == [["inner", "ball", "1"]]
    assert told.label_rows(proof) == [
        ["inner", "6", "6 (100.0 %)", "5 (83.3 %)"],
        ["ball", "2", "1 (50.0 %)", "1 (50.0 %)"],
        ["all", "8", "7 (87.5 %)", "6 (75.0 %)"],
    ]
    assert told.label_rows(replace(proof, labels=None)) == []


def test_labels_are_told_with_what_they_leave_out(proof):
    compared, left_out = told.labels_told(proof)

    assert compared == (
        "Of 8 measured recordings of known condition, the parent alone has 1 right, the variant alone 0 "
        "(McNemar's p = 1)."
    )
    assert left_out == "Conditions that the network has no class for are left out: cage."
    assert "nothing is known" in told.labels_told(replace(proof, labels=None))[0]


def test_what_was_compared_on_is_told_with_what_keeps_it_apart(proof):
    counted, apart, trained = told.compared_told(proof)

    assert counted == "Compared on 8 recordings (1 inner, 1 unlabelled), 80 windows."
    assert apart == "Apart by specimen."
    assert trained == (
        "2 of them are called as ones that the network was trained on (a.mat first): how right it is of these says "
        "little."
    )
    both = replace(proof, recording_set={"source": "both", "seed": 1, "recordings": []})
    assert told.compared_told(both) == ["Compared on 8 own and simulated recordings, seed 1, 80 windows."]


def test_margins_budget_and_machine_are_told(proof):
    (margins,) = told.margins_told(proof)

    assert margins == (
        "Margin between the first and the second class: 0.31 at least before, the variant's is -0.001 on average, "
        "-0.02 at worst. Largest logit change 0.94, smallest cosine 0.9900."
    )
    assert told.limits_told(proof).startswith("Budget: 10 % of the verdicts may flip, 98 % of the windows must agree")
    assert told.runtime_told(proof) == "Holds for OpenVINO 2026.4.1 on a processor with avx2 f16c."


@pytest.mark.parametrize(
    ("specimens", "sentence"),
    [
        (Specimens(4, 0, 1), "4 specimens are too few for intervals by specimen, which take 10: plain counts, 1 with"),
        (Specimens(1, 0, 0), "1 specimen is too few"),
        (Specimens(20, 2, 0), "2 recordings do not say of which specimen, so there are no intervals by specimen"),
        (Specimens(20, 1, 0), "1 recording does not say"),
        (Specimens(20, 0, 0, {"sqnr_db": (29.9, 31.0)}), "20 specimens, 0 with a flip; 95 % by specimen: SQNR 29.9 to"),
        (Specimens(20, 0, 0, {"top1_agreement": (0.98, 1.0)}), "windows that agree 98.0 to 100.0 %."),
    ],
)
def test_specimens_are_told_with_intervals_or_with_why_there_are_none(specimens, sentence):
    assert sentence in told.specimens_told(specimens)[0]
    assert told.specimens_told(None) == []
