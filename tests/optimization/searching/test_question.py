import pytest

from engine.errors import SearchError
from optimization.searching.question import Limits, Question


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"batch": 0}, "0 is no number for batch"),
        ({"batch": 5000}, "5000 is no number for batch"),
        ({"threads": 10_000}, "no 10000 threads"),
        ({"minutes": 0}, "can't take 0 minutes"),
        ({"minutes": float("nan")}, "can't take nan minutes"),
        ({"seed": -1}, "-1 is no seed"),
        ({"runtimes": ("tensorrt",)}, "no runtime tensorrt"),
        ({"runtimes": ("onnxruntime", "onnxruntime")}, "names a runtime twice"),
        ({"limits": {"flips_share": 0.0}}, "no share of verdicts"),
        ({"limits": {"flips_share": 1.0}}, "no share of verdicts"),
        ({"limits": {"flips_share": 0.0005}}, "3000 recordings can't show that at most 0.05 % of verdicts flip"),
        ({"limits": {"latency_ratio": -1.0}}, "-1 is no ratio of latency"),
        ({"limits": {"size_ratio": 0}}, "0 is no ratio of size"),
    ],
)
def test_what_can_t_be_asked_is_refused_in_a_sentence(asked, told):
    with pytest.raises(SearchError, match=told):
        Question.from_json(asked)


@pytest.mark.parametrize(
    "asked",
    [{"bach": 1}, {"batch": "1"}, {"batch": True}, {"minutes": "long"}, {"limits": {"speed": 1}}, {"limits": [1]}, [1]],
)
def test_json_of_another_kind_is_refused(asked):
    with pytest.raises(SearchError, match="asks nothing of a search"):
        Question.from_json(asked)


def test_a_question_survives_json():
    question = Question(32, 1, Limits(0.02, 0.5, None), ("onnxruntime",), 1.5, 7)

    assert Question.from_json(question.to_json()) == question
    assert Question.from_json({}) == Question()


def test_only_the_runtimes_asked_for_may_execute(untrained_variants):
    _, onnx = untrained_variants

    assert Question().runtimes_of(onnx)[0] == "onnxruntime"
    assert Question(runtimes=("onnxruntime",)).runtimes_of(onnx) == ["onnxruntime"]
    assert Question(runtimes=("pytorch",)).runtimes_of(onnx) == []
