import pytest

from dashboard.pages.benchmark.found import Selection, find
from engine.errors import JobNotFoundError, ModelNotFoundError


def test_without_a_name_the_default_networks_measurements_are_shown(workspace):
    found = find(workspace, Selection(""))

    assert found.selection.model == "wdcnn/onnx"
    assert [variant.name for variant in found.variants] == ["pytorch", "onnx"]
    assert (found.shown, found.live, found.lost) == (None, [], None)


def test_the_newest_measurement_is_shown_unless_one_is_named(workspace, submit, finish, measured):
    older = finish(submit(), result=measured.to_json())
    newer = finish(submit(), result=measured.to_json())

    assert find(workspace, Selection("")).shown == (newer, measured)
    assert find(workspace, Selection("", job=older.id)).shown == (older, measured)
    assert [job.id for job, _ in find(workspace, Selection("")).past] == [newer.id, older.id]


def test_a_job_alone_names_its_network(workspace, submit):
    job = submit()

    found = find(workspace, Selection.of({"job": job.id}))

    assert found.selection.network == "wdcnn"
    assert found.live == [job]


def test_a_measurement_that_failed_is_told_until_another_one_follows(workspace, submit, finish, measured):
    failed = finish(submit(), error={"code": "benchmark-impossible", "message": "It died."})
    assert find(workspace, Selection("")).lost == failed

    finish(submit(), result=measured.to_json())
    assert find(workspace, Selection("")).lost is None


def test_a_measurement_that_failed_is_not_told_beside_one_under_way_unless_it_is_named(workspace, submit, finish):
    failed = finish(submit(), error={"code": "benchmark-impossible", "message": "It died."})
    submit()

    assert find(workspace, Selection("")).lost is None
    assert find(workspace, Selection("", job=failed.id)).lost == failed


def test_a_result_that_cannot_be_read_is_left_out(workspace, submit, finish):
    finish(submit(), result={"schema": "vibench.benchmark/0"})

    assert find(workspace, Selection("")).past == []


@pytest.mark.parametrize(
    ("selection", "error"),
    [(Selection("wdcnn/int3"), ModelNotFoundError), (Selection("", job="gone"), JobNotFoundError)],
)
def test_what_is_not_there_is_a_known_error(workspace, selection, error):
    with pytest.raises(error):
        find(workspace, selection)


@pytest.mark.parametrize(
    ("batch", "threads", "shape"), [("", "", (1, 1)), ("32", "", (32, 1)), ("32", "1", (32, 1)), ("7", "x", (1, 1))]
)
def test_the_shape_that_is_shown_was_measured_whatever_the_address_says(
    workspace, submit, finish, measured, batch, threads, shape
):
    finish(submit(), result=measured.to_json())

    assert find(workspace, Selection("", batch=batch, threads=threads)).shape == shape


def test_an_address_keeps_the_selection_and_nothing_empty():
    selection = Selection("wdcnn/onnx", job="abc", batch="32")

    assert selection.address == "/benchmark?model=wdcnn/onnx&job=abc&batch=32"
    assert Selection.of({"model": "wdcnn/onnx", "job": None, "batch": 5}) == Selection("wdcnn/onnx", batch="5")
