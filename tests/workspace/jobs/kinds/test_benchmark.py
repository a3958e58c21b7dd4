import pytest

from engine.errors import BenchmarkError, ModelNotFoundError, RecordingNotFoundError
from optimization.benchmark import Benchmark

BOTH = {"variants": ["wdcnn/pytorch", "wdcnn/onnx"]}


def test_a_job_is_told_by_its_network_and_runs_alone(network):
    job = network.jobs.submit("benchmark", BOTH).job

    assert (job.title, job.subject, job.alone) == ("Benchmark", "of wdcnn: pytorch, onnx", True)


def test_parameters_are_kept_in_full(network):
    onnx = network.variants.find("wdcnn/onnx")

    full = network.jobs.submit("benchmark", {"variants": [onnx.digest], "baseline": onnx.digest[:12]}).job.parameters

    assert full == {
        "variants": ["wdcnn/onnx"],
        "digests": [onnx.digest],
        "batches": [1],
        "threads": [1],
        "rounds": 200,
        "baseline": "wdcnn/onnx",
        "runtimes": [],
        "processes": 5,
        "recording": None,
    }


def test_a_measurement_is_made_as_often_as_it_is_asked_for(network):
    assert not network.jobs.submit("benchmark", BOTH).found
    assert not network.jobs.submit("benchmark", BOTH).found


def test_what_was_measured_is_the_result(network, run_job, add_recording):
    asked = {**BOTH, "batches": [1, 3], "rounds": 10, "processes": 1, "recording": add_recording()}

    job = run_job(network.jobs.submit("benchmark", asked).job)

    measured = Benchmark.from_json(job.result)
    assert sorted((row.variant, row.batch) for row in measured.rows) == [
        ("onnx", 1),
        ("onnx", 3),
        ("pytorch", 1),
        ("pytorch", 3),
    ]
    assert measured.windows["source"] == "recordings"
    told = [line.text for line in network.jobs.log(job.id)]
    assert "Measure 2 variants on 64 windows (recordings)." in told
    assert sum(line.startswith("Batch ") for line in told) == 2


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"variants": []}, BenchmarkError),
        ({"variants": ["wdcnn/none"]}, ModelNotFoundError),
        ({"variants": ["wdcnn/onnx", "wdcnn/onnx"]}, BenchmarkError),
        ({**BOTH, "batches": [0]}, BenchmarkError),
        ({**BOTH, "threads": []}, BenchmarkError),
        ({**BOTH, "rounds": 0}, BenchmarkError),
        ({**BOTH, "processes": 0}, BenchmarkError),
        ({**BOTH, "runtimes": ["tensorrt"]}, BenchmarkError),
        ({**BOTH, "baseline": "wdcnn/none"}, ModelNotFoundError),
        ({"variants": ["wdcnn/onnx"], "baseline": "wdcnn/pytorch"}, BenchmarkError),
        ({**BOTH, "recording": "0123456789"}, RecordingNotFoundError),
    ],
)
def test_what_can_not_be_measured_is_refused_before_it_waits(network, parameters, error):
    with pytest.raises(error):
        network.jobs.submit("benchmark", parameters)

    assert list(network.jobs.list()) == []


def test_a_variant_that_is_another_by_now_is_not_measured(network, run_job, make_variant):
    job = network.jobs.submit("benchmark", BOTH).job
    network.variants.put(make_variant("wdcnn/onnx", "onnx", weights=b"another"))

    with pytest.raises(ModelNotFoundError, match="wdcnn/onnx of digest"):
        run_job(job)
