from dataclasses import replace

import numpy as np
import pytest
from onnx.helper import make_node

from engine.card import ModelCard
from engine.errors import ModelRefusedError, PassNotApplicableError
from engine.runtimes import load
from engine.variant import Variant, sha256_of
from optimization.calibration import simulated_calibration
from optimization.passes import PASSES, PassContext
from optimization.passes.export_onnx import ANY_LENGTH, require_parity, takes_any_length, with_any_length

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


def test_a_network_that_fits_one_length_takes_that_one(exported):
    import onnx

    (given,) = onnx.load(exported.weights).graph.input

    assert [axis.dim_param or axis.dim_value for axis in given.type.tensor_type.shape.dim] == ["batch", 1, 2048]
    assert "notes" not in exported.steps[-1]


# Windows of 256 samples: the time that PyTorch takes over an LSTM grows with its steps.
@pytest.fixture(params=[("cnn-bilstm", 256), ("patch-transformer", 2048)], ids=lambda param: param[0])
def both_forms(request, exported_network):
    return exported_network(*request.param)


@pytest.mark.parametrize("batch", [1, 2, 7, 32])
def test_recurrence_and_attention_answer_as_in_pytorch_whatever_the_batch(both_forms, batch):
    start, made = both_forms
    windows = np.random.default_rng(batch).standard_normal((batch, 1, start.card.window), dtype=np.float32)

    np.testing.assert_allclose(load(made).predict(windows), load(start).predict(windows), rtol=1e-3, atol=1e-5)


def test_no_weight_is_left_to_be_computed_at_load(both_forms):
    import onnx

    _, made = both_forms
    graph = onnx.load(made.weights).graph
    weights = {tensor.name for tensor in graph.initializer}

    assert not [node.name for node in graph.node if node.input and all(name in weights for name in node.input)]


@pytest.mark.parametrize("length", [100, 256, 333, 512])
def test_a_network_that_takes_any_length_does_so_as_a_graph(exported_network, length):
    start, made = exported_network("cnn-bilstm", 256)
    windows = np.random.default_rng(0).standard_normal((3, 1, length), dtype=np.float32)

    np.testing.assert_allclose(load(made).predict(windows), load(start).predict(windows), rtol=1e-3, atol=1e-5)
    assert made.steps[-1]["notes"] == [ANY_LENGTH]


def reshaped():
    """To 64 samples a row: at most lengths impossible."""
    shaped = make_node("Reshape", ["windows", "shape"], ["rows"])
    return [shaped, make_node("ReduceMean", ["rows", "last"], ["mean"], keepdims=1)], {"last": np.array([1])}


def divided():
    """By 64 samples: possible at every length, and wrong."""
    summed = make_node("ReduceSum", ["windows", "last"], ["sum"], keepdims=0)
    return [summed, make_node("Div", ["sum", "count"], ["mean"])], {"last": np.array([2]), "count": np.float32(64)}


@pytest.mark.parametrize("form", [reshaped, divided])
def test_a_graph_that_has_its_length_in_it_keeps_it(stranger, form):
    import onnx
    import torch

    class Mean(torch.nn.Module):
        def forward(self, windows):
            return windows.mean(dim=-1).expand(-1, 4)

    nodes, weights = form()
    weights |= {"shape": np.array([-1, 64]), "four": np.array([1, 4])}
    start = stranger([*nodes, make_node("Expand", ["mean", "four"], ["logits"])], weights)
    windows = np.random.default_rng(0).standard_normal((7, 1, 64), dtype=np.float32)

    np.testing.assert_allclose(load(start).predict(windows), Mean()(torch.from_numpy(windows)), atol=1e-6)
    assert takes_any_length(Mean(), windows)
    assert with_any_length(Mean(), onnx.load(start.weights), start.card, windows) is None
