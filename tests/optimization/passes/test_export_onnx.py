from dataclasses import replace

import numpy as np
import pytest

from engine.card import ModelCard
from engine.errors import ModelRefusedError, PassNotApplicableError
from engine.runtimes import load
from engine.variant import Variant, sha256_of
from optimization.calibration import simulated_calibration
from optimization.passes import PASSES, PassContext
from optimization.passes.export_onnx import require_parity

EXPORT = PASSES["export_onnx"]()
CARD = ModelCard(
    name="wdcnn",
    title="WDCNN",
    reference="Zhang et al., 2017",
    sampling_rate_hz=12_000.0,
    window=2048,
    hop=1024,
    band_hz=(0.0, 5000.0),
    classes=("normal", "inner", "outer", "ball"),
    temperature=1.0,
    threshold=0.5,
)


def used_network(name):
    """A network whose batch normalisation has seen something, so that folding it away has something to do."""
    import torch

    from engine.networks import build

    torch.manual_seed(0)
    network = build(name, len(CARD.classes)).train()
    with torch.no_grad():
        for _ in range(3):
            network(3 + 2 * torch.randn(8, 1, CARD.window))
    return network.eval()


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A variant in PyTorch's own form, stored in half precision as the bundled ones are."""
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("pytorch")
    weights = folder / "model.safetensors"
    state = used_network("wdcnn").state_dict()
    save_file({name: array.half() if array.is_floating_point() else array for name, array in state.items()}, weights)
    variant = Variant("pytorch", "pytorch", "safetensors", weights, sha256_of(weights), CARD)
    variant.write_description()
    return variant


@pytest.fixture(scope="session")
def exported(trained, tmp_path_factory):
    return EXPORT.run(trained, PassContext(tmp_path_factory.mktemp("onnx")))


@pytest.mark.parametrize("batch", [1, 2, 7, 300])
def test_the_exported_network_answers_as_pytorch_does_whatever_the_batch(trained, exported, batch):
    windows = np.random.default_rng(batch).standard_normal((batch, 1, CARD.window), dtype=np.float32)

    with load(trained) as pytorch, load(exported) as onnx:
        np.testing.assert_allclose(onnx.predict(windows), pytorch.predict(windows), rtol=1e-3, atol=1e-5)


def test_batch_normalisation_is_folded_away(exported):
    import onnx

    operators = [node.op_type for node in onnx.load(exported.weights).graph.node]

    assert operators.count("Conv") == 5
    assert "BatchNormalization" not in operators


def test_it_is_one_file_that_says_nothing_of_where_it_was_made(exported):
    assert {path.name for path in exported.weights.parent.iterdir()} == {"model.onnx", "variant.json"}
    content = exported.weights.read_bytes()
    for trace in (b"site-packages", b".py", b"stack_trace", b"namespace"):
        assert trace not in content


@pytest.mark.parametrize("opset", [18, 23])
def test_the_opset_is_the_one_asked_for(exported_at, opset):
    import onnx

    model = onnx.load(exported_at(opset).weights)

    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", opset)]


def test_a_network_whose_architecture_is_unknown_is_refused(trained):
    with pytest.raises(PassNotApplicableError, match="its architecture is not among those known here"):
        EXPORT.requires(replace(trained, card=replace(CARD, name="mine")))


def test_a_graph_that_answers_otherwise_is_refused(trained, exported):
    import torch

    from engine.networks import load as load_network

    network = load_network(trained)
    with torch.no_grad():
        network.classifier[-1].bias += 0.01

    with pytest.raises(ModelRefusedError, match=r"answers up to 0\.01 away from PyTorch at batch 1"):
        require_parity(trained, network, exported.weights.read_bytes(), simulated_calibration(CARD, windows=7).windows)
