"""A workspace with two variants of a network that was never trained, and a simulated recording."""

import pytest

from engine.description import Description
from workspace.settings import Settings
from workspace.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, untrained_variants):
    settings = Settings(workspace=tmp_path / "workspace", _env_file=None)
    with Workspace.open(settings) as opened:
        for variant in untrained_variants:
            opened.variants.add(variant)
        yield opened


@pytest.fixture
def recording(workspace, inner_race_file) -> str:
    said = Description(bearing="6205-2RS", origin={"bearing": "confirmed"})
    return workspace.recordings.add(inner_race_file, inner_race_file.name, said).row.id
