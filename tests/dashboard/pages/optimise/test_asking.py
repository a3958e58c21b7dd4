import pytest

from dashboard.pages.optimise.asking import Request
from engine.errors import SearchError
from optimization.searching.question import Question

USUAL = ("wdcnn/onnx", "1", "1", "1", "", None, "2.5")


def request(*changed, recordings=None, resample=False):
    values = dict(enumerate(USUAL)) | dict(changed)
    return Request.of(*(values[place] for place in range(len(USUAL))), recordings=recordings, resample=resample)


def test_the_form_as_it_opens_asks_what_the_command_asks_by_itself():
    asked = request()

    assert asked.question == Question()
    assert asked.command() == ["vibench search wdcnn/onnx"]
    assert asked.parameters() == {
        "variant": "wdcnn/onnx",
        "question": Question().to_json(),
        "recordings": [],
        "resample": False,
    }


def test_what_is_no_default_is_said_in_the_command():
    asked = request((1, "32"), (3, " 3 % "), (4, "0.5"), (5, "0.3"), (6, "10"), recordings=["a", "b"], resample=True)

    assert asked.question.limits.flips_share == pytest.approx(0.03)
    assert asked.command() == [
        "vibench search wdcnn/onnx",
        "--batch 32",
        "--max-flips 3%",
        "--max-latency 0.5",
        "--max-size 0.3",
        "--workspace-recordings a,b",
        "--resample",
        "--minutes 10",
    ]
    assert asked.parameters()["recordings"] == ["a", "b"]


def test_recordings_of_other_rates_matter_only_with_ones_own_recordings():
    assert not request(resample=True).resample


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ((0, None), "No network was chosen"),
        ((3, "none"), "none is no share of flipped verdicts"),
        ((3, ""), "Nothing is no share of flipped verdicts"),
        ((3, "0"), "no share of verdicts"),
        ((4, "-1"), "no ratio of latency"),
        ((5, "nan"), "no ratio of size"),
        ((6, "0"), "can't take 0 minutes"),
        ((6, "long"), "long is no time"),
        ((2, "4096"), "has no 4096 threads"),
    ],
)
def test_what_can_t_be_asked_is_a_sentence(changed, message):
    with pytest.raises(SearchError, match=message):
        request(changed)


def test_no_recording_is_no_choice_of_recordings():
    with pytest.raises(SearchError, match="No recording was chosen"):
        request(recordings=[])
