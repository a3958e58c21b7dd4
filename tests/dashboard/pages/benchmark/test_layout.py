import json
import sys
from dataclasses import replace

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.pages.benchmark import ids
from dashboard.pages.benchmark import layout as page
from dashboard.pages.benchmark.form import thread_counts
from engine.description import Description
from engine.runtimes import RUNTIMES
from optimization.measuring.measurement import FileToVerdict, LeftOut
from workspace.settings import Settings
from workspace.workspace import Workspace


def text_of(component) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def one_of(component, component_id):
    return next(one for one in component._traverse() if getattr(one, "id", None) == component_id)


def test_an_empty_page_says_what_it_is_for_and_has_one_button(workspace):
    built = page.layout(workspace)

    assert "Nothing measured yet" in text_of(built)
    assert one_of(built, ids.FORM).open is True
    assert text_of(built).count("button-primary") == 1


def test_a_workspace_without_networks_says_how_they_come(tmp_path):
    with Workspace.open(Settings(workspace=tmp_path / "bare", _env_file=None)) as bare:
        assert "No network yet" in text_of(page.layout(bare))


def test_all_variants_are_ticked_and_the_onnx_one_is_the_baseline(workspace):
    built = page.layout(workspace)

    assert one_of(built, ids.VARIANTS).value == ["wdcnn/pytorch", "wdcnn/onnx"]
    assert one_of(built, ids.BASELINE).value == "wdcnn/onnx"


def test_windows_are_of_the_selected_recording(workspace, inner_race_file):
    said = Description(bearing="6205-2RS", origin={"bearing": "confirmed"})
    row = workspace.recordings.add(inner_race_file, "inner.npz", said).row

    assert one_of(page.layout(workspace), ids.WINDOWS).value == "simulated"
    assert one_of(page.layout(workspace, recording=row.id), ids.WINDOWS).value == row.id


@pytest.mark.parametrize(("available", "offered"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])])
def test_threads_are_offered_up_to_what_the_machine_has(available, offered):
    assert thread_counts(available) == offered


def test_a_measurement_is_told_from_the_sentence_to_the_sizes(workspace, submit, finish, measured):
    job = finish(submit(), result=measured.to_json())

    built = page.layout(workspace)

    text = text_of(built)
    answer = next(one for one in built._traverse() if getattr(one, "className", "") == "sentence")
    assert [answer.children[0], answer.children[1].children] == ["Ship ", "wdcnn/int8-static"]
    assert answer.children[2] == (
        ": 4.0 times faster [3.8 to 4.2] than wdcnn/onnx, 0 of 40 verdicts flipped (at most 7.2 % in truth)."
    )
    for said in ("Control (onnx twice)", "Intel Xeon @ 2.50GHz, 2 threads", "AVX512-VNNI", "took 1 min 18 s"):
        assert said in text
    assert f"/benchmarks/{job.id}.html" in text
    assert one_of(built, ids.FORM).open is False
    assert all(one_of(built, figure).figure.data for figure in (ids.AGAINST_SIZE, ids.LATENCIES, ids.SIZES))


def test_a_variant_that_is_no_longer_kept_cannot_be_diagnosed_with(workspace, submit, finish, measured):
    finish(submit(), result=measured.to_json())
    assert "Diagnose with it" not in text_of(page.layout(workspace))

    onnx = workspace.variants.find("wdcnn/onnx")
    kept = tuple(replace(row, digest=onnx.digest) for row in measured.rows)
    finish(submit(), result=replace(measured, rows=kept).to_json())
    built = text_of(page.layout(workspace, recording="r"))
    assert "/diagnose?recording=r&model=wdcnn/int8-static" in built


def test_a_noisy_measurement_says_that_it_is_not_to_be_believed(workspace, submit, finish, noisy):
    finish(submit(), result=noisy.to_json())

    assert "Too noisy." in text_of(page.layout(workspace))
    elsewhere = text_of(page.layout(workspace, batch="32"))
    assert "Too noisy." not in elsewhere
    assert "Elsewhere the control was no tie: batch 1, 1 thread." in elsewhere


def test_the_share_of_inference_the_runtimes_and_what_was_left_out_are_told(workspace, submit, finish, measured):
    rows = tuple(replace(row, runtime="openvino") if row.variant == "onnx" else row for row in measured.rows)
    more = replace(
        measured,
        rows=rows,
        file_to_verdict=FileToVerdict(4.0, 45, 80.0, 5.0, 12.0, 3.0),
        left_out=(LeftOut("wdcnn/int8-dynamic on OpenVINO", "It has no rule for it."),),
    )
    finish(submit(), result=more.to_json())

    built = text_of(page.layout(workspace))

    assert "ONNX Runtime 1.31.1" in built
    assert "OpenVINO" in built
    assert "of 100 ms from file to verdict" in built
    assert "wdcnn/int8-dynamic on OpenVINO was left out." in built
    assert "interleaved, in 5 fresh processes" in built


def test_a_variant_to_be_shipped_on_another_runtime_is_not_diagnosed_with(workspace, submit, finish, measured):
    onnx = workspace.variants.find("wdcnn/onnx")
    kept = tuple(replace(row, digest=onnx.digest, runtime="openvino") for row in measured.rows)
    finish(submit(), result=replace(measured, rows=kept).to_json())

    assert "Diagnose with it" not in text_of(page.layout(workspace))


def test_runtimes_are_asked_for_where_there_is_a_choice(workspace, monkeypatch):
    def hidden():
        built = page.layout(workspace)
        return next(
            one.hidden for one in built._traverse() if getattr(one, "className", "") == "field" and has_runtimes(one)
        )

    def has_runtimes(field):
        return any(getattr(one, "id", None) == ids.RUNTIMES for one in field._traverse())

    assert one_of(page.layout(workspace), ids.RUNTIMES).value == ["onnxruntime", "pytorch"]
    assert hidden() is not RUNTIMES["openvino"].available()
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert hidden() is True


def test_only_what_was_measured_several_times_over_can_be_switched(workspace, submit, finish, measured):
    finish(submit(), result=measured.to_json())

    labelled = [one for one in page.layout(workspace)._traverse() if getattr(one, "className", "") == "labelled"]

    assert [one.hidden for one in labelled] == [False, True]


def test_a_measurement_that_waits_has_a_panel_and_no_worker_is_told(workspace, submit):
    submit()

    built = text_of(page.layout(workspace))

    assert "No worker is running." in built
    assert "of wdcnn: pytorch, onnx" in built
    assert "job-cancel" in built
    assert "Nothing measured yet" not in built


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ({"error": {"code": "benchmark-impossible", "message": "The process died."}}, "The process died."),
        ({"state": "cancelled"}, "was cancelled"),
    ],
)
def test_a_measurement_without_a_result_says_why_and_leads_to_its_log(workspace, submit, finish, ended, said):
    job = finish(submit(), **ended)

    built = text_of(page.layout(workspace))

    assert said in built
    assert f"/jobs?job={job.id}" in built


def test_earlier_measurements_are_listed_as_links_once_there_are_two(workspace, submit, finish, measured):
    first = finish(submit(), result=measured.to_json())
    assert one_of(page.layout(workspace), ids.EARLIER).children == []

    finish(submit(), result=measured.to_json())
    built = text_of(one_of(page.layout(workspace), ids.EARLIER))
    assert f"/benchmark?model=wdcnn/onnx&job={first.id}" in built
    assert "pytorch, onnx and int8-static; batch 1 and 32, threads 1; 64 simulated windows" in built
