"""Small real things that the engine's tests share beside the card: a signal, and a network that was never trained."""

import numpy as np
import pytest

from engine.signal import Channel, Signal


@pytest.fixture
def signal():
    """One second of noise at the network's own rate."""
    samples = np.random.default_rng(0).standard_normal((1, 12_000)).astype(np.float32)
    return Signal(samples, 12_000.0, (Channel("DE_time", unit="g", bearing="6205-2RS"),), shaft_speed_hz=30.0)


@pytest.fixture
def variant(tmp_path, write_untrained):
    """A network of the test's own, whose files it may spoil."""
    return write_untrained(tmp_path / "pytorch")


@pytest.fixture(scope="session")
def exported(untrained_variants):
    """One network in the format of every runtime, by runtime: they must give the same logits."""
    pytorch, onnx = untrained_variants
    return {"pytorch": pytorch, "onnxruntime": onnx, "openvino": onnx}
