"""A settings object and a workspace that no environment touches, and small variants."""

from pathlib import Path

import pytest

from engine.card import ModelCard
from engine.variant import Variant, sha256_of
from workspace.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, workspace=tmp_path / "workspace")


@pytest.fixture
def workspace(settings):
    from workspace.workspace import Workspace

    with Workspace.open(settings) as workspace:
        yield workspace


def card_of(network, **changes):
    facts = {
        "name": network,
        "title": network.upper(),
        "reference": "",
        "sampling_rate_hz": 12_000.0,
        "window": 2048,
        "hop": 1024,
        "band_hz": (0.0, 5000.0),
        "classes": ("normal", "inner", "outer", "ball"),
        "temperature": 1.0,
        "threshold": 0.5,
    }
    return ModelCard(**facts | changes)


@pytest.fixture
def make_variant(tmp_path):
    """Return a function that writes a variant whose weights nobody can load."""

    def make(full_name, backend="pytorch", *, weights=None, parent=None, **card):
        network, name = full_name.split("/")
        folder = Path(tmp_path / "variants" / network / name)
        folder.mkdir(parents=True, exist_ok=True)
        form = "safetensors" if backend == "pytorch" else "onnx"
        file = folder / f"model.{form}"
        file.write_bytes(weights or full_name.encode())
        variant = Variant(name, backend, form, file, sha256_of(file), card_of(network, **card), parent)
        variant.write_description()
        return variant

    return make
