import pytest

from dashboard.pages.optimise.found import Answer, Selection, find, searchable
from engine.errors import JobNotFoundError, ModelNotFoundError


def test_an_address_is_written_as_it_is_read():
    selection = Selection.of({"model": "wdcnn/onnx", "job": "abc", "against": "error", "other": "x"})

    assert selection.address == "/optimise?model=wdcnn/onnx&job=abc&against=error"
    assert selection.axis == "error"
    assert Selection.of({"against": "nonsense"}).axis == "size"


def test_a_search_starts_from_float32_as_onnx(workspace):
    assert [variant.full_name for variant in searchable(workspace)] == ["wdcnn/onnx"]
    for model in ("", "wdcnn", "wdcnn/pytorch", "wdcnn/onnx"):
        assert find(workspace, Selection(model)).selection.model == "wdcnn/onnx"


@pytest.mark.parametrize(
    ("asked", "error"), [(Selection("x"), ModelNotFoundError), (Selection(job="x"), JobNotFoundError)]
)
def test_what_is_not_there_can_t_be_shown(workspace, asked, error):
    with pytest.raises(error):
        find(workspace, asked)


def test_a_job_that_is_no_search_can_t_be_shown(workspace):
    job = workspace.jobs.submit("benchmark", {"variants": ["wdcnn/onnx"]}).job

    with pytest.raises(JobNotFoundError):
        find(workspace, Selection(job=job.id))


def test_the_newest_answer_is_shown_unless_another_is_named(workspace, submit, finish, result):
    first = finish(submit(), result=result)
    second = finish(submit(batch=8), result=result)
    waiting = submit(batch=32)

    found = find(workspace, Selection())
    assert found.shown.job.id == second.id
    assert [job.id for job in found.live] == [waiting.id]
    assert find(workspace, Selection(job=first.id)).shown.job.id == first.id
    assert find(workspace, Selection(job=waiting.id)).shown.job.id == second.id


def test_a_failure_is_told_until_something_newer_runs(workspace, submit, finish):
    failed = finish(submit(), error={"code": "x", "message": "No."})
    assert find(workspace, Selection()).lost.id == failed.id

    submit(batch=8)
    assert find(workspace, Selection()).lost is None


def test_a_result_is_read_as_it_was_found(submit, finish, result):
    answer = Answer.of(finish(submit(), result=result))

    assert (answer.network, answer.ship.name, answer.question.limits.size_ratio) == ("wdcnn/onnx", "int8-static", 0.8)
    assert [one.number for one in answer.front] == [2, 3]
    assert answer.ship is answer.front[0]


@pytest.mark.parametrize("broken", ["schema", "candidates", "ship", "question", "front"])
def test_a_result_of_another_vibench_is_no_answer(submit, finish, result, broken):
    assert Answer.of(finish(submit(), result={**result, broken: ["nonsense"]})) is None
    assert Answer.of(submit(batch=8)) is None
