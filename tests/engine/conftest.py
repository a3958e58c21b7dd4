"""Small real things that the engine's tests share: a card, a signal, a network that was never trained."""

from pathlib import Path

import numpy as np
import pytest

from engine.card import ModelCard, Rig
from engine.signal import Channel, Signal
from engine.variant import Variant, sha256_of

CARD = ModelCard(
    name="wdcnn",
    title="WDCNN",
    reference="Zhang et al., 2017",
    sampling_rate_hz=12_000.0,
    window=2048,
    hop=1024,
    band_hz=(0.0, 4800.0),
    classes=("normal", "inner", "outer", "ball"),
    temperature=2.0,
    threshold=0.5,
    rigs=(Rig("cwru", "6205-2RS"),),
    elsewhere="Elsewhere it is weak.",
)


@pytest.fixture
def card() -> ModelCard:
    return CARD


@pytest.fixture
def signal() -> Signal:
    """One second of noise at the network's own rate."""
    samples = np.random.default_rng(0).standard_normal((1, 12_000)).astype(np.float32)
    return Signal(samples, 12_000.0, (Channel("DE_time", unit="g", bearing="6205-2RS"),), shaft_speed_hz=30.0)


def write_untrained(folder: Path) -> Variant:
    """A WDCNN with seeded weights, as a variant on disk."""
    import torch
    from safetensors.torch import save_file

    from engine.networks import build

    torch.manual_seed(0)
    folder.mkdir()
    weights = folder / "model.safetensors"
    save_file(build(CARD.name, len(CARD.classes)).state_dict(), weights)
    made = Variant("pytorch", "pytorch", "safetensors", weights, sha256_of(weights), CARD)
    made.write_description()
    return made


@pytest.fixture
def variant(tmp_path: Path) -> Variant:
    return write_untrained(tmp_path / "pytorch")


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Variant]:
    """One network in every format, by runtime: they must give the same logits."""
    from optimization.export import export_onnx

    folder = tmp_path_factory.mktemp("exported")
    original = write_untrained(folder / "pytorch")
    return {"pytorch": original, "onnxruntime": export_onnx(original, folder / "onnx")}
