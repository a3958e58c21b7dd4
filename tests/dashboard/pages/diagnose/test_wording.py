from dataclasses import replace

import numpy as np
import pytest

from dashboard.pages.diagnose.wording import (
    compare,
    confidence_sentence,
    evidence_in_words,
    headline,
    track_record,
)
from engine.diagnosis import Diagnosis, Verdict
from engine.dsp.evidence import FaultLine


def diagnosis_of(label: str | None, probabilities: list[list[float]]) -> Diagnosis:
    rows = np.array(probabilities).reshape(-1, 4)
    return Diagnosis(
        recording={},
        model={},
        verdict=None if label is None else Verdict(label, 0.44, len(rows), 0.5),
        classes=("normal", "inner", "outer", "ball"),
        window_length=2048,
        window_hop=1024,
        start_s=np.arange(len(rows)) * 0.1,
        probabilities=rows,
        cautions=(),
        timing_ms={},
    )


def line(name: str, level_db: float, harmonic: int = 1, order: float = 5.0) -> FaultLine:
    return FaultLine(name, harmonic, order * harmonic, order * harmonic, level_db, chance_db=8.4)


INNER = [[0.0, 1.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("normal", "No bearing fault found"),
        ("inner", "Inner race fault"),
        ("ball", "Rolling element fault"),
        ("inconclusive", "Inconclusive"),
        (None, "No verdict"),
    ],
)
def test_the_verdict_is_the_headline(label, expected):
    assert headline(diagnosis_of(label, INNER)) == expected


def test_an_inconclusive_answer_says_what_comes_nearest(card):
    said = confidence_sentence(diagnosis_of("inconclusive", [[0.3, 0.44, 0.26, 0.0]]), card)

    assert said == "Nearest: inner race, confidence 0.44; a verdict needs 0.50"


def test_the_track_record_comes_from_the_card(card):
    both = {"A": {"recordings": 7, "recordings_right": 7}, "B": {"recordings": 18, "recordings_right": 6}}

    said = track_record(replace(card, evaluation={"protocols": both}))

    assert said == "7 of 7 right at other loads, 6 of 18 on bearings it had not seen"


@pytest.mark.parametrize(
    ("evaluation", "said"),
    [
        ({}, ""),
        ({"protocols": {"A": {"recordings": 18, "recordings_right": 17}}}, "17 of 18 right at other loads"),
        (
            {"protocols": {"A": {}, "B": {"recordings": 9, "recordings_right": 0}}},
            "0 of 9 right on bearings it had not seen",
        ),
        ({"protocols": {"A": {"recordings": 18}}}, ""),
    ],
)
def test_a_test_that_the_card_lacks_is_not_told(card, evaluation, said):
    assert track_record(replace(card, evaluation=evaluation)) == said


def test_the_strongest_line_leads_and_absent_ones_are_told_by_what_noise_reaches():
    lines = [line("BPFO", 3), line("BPFI", 21, order=5.41), line("BPFI", 17, 2), line("BPFI", 13, 3), line("FTF", 2)]

    said = evidence_in_words(lines)

    assert (said.headline, said.line) == ("BPFI at 5.41 orders", "BPFI")
    assert said.details == [
        "21 dB above the floor, with its 2nd and 3rd harmonics.",
        "BPFO and FTF: nothing above 8 dB, which noise alone reaches.",
    ]


def test_harmonics_without_their_first_line_are_no_evidence():
    said = evidence_in_words([line("2xBSF", 5), line("2xBSF", 30, 2)])

    assert said.line is None
    assert said.details == ["2×BSF: nothing above 8 dB, which noise alone reaches."]


def test_two_variants_that_agree():
    mine, other = diagnosis_of("inner", INNER * 3), diagnosis_of("inner", [[0.02, 0.98, 0.0, 0.0]] * 3)

    found = compare(mine, other)

    assert (found.same, found.verdict) == (True, "Same verdict")
    assert found.windows == "the same class in 3 of 3 windows; probabilities differ by at most 0.02."


def test_two_variants_that_disagree_name_both_verdicts():
    other = diagnosis_of("outer", [[0.0, 0.0, 1.0, 0.0], *INNER])

    found = compare(diagnosis_of("inner", INNER * 2), other)

    assert not found.same
    assert found.verdict == "The verdict flips, from inner race fault to outer race fault"
    assert found.windows.startswith("the same class in 1 of 2 windows")


def test_two_variants_that_judged_different_windows_are_compared_by_verdict_alone():
    found = compare(diagnosis_of("inner", INNER), diagnosis_of("inner", INNER * 2))

    assert (found.verdict, found.windows) == ("Same verdict", "the two judged different windows.")
