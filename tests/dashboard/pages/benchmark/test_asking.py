import pytest

from dashboard.pages.benchmark.asking import Request, least_seconds, parameters_again
from engine.errors import BenchmarkError
from vibench.main import build_parser

BOTH = ["wdcnn/onnx", "wdcnn/int8-static"]


def asked(variants=BOTH, batches=("1",), threads=("1",), baseline="wdcnn/onnx", rounds="200", recording="simulated"):
    return Request.of(variants, batches, threads, baseline, rounds, recording)


def test_the_form_becomes_the_parameters_of_a_job():
    request = asked(batches=["32", "1"], threads=["2"], rounds=" 60 ", recording="abc")

    assert request.parameters() == {
        "variants": BOTH,
        "batches": [1, 32],
        "threads": [2],
        "rounds": 60,
        "baseline": "wdcnn/onnx",
        "runtimes": [],
        "processes": 5,
        "recording": "abc",
    }


def test_runtimes_are_asked_for_only_where_they_are_not_the_usual_ones():
    usual = Request.of(BOTH, ["1"], ["1"], "wdcnn/onnx", "200", None, ["onnxruntime", "pytorch"])
    both = Request.of(BOTH, ["1"], ["1"], "wdcnn/onnx", "200", None, ["onnxruntime", "openvino"])

    assert usual.parameters()["runtimes"] == []
    assert both.parameters()["runtimes"] == ["onnxruntime", "openvino"]
    assert "--runtime onnxruntime,openvino" in both.command()
    with pytest.raises(BenchmarkError, match="No runtime was chosen"):
        Request.of(BOTH, ["1"], ["1"], "wdcnn/onnx", "200", None, [])


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"variants": []}, "choose at least one variant"),
        ({"variants": None}, "choose at least one variant"),
        ({"batches": []}, "No batch size was chosen"),
        ({"threads": []}, "No number of threads was chosen"),
        ({"baseline": "wdcnn/fp16"}, "The baseline is not among the chosen variants"),
        ({"rounds": "many"}, "many is no number of rounds"),
        ({"rounds": ""}, "Nothing is no number of rounds"),
        ({"rounds": "3"}, "3 rounds can't be measured"),
        ({"rounds": "9" * 40}, "rounds can't be measured"),
    ],
)
def test_what_cannot_be_measured_is_a_sentence(answers, said):
    with pytest.raises(BenchmarkError) as raised:
        asked(**answers)

    assert said in str(raised.value)


def test_the_command_asks_for_the_same_and_names_only_what_is_not_usual():
    assert " ".join(asked().command()) == "vibench benchmark wdcnn/onnx wdcnn/int8-static --baseline wdcnn/onnx"


def test_the_command_is_one_that_the_command_line_takes():
    command = asked(batches=["1", "32"], threads=["1", "2"], rounds="60", recording="abc").command()

    parsed = build_parser().parse_args(" ".join(command).split()[1:])
    assert parsed.variants == BOTH
    assert (parsed.batch, parsed.threads, parsed.rounds, parsed.baseline) == ((1, 32), (1, 2), 60, "wdcnn/onnx")
    assert parsed.recording == "abc"


def test_names_that_a_shell_would_read_otherwise_are_quoted():
    request = asked(variants=["wdcnn/a b;c"], baseline="wdcnn/a b;c")

    assert request.command() == ["vibench benchmark", "'wdcnn/a b;c'", "--baseline 'wdcnn/a b;c'"]


def test_a_measurement_takes_at_least_a_slot_a_round_for_each_variant_and_the_control():
    assert least_seconds(asked(), []) == pytest.approx(3 * (5 * 0.3 + 200 * 0.010))
    assert least_seconds(asked(batches=["1", "32"], threads=["1", "2"]), []) == pytest.approx(4 * 3 * 3.5)


def test_calls_that_were_measured_to_be_longer_than_a_slot_are_counted_as_such(measured):
    # The earlier measurement found 40 ms for ONNX, which runs twice, and 10 ms for INT8.
    assert least_seconds(asked(), [measured]) == pytest.approx(2 * (1.5 + 200 * 0.040) + (1.5 + 200 * 0.010))


def test_measuring_again_takes_the_variants_as_they_are_by_then():
    assert parameters_again({"variants": ["a/b"], "digests": ["0" * 64], "rounds": 10}) == {
        "variants": ["a/b"],
        "rounds": 10,
    }
