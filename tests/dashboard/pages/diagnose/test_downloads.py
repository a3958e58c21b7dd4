import csv
import io
import json

import numpy as np
import pytest

from dashboard.app import create_app
from dashboard.pages.diagnose.downloads import diagnosis_csv
from engine.cautions import Caution
from engine.diagnosis import Diagnosis, Verdict


def diagnosis_of(name: str) -> Diagnosis:
    return Diagnosis(
        recording={"name": name, "sha256": "ab", "channel": "@DE", "unit": None, "sampling_rate_hz": 12_000.0},
        model={"name": "wdcnn", "variant": "onnx", "digest": "cd"},
        verdict=Verdict("inner", 0.75, 2, 1.0),
        classes=("normal", "inner"),
        window_length=2048,
        window_hop=1024,
        start_s=np.array([0.0, 0.0853333]),
        probabilities=np.array([[0.2, 0.8], [0.3, 0.7]]),
        cautions=(Caution("upsampled", "-3 dB, says somebody"),),
        timing_ms={"total": 1.0},
    )


def test_the_table_has_a_row_a_window_below_the_facts():
    rows = list(csv.reader(io.StringIO(diagnosis_csv(diagnosis_of("105.mat")))))

    facts = {row[0].removeprefix("# "): row[1] for row in rows if row[0].startswith("#")}
    table = [row for row in rows if not row[0].startswith("#")]
    assert (facts["name"], facts["unit"], facts["verdict"]) == ("105.mat", "", "inner")
    assert table == [
        ["start_s", "class", "normal", "inner"],
        ["0.0", "inner", "0.2", "0.8"],
        ["0.085333", "inner", "0.3", "0.7"],
    ]


def test_no_text_of_a_user_begins_a_formula():
    cells = [cell for row in csv.reader(io.StringIO(diagnosis_csv(diagnosis_of("=1+1")))) for cell in row]

    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_a_name_of_several_lines_stays_in_its_cell():
    text = diagnosis_csv(diagnosis_of('a"\n=b,c'))

    assert ["# name", 'a"\n=b,c'] in list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture
def client(workspace, recording):
    from dashboard.pages import Page
    from dashboard.pages.diagnose import callbacks, layout

    page = Page("diagnose", "Diagnose", "/diagnose", "activity", layout.layout, callbacks.register)
    return create_app(workspace.settings, workspace, [page]).server.test_client()


def test_the_json_is_that_of_the_command_line_as_an_attachment(client, workspace, recording):
    expected = workspace.diagnose(recording, workspace.variants.find("wdcnn/onnx")).to_json()

    answer = client.get(f"/diagnoses/{recording}.json?model=wdcnn/onnx")

    assert json.loads(answer.data) == expected
    assert answer.headers["Content-Disposition"] == "attachment; filename=inner-npz-wdcnn-onnx.json"


def test_the_csv_is_an_attachment_too(client, recording):
    answer = client.get(f"/diagnoses/{recording}.csv")

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "# name,'=inner.npz" in answer.text


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/diagnoses/nothing.json", "recording-not-found"),
        ("/diagnoses/{recording}.json?model=wdcnn/int3", "model-not-found"),
    ],
)
def test_what_is_not_there_is_answered_in_a_sentence(client, recording, address, code):
    answer = client.get(address.format(recording=recording))

    assert (answer.status_code, answer.json["error"]["code"]) == (404, code)


def test_a_folder_of_the_server_is_no_model(client, recording, untrained_variants):
    answer = client.get(
        f"/diagnoses/{recording}.json", query_string={"model": str(untrained_variants[0].weights.parent)}
    )

    assert answer.json["error"]["code"] == "model-not-found"
