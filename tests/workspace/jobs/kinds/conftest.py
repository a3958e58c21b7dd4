"""A workspace with a small network and recordings, and the attempt at a job as its own process makes it."""

from pathlib import Path

import pytest

from engine.description import Description
from engine.simulation.rolling import RollingBearing, save, simulate
from workspace.jobs.claims import Claims
from workspace.jobs.context import RunningJob
from workspace.jobs.kinds import KINDS


@pytest.fixture
def network(workspace, untrained_variants):
    """The workspace, with a network as weights for PyTorch and as ONNX."""
    for variant in untrained_variants:
        workspace.variants.put(variant)
    return workspace


@pytest.fixture
def add_recording(workspace, tmp_path):
    """Add a simulated recording and return its id."""

    def add(condition="inner", rate_hz=12_000.0, seed=1, **said):
        parameters = RollingBearing(condition, duration_s=1.5, sampling_rate_hz=rate_hz, seed=seed)
        path = Path(tmp_path / f"{condition}-{seed}.npz")
        save(simulate(parameters), parameters, path)
        return workspace.recordings.add(path, path.name, Description(label=condition, **said)).row.id

    return add


@pytest.fixture
def run_job(workspace, tmp_path):
    """Run a submitted job to its end and return it."""

    def run(job):
        context = RunningJob(workspace.database, Claims(workspace.database).claim(job.id), tmp_path / f"job-{job.id}")
        KINDS[job.kind].run(workspace, job.parameters, context)
        return workspace.jobs.get(job.id)

    return run
