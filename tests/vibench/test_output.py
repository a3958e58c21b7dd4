import json

from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SamplingRateMissingError
from vibench.output import one_line, print_known_error, print_table


@given(st.text())
def test_one_line_has_no_control_characters(text):
    line = one_line(text)

    assert line.isprintable()
    assert line.split() == line.split(" ") if line else True


def test_an_error_in_json_names_its_recording_code_and_sentence(capsys):
    print_known_error(SamplingRateMissingError("a.mat"), as_json=True, recording="a.mat")

    assert json.loads(capsys.readouterr().out) == {
        "schema": "vibench.error/1",
        "recording": {"name": "a.mat"},
        "error": {
            "code": "sampling-rate-missing",
            "message": str(SamplingRateMissingError("a.mat")),
        },
    }


def test_numbers_of_a_table_end_together(capsys):
    print_table(("name", "kB"), [("wdcnn/onnx", "9"), ("resnet", "1200")])

    assert capsys.readouterr().out.splitlines() == ["name          kB", "wdcnn/onnx     9", "resnet      1200"]
