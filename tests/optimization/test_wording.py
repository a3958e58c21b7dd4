from dataclasses import replace

import pytest

from optimization.passes import PASSES, Changes
from optimization.proving.comparison import RecordingComparison, WindowComparison
from optimization.recipe import Recipe, StepReport
from optimization.verification import Verification
from optimization.wording import calibration_told, notes_told, proof_told, repeated_told, step_told


@pytest.fixture
def proof():
    return Verification(
        verdict="undecided",
        reasons=(),
        variant="ab" * 32,
        parent="cd" * 32,
        windows=WindowComparison(400, 0.9975, 31.234, 0.936, 0.99),
        recordings=RecordingComparison(41, 1, 0.1285, {"ball": {"inner": 1}}),
        limits={},
        recording_set={"source": "both"},
        runtime={},
    )


def test_a_step_is_told_by_size_and_by_the_operators_that_changed_most():
    nodes = {"Relu": (6, 0), "DequantizeLinear": (0, 28), "QuantizeLinear": (0, 14), "Mul": (0, 1), "Add": (2, 1)}
    report = StepReport(
        {"pass": "quantize_static", "parameters": {}}, 1.44, Changes(nodes, (1, 1), (219_582, 73_887)), None
    )

    assert step_told(report) == (
        "Static INT8: 220 to 74 kB, DequantizeLinear 0 to 28, QuantizeLinear 0 to 14, Relu 6 to 0, Mul 0 to 1, "
        "1 more operator, in 1.4 s"
    )


def test_notes_are_told_with_the_pass_that_made_them():
    step = {"pass": "convert_fp16", "parameters": {}, "notes": ["It is small.", "It is not fast."]}

    assert notes_told(step) == ["FP16: It is small.", "FP16: It is not fast."]
    assert notes_told({"pass": "of another version", "parameters": {}}) == []


def test_a_proof_is_told_with_all_that_it_counted(proof):
    assert proof_told(proof) == (
        "undecided: 99.75 % of 400 windows agree, SQNR 31.2 dB, largest error 0.94; 1 of 41 own and simulated "
        "recordings change their verdict, at most 12.8 % in truth"
    )


def test_a_proof_without_any_difference_says_so(proof):
    same = replace(proof, windows=WindowComparison(10, 1.0, None, 0.0, 1.0), recording_set={"source": "simulated"})

    assert "100.00 % of 10 windows agree, no difference, largest error 0; 1 of 41 simulated recordings" in proof_told(
        same
    )


def test_calibration_is_told_by_its_source():
    recordings = [{"name": "a", "label": "inner"}, {"name": "b", "label": None}, {"name": "c", "label": "inner"}]

    assert calibration_told({"source": "simulated", "windows": 64}) == "64 simulated windows"
    assert calibration_told({"source": "recordings", "windows": 8, "recordings": recordings}) == (
        "8 windows of 3 recordings (2 inner, 1 unlabelled)"
    )
    noise = {"source": "recordings", "windows": 8, "recordings": recordings, "noise": True}
    assert calibration_told(noise).endswith(" unlabelled), random noise among them")
    assert calibration_told(noise | {"near_boundary": 2}).endswith(
        "noise among them; 2 of the windows are the nearest to the decision boundary"
    )


def test_a_recipe_says_whether_it_gives_the_same_file_again():
    class Drawn(PASSES["fuse"]):
        name = "drawn"
        deterministic = False

    plain, trained, drawn = (Recipe((made_by,)) for made_by in (PASSES["fuse"](), PASSES["fine_tune"](), Drawn()))

    assert repeated_told(plain) == "Made again on this machine, it is the same file, byte for byte."
    assert repeated_told(trained).endswith("on another processor, training may come to other weights.")
    assert repeated_told(drawn) == "Made again, it may be another file: drawn need not give the same bytes twice."
    assert (plain.deterministic, trained.deterministic, drawn.deterministic) == (True, True, False)
