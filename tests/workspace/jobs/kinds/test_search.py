import pytest

from engine.errors import CalibrationError, ModelNotFoundError, RecordingNotFoundError, SearchError
from optimization import search as searching
from optimization.searching import deciding, exploring, racing
from optimization.searching.question import Question
from workspace.searches import search_folder, source_of

QUICK = {"minutes": 0.001, "runtimes": ["onnxruntime"], "limits": {"flips_share": 0.03}}
JOB = {"variant": "wdcnn/onnx", "question": QUICK}


@pytest.fixture
def few_rounds(monkeypatch):
    for module, name, value in (
        (exploring, "FIRST_GROUP", 3),
        (exploring, "FIRST_ROUNDS", 10),
        (racing, "ATTEMPTS", 1),
        (deciding, "PROCESSES", 1),
        (searching, "PROCESSES", 1),
        (deciding, "FINAL_ROUNDS", 10),
        (searching, "ROUNDS", 10),
    ):
        monkeypatch.setattr(module, name, value)


def test_a_job_is_told_by_its_network_and_runs_alone(network):
    job = network.jobs.submit("search", JOB | {"question": {"batch": 32}}).job

    assert (job.title, job.subject) == ("Search", "for the form of wdcnn/onnx to ship, batch 32")
    assert job.alone


def test_parameters_are_kept_in_full(network):
    onnx = network.variants.find("wdcnn/onnx")

    full = network.jobs.submit("search", {"variant": onnx.digest}).job.parameters

    assert full["variant"] == "wdcnn/onnx"
    assert full["digest"] == onnx.digest
    assert full["question"]["minutes"] == 2.5
    assert full["question"]["limits"] == {"flips_share": 0.01, "latency_ratio": None, "size_ratio": None}
    assert (full["recordings"], full["data"], full["resample"]) == ([], [], False)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"variant": "wdcnn/nobody"}, ModelNotFoundError),
        ({"variant": "wdcnn/pytorch"}, SearchError),
        ({"question": {"batch": 0}}, SearchError),
        ({"question": {"runtimes": ["pytorch"]}}, SearchError),
        ({"recordings": ["nobody"]}, RecordingNotFoundError),
    ],
)
def test_what_can_t_be_searched_is_refused_at_once(network, changes, error):
    with pytest.raises(error):
        network.jobs.submit("search", JOB | changes)


def test_recordings_of_another_rate_are_refused_unless_resampled(network, add_recording):
    recording = add_recording(rate_hz=25_600.0)

    with pytest.raises(CalibrationError):
        network.jobs.submit("search", JOB | {"recordings": [recording]})
    assert network.jobs.submit("search", JOB | {"recordings": [recording], "resample": True})


def test_the_variant_to_ship_and_the_result_are_kept_together_and_found_again(network, run_job, few_rounds):
    # A size that nothing keeps: then it is sure that INT8, the nearest, is what comes of it.
    question = QUICK | {"limits": {"flips_share": 0.03, "size_ratio": 0.01}}

    job = run_job(network.jobs.submit("search", JOB | {"question": question}).job)

    assert job.state == "succeeded"
    ship = job.result["ship"]
    assert ship["variant"] == "wdcnn/int8-static"
    assert network.variants.find(ship["variant"]).digest == ship["digest"]
    assert network.variants.find(ship["variant"]).verification["verdict"]
    again = network.jobs.submit("search", JOB | {"question": question})
    assert again.found
    assert again.job.id == job.id
    assert not any((network.folder / "cache" / "searches").iterdir())
    network.variants.remove(ship["variant"])
    assert not network.jobs.submit("search", JOB | {"question": question}).found


def test_an_attempt_that_was_ended_leaves_what_the_next_one_goes_on_from(network, run_job, few_rounds, monkeypatch):
    class EndedError(Exception):
        pass

    def end(*_, **__):
        raise EndedError

    onnx = network.variants.find("wdcnn/onnx")
    job = network.jobs.submit("search", JOB).job
    monkeypatch.setattr(searching, "Final", end)

    with pytest.raises(EndedError):
        run_job(job)

    folder = search_folder(network, onnx, Question.from_json(job.parameters["question"]), None)
    assert len((folder / "tried.jsonl").read_text().splitlines()) == 3
    assert [variant.name for variant in network.variants.list()] == ["pytorch", "onnx"]


def test_what_may_be_pruned_is_what_the_network_was_made_from(network):
    assert source_of(network, network.variants.find("wdcnn/onnx")).name == "pytorch"
    network.variants.remove("wdcnn/pytorch")
    assert source_of(network, network.variants.find("wdcnn/onnx")) is None
