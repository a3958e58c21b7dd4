"""A workspace with two variants of a network that was never trained, a simulated recording, and diagnoses made up."""

import numpy as np
import pytest

from engine.description import Description
from engine.diagnosis import Diagnosis
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


@pytest.fixture
def diagnosis_of(card):
    """Make up a diagnosis of windows one hop apart, from the probabilities of each."""

    def make(*rows: tuple[float, ...], start_s: np.ndarray | None = None) -> Diagnosis:
        hop_s = card.hop / card.sampling_rate_hz
        return Diagnosis(
            recording={"channel": "DE_time", "unit": "g"},
            model={},
            verdict=None,
            classes=card.classes,
            window_length=card.window,
            window_hop=card.hop,
            start_s=np.arange(len(rows)) * hop_s if start_s is None else start_s,
            probabilities=np.array(rows).reshape(-1, len(card.classes)),
            cautions=(),
            timing_ms={},
        )

    return make
