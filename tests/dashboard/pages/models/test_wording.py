import pytest

from dashboard.pages.models import wording
from optimization.verification import Verification


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "100 %"), (0.99999, "99.99 %"), (0.9995, "99.95 %"), (0.998, "99.8 %"), (0.072, "7.2 %"), (0, "0 %")],
)
def test_only_all_of_something_is_a_hundred_percent(share, text):
    assert wording.percent(share) == text


@pytest.mark.parametrize(
    ("verdict", "flips", "text"),
    [
        ("equivalent", 0, "equivalent to onnx: 0 of 40 verdicts flipped"),
        ("degraded", 9, "degraded from onnx: 9 of 40 verdicts flipped"),
        ("undecided", 1, "undecided against onnx: 1 of 40 verdicts flipped"),
    ],
)
def test_a_proof_says_beside_what_and_how_many_flipped(proven, verdict, flips, text):
    proof = Verification.from_json(proven("a", "b", verdict=verdict, flips=flips))

    assert wording.proof_sentence(proof, "onnx") == text


def test_simulated_is_said_of_what_was_calibrated_and_proven_on():
    simulated = {"source": "simulated", "windows": 64, "recordings": [{}] * 64}
    own = {"source": "recordings", "windows": 1, "recordings": [{}] * 12}

    assert wording.calibration_sentence(simulated) == "calibrated on 64 windows of simulated recordings"
    assert wording.calibration_sentence(own) == "calibrated on 1 window of 12 recordings"
    assert wording.proven_on(simulated) == "64 simulated recordings"
    both = {"source": "both", "recordings": [{"name": "a.mat"}, {"name": "simulated inner"}]}
    assert wording.proven_on(both) == "1 recording and 1 simulated one"


def test_sizes_are_compared_as_people_say_it():
    assert wording.size_beside(26, 100, "onnx") == "26 % of onnx"
    assert wording.size_beside(101, 100, "onnx") == "as large as onnx"
    assert wording.size_beside(200, 100, "pytorch") == "2 times as large as pytorch"


def test_parameters_are_told_without_empty_lists():
    told = wording.values_text({"method": "minmax", "per_channel": False, "keep_fp32": [], "opset": 20})

    assert told == "method minmax, per channel no, opset 20"
