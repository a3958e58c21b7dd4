import numpy as np
import pytest
import torch

from engine.errors import NoEffect, PassNotApplicableError
from engine.networks import NETWORKS
from engine.networks import load as load_network
from engine.networks.restoring import normalising
from engine.runtimes import load
from optimization.passes import PASSES, PassContext


@pytest.fixture
def windows(card):
    return np.random.default_rng(1).standard_normal((5, 1, card.window), dtype=np.float32)


def with_a_past(network):
    """Give normalisation the means and variances that training leaves, for untrained ones fold to nothing."""
    torch.manual_seed(1)
    for name in normalising(network):
        module = network.get_submodule(name)
        torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
        torch.nn.init.uniform_(module.running_var, 0.5, 2)
        torch.nn.init.uniform_(module.weight, 0.5, 2)
    return network


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - {"patch-transformer"}))
def test_every_network_with_normalisation_answers_as_before_without_it(write_network, tmp_path, windows, name):
    start = write_network(name, with_a_past)

    made = PASSES["fuse"]().run(start, PassContext(tmp_path / "fused"))

    expected, answered = load(start).predict(windows), load(made).predict(windows)
    assert not normalising(load_network(made))
    assert normalising(load_network(start))
    assert np.abs(answered - expected).max() <= 1e-5 * max(1, np.abs(expected).max())
    assert made.name == "pytorch-fused"


def test_a_fused_network_is_exported_as_the_one_before_is(write_network, tmp_path, windows):
    start = write_network("wdcnn", with_a_past)
    fused = PASSES["fuse"]().run(start, PassContext(tmp_path / "fused"))

    exported = PASSES["export_onnx"]().run(fused, PassContext(tmp_path / "onnx"))

    assert exported.name == "onnx-fused"
    np.testing.assert_allclose(load(exported).predict(windows), load(start).predict(windows), rtol=1e-3, atol=1e-5)


def test_a_network_without_normalisation_has_nothing_to_fold(write_network, tmp_path):
    start = write_network("patch-transformer", lambda network: network)

    with pytest.raises(NoEffect, match="has no batch normalisation left"):
        PASSES["fuse"]().run(start, PassContext(tmp_path / "fused"))


def test_our_own_export_has_nothing_to_fold(untrained_variants, tmp_path):
    with pytest.raises(NoEffect, match="wdcnn/onnx has no normalisation that a layer before it could absorb"):
        PASSES["fuse"]().run(untrained_variants[1], PassContext(tmp_path / "fused"))

    assert not list(tmp_path.iterdir())


def test_a_strangers_graph_loses_its_normalisation_and_answers_as_before(stranger_with_normalisation, tmp_path):
    import onnx

    start = stranger_with_normalisation
    windows = np.random.default_rng(0).standard_normal((3, 1, start.card.window), dtype=np.float32)

    made = PASSES["fuse"]().run(start, PassContext(tmp_path / "fused"))

    operators = {node.op_type for node in onnx.load(made.weights).graph.node}
    assert "BatchNormalization" not in operators
    assert made.name == "onnx-fused"
    np.testing.assert_allclose(load(made).predict(windows), load(start).predict(windows), rtol=1e-4, atol=1e-5)


def test_integers_are_refused(untrained_variants):
    from dataclasses import replace

    with pytest.raises(PassNotApplicableError, match=r"start from .*wdcnn/pytorch"):
        PASSES["fuse"]().requires(replace(untrained_variants[1], backend="int8"))
