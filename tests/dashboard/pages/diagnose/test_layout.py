import json

import numpy as np
import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.pages.diagnose import layout as page
from dashboard.pages.diagnose import verdict
from dashboard.pages.diagnose.examination import Selection, examine
from engine.errors import ModelNotFoundError, RecordingNotFoundError, TooShortError
from workspace.settings import Settings
from workspace.workspace import Workspace


def text_of(component) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder)


def ids_of(component) -> set[str]:
    return {one.id for one in component._traverse() if getattr(one, "id", None)}


@pytest.fixture
def bare_recording(workspace, tmp_path) -> str:
    path = tmp_path / "noise.npy"
    np.save(path, np.random.default_rng(0).standard_normal(20_000).astype(np.float32))
    return workspace.recordings.add(path, path.name).row.id


def test_an_empty_workspace_leads_to_the_recordings(workspace):
    built = text_of(page.layout(workspace))

    assert "No recording yet" in built
    assert "/recordings" in built


def test_without_a_choice_the_ready_recordings_are_offered(workspace, recording):
    built = text_of(page.layout(workspace))

    assert f"/diagnose?recording={recording}" in built
    assert "=inner.npz" in built


def test_a_recording_without_a_rate_leads_to_its_form(workspace, bare_recording):
    built = text_of(page.layout(workspace, recording=bare_recording))

    assert "Still missing: its sampling rate." in built
    assert f"/recordings?recording={bare_recording}" in built


def test_none_ready_says_so(workspace, bare_recording):
    assert "None is ready" in text_of(page.layout(workspace))


def test_a_workspace_without_networks_says_how_they_come(tmp_path, inner_race_file):
    with Workspace.open(Settings(workspace=tmp_path / "workspace", _env_file=None)) as workspace:
        added = workspace.recordings.add(inner_race_file, "inner.npz")

        assert "No network yet" in text_of(page.layout(workspace, recording=added.row.id))


@pytest.mark.parametrize(
    ("query", "error"),
    [({"recording": "gone"}, RecordingNotFoundError), ({"model": "wdcnn/int3"}, ModelNotFoundError)],
)
def test_an_address_that_names_what_is_not_there_is_a_known_error(workspace, recording, query, error):
    with pytest.raises(error):
        page.layout(workspace, **{"recording": recording, **query})


def test_the_page_waits_with_the_selection_resolved(workspace, recording):
    built = page.layout(workspace, recording=recording, against="wdcnn/pytorch")

    (store,) = (one for one in built._traverse() if getattr(one, "id", None) == page.SELECTION)
    assert store.data == {"recording": recording, "model": "wdcnn/onnx", "against": "wdcnn/pytorch"}


def test_a_result_has_every_part_of_the_page(workspace, recording):
    found = examine(workspace, Selection(recording, "wdcnn/onnx", "wdcnn/pytorch"))

    built = page.html.Div(page.result(found))

    parts = {page.WAVEFORM, page.ENVELOPE, page.SPECTRUM, verdict.BACKEND, verdict.AGAINST, verdict.AGREEMENT}
    assert parts <= ids_of(built)
    text = text_of(built)
    assert found.variant.digest[:8] in text
    assert "not validated on this machine" in text
    assert "5.1 revolutions" in text
    assert "FP16 and INT8 not made yet" in text
    assert "/models?model=wdcnn/onnx&pass=quantize_static" in text
    assert "ONNX says" in text
    assert "PyTorch says" in text
    assert "Same verdict" in text
    assert "the same class in 45 of 45 windows" in text


def test_a_variant_to_compare_with_that_was_removed_is_told_in_a_sentence_beside_the_verdict(workspace, recording):
    built = text_of(page.html.Div(page.result(examine(workspace, Selection(recording, "wdcnn/onnx", "wdcnn/int8")))))

    assert "wdcnn/int8 can't be compared: it was removed, or is no variant of wdcnn." in built
    assert "The network says" in built


def test_a_variant_that_was_removed_meanwhile_leads_to_the_default_one():
    built = text_of(page.failure(ModelNotFoundError("wdcnn/int8", ["wdcnn/onnx"]), Selection("r", "wdcnn/int8")))

    assert "There is no network or variant wdcnn/int8" in built
    assert "/diagnose?recording=r" in built


def test_a_failure_is_a_sentence_with_the_next_step():
    built = text_of(page.failure(TooShortError("a.wav", 0.1, 0.17), Selection("r", "wdcnn/onnx")))

    assert "a.wav lasts 0.1 s" in built
    assert "too-short" in built
    assert "/recordings?recording=r" in built


def test_whoever_came_with_a_network_keeps_it_when_a_recording_is_chosen(workspace, recording):
    built = page.layout(workspace, model="wdcnn/onnx")

    assert f"/diagnose?recording={recording}&model=wdcnn/onnx" in text_of(built)
