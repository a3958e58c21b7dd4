"""Recordings as the page meets them: rows made up for what is pure, a workspace for what is kept."""

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np
import pytest

from engine.description import Description
from engine.proposals import Proposal
from engine.readers.contents import ReadOptions
from workspace.recording import ChannelFacts, RecordingRow
from workspace.settings import Settings
from workspace.workspace import Workspace

PROPOSAL = Proposal(
    sentence="Looks like CWRU record 106: --sampling-rate 12000.",
    sampling_rate_hz=12_000.0,
    shaft_rpm=1772.0,
    channel="DE_time",
    bearings=MappingProxyType({"DE_time": "6205-2RS", "FE_time": "6203-2RS"}),
    rig="cwru",
)


def channel(name="DE_time", samples=120_000, unit=None, kind="vibration", rate=None, speed_hz=None):
    return ChannelFacts(name, samples, unit, kind, rate, speed_hz)


@pytest.fixture
def row():
    """A recording of Case Western of which nobody has said anything."""
    return RecordingRow(
        id="abc",
        name="106.mat",
        sha256="0" * 64,
        size_bytes=2_900_000,
        added_at=datetime(2026, 1, 1, tzinfo=UTC),
        format="mat5",
        channels=(channel("DE_time"), channel("FE_time")),
        record_number=106,
        reading=ReadOptions(),
        description=Description(),
        proposal=PROPOSAL,
        problem=None,
        missing=("sampling_rate_hz", "channel"),
        duration_s=None,
    )


@pytest.fixture
def described(row):
    """The same recording once its proposal was confirmed."""
    said = {"sampling_rate_hz": 12_000.0, "channel": "DE_time", "shaft_rpm": 1772.0, "bearing": "6205-2RS"}
    description = Description(**said, origin=dict.fromkeys(said, "confirmed"))
    return replace(row, description=description, missing=(), duration_s=10.0)


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(Settings(workspace=tmp_path / "workspace", _env_file=None))
    yield opened
    opened.close()


@pytest.fixture
def bring(workspace, tmp_path):
    """Bring a file of noise with one channel for each name; of one channel and no rate unless told."""

    def add(name="noise.npz", channels=("x",), samples=4_000, description=None, **scalars):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.npz"
        noise = np.random.default_rng(abs(hash(name)) % 2**32)
        arrays = {one: noise.standard_normal(samples).astype(np.float32) for one in channels}
        np.savez(path, **arrays, **scalars)
        return workspace.recordings.add(path, name, description).row

    return add
