from dataclasses import replace

import pytest
import torch
from safetensors import safe_open

from engine.errors import NoEffect, PassNotApplicableError, RecipeError
from engine.networks import NETWORKS, build, load
from engine.runtimes import load as load_session
from optimization.passes import PASSES, PassContext
from optimization.passes.parameters import pass_from_json
from optimization.passes.prune import count_parameters
from optimization.passes.pruning.channels import ROUND_TO, prune_channels
from optimization.passes.pruning.weights import apply, masks_of, share_of_zeros, smallest
from optimization.statistics import compressed_size

#: Numbers left of each network at half of its channels.
LEFT = {"wdcnn": 14_804, "resnet18-1d": 964_516, "cnn-bilstm": 152_676, "patch-transformer": 316_036}


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_channels_go_from_every_network_and_what_is_left_answers(name):
    torch.manual_seed(0)
    network = build(name, 4)

    prune_channels(network, 0.5, channels=1, window=2048)

    assert count_parameters(network) == LEFT[name]
    assert network(torch.zeros(3, 1, 2048)).shape == (3, 4)


def test_the_channels_of_least_norm_go_and_multiples_are_left():
    torch.manual_seed(0)
    network = build("wdcnn", 4)
    convolution = network.features[2][0]
    with torch.no_grad():
        for layer in (convolution, network.features[2][1]):
            layer.weight[::2] *= 1e-3
            layer.bias[::2] *= 1e-3
        network.features[3][0].weight[:, ::2] *= 1e-3

    prune_channels(network, 0.5, channels=1, window=2048)

    assert network.features[2][0].weight.abs().amax(dim=(1, 2)).min() > 1e-2  # none of the quiet ones is left
    assert network.features[2][0].out_channels == 32
    assert all(
        module.out_channels % ROUND_TO == 0 for module in network.modules() if isinstance(module, torch.nn.Conv1d)
    )


def test_structured_pruning_makes_a_smaller_file_and_says_how_much_is_left(untrained_variants, result_of, quickest):
    start, made = untrained_variants[0], result_of("prune")

    assert made.name == "pytorch-pruned"
    assert made.size_bytes < 0.4 * start.size_bytes
    assert quickest("prune").notes(start, made) == ("Of 53904 parameters 14804 are left, 27.5%.",)


def test_a_pruned_network_is_exported_and_quantised_as_any_other(result_of, calibration, tmp_path):
    exported = PASSES["export_onnx"]().run(result_of("prune"), PassContext(tmp_path / "onnx"))
    made = PASSES["quantize_static"]().run(exported, PassContext(tmp_path / "int8", calibration))

    assert (exported.name, made.name) == ("onnx-pruned", "int8-static-pruned")
    with load_session(made) as session:
        assert session.predict(calibration_windows(calibration)).shape == (8, 4)


def calibration_windows(calibration):
    import numpy as np

    return np.zeros((8, 1, 2048), np.float32)


def test_its_step_names_every_recording_that_it_learned_from(result_of):
    from optimization.recording_set import RecordingSet, require_apart, simulated_for

    made = result_of("prune")
    known = made.steps[-1]["learned_from"]["recordings"]
    learned = simulated_for(made.card, len(known), seed=made.steps[-1]["learned_from"]["seed"])

    assert {one["digest"] for one in known} == {one.digest for one in learned.recordings}
    with pytest.raises(RecipeError, match="learned from, so it proves nothing"):
        require_apart(RecordingSet("simulated", learned.recordings[:1]), made)


def test_unstructured_pruning_keeps_size_and_compresses_better_and_its_zeros_survive_training(
    untrained_variants, tmp_path
):
    start = untrained_variants[0]
    made_by = PASSES["prune"](kind="unstructured", sparsity=0.8, steps=100)

    made = made_by.run(start, PassContext(tmp_path / "made"))

    assert share_of_zeros(load(made)) == pytest.approx(0.8, abs=0.01)
    assert made.size_bytes == start.size_bytes
    assert compressed_size(made.weights.read_bytes()) < 0.5 * compressed_size(start.weights.read_bytes())
    first, second = made_by.notes(start, made)
    assert first.startswith(f"{share_of_zeros(load(made)):.1%} of its weights are zero; compressed it takes ")
    assert "As a file, in memory and in time it costs what it did" in second


def test_as_many_of_the_smallest_weights_go_as_are_asked_for():
    weights = torch.tensor([[0.1, -5.0], [3.0, -0.2]])

    assert smallest(weights, 0.5).tolist() == [[True, False], [False, True]]
    assert smallest(torch.zeros(4, 4), 0.25).sum() == 4  # equal ones go by their place, and no more than asked
    network = build("wdcnn", 4)
    masks = masks_of(network, 0.3)
    apply(masks, network)
    assert share_of_zeros(network) == pytest.approx(0.3, abs=0.005)
    assert not any(name.endswith("bias") for name in masks)


def test_so_little_that_no_channel_goes_changes_nothing(write_network, tmp_path):
    start = write_network("cnn-bilstm", lambda network: network)

    with pytest.raises(NoEffect, match=r"channels go by 16, and 0.01 of no layer's is nearer"):
        PASSES["prune"](sparsity=0.01).run(start, PassContext(tmp_path / "made"))

    assert list(tmp_path.iterdir()) == [start.weights.parent]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sparsity": 2.0}, "sparsity can't be 2.0: it is a number from 0.01 to 0.99."),
        ({"sparsity": 0.0}, "sparsity can't be 0.0: it is a number from 0.01 to 0.99."),
        ({"steps": 10}, "steps can't be 10: it is a whole number from 100 to 50000."),
        ({"kind": "some"}, "kind can't be some: it is one of structured and unstructured."),
    ],
)
def test_what_can_not_be_is_refused_in_one_sentence(wrong, said):
    with pytest.raises(RecipeError) as raised:
        pass_from_json("prune", wrong)

    assert str(raised.value) == said


def test_an_exported_network_is_refused_with_the_place_to_start_from(untrained_variants):
    with pytest.raises(PassNotApplicableError, match="start from the network's PyTorch variant, wdcnn/pytorch"):
        PASSES["prune"]().requires(untrained_variants[1])
    with pytest.raises(PassNotApplicableError, match="its architecture is not among those known here"):
        PASSES["prune"]().requires(
            replace(untrained_variants[0], card=replace(untrained_variants[0].card, name="lenet"))
        )


def test_weights_that_were_stored_in_half_precision_are_again(untrained_variants, tmp_path):
    from safetensors.torch import load_file, save_file

    from engine.variant import sha256_of

    start = untrained_variants[0]
    halves = {
        name: array.half() if array.is_floating_point() else array for name, array in load_file(start.weights).items()
    }
    save_file(halves, tmp_path / "model.safetensors")
    start = replace(start, weights=tmp_path / "model.safetensors", digest=sha256_of(tmp_path / "model.safetensors"))

    made = PASSES["fine_tune"](steps=50).run(start, PassContext(tmp_path / "made"))

    with safe_open(made.weights, framework="pt") as file:
        kinds = {file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118
    assert kinds == {"F16", "I64"}
