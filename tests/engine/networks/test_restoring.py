from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import DamagedModelError
from engine.networks import NETWORKS, build, load
from engine.networks.restoring import fit_to, normalising
from engine.variant import Variant, sha256_of


@pytest.fixture
def stored(card, tmp_path):
    """Write arrays as the weight file of a network, and return the variant."""

    def store(weights, name="wdcnn"):
        path = tmp_path / "model.safetensors"
        save_file({key: array.contiguous() for key, array in weights.items()}, path)
        return Variant("pytorch", "pytorch", "safetensors", path, sha256_of(path), replace(card, name=name))

    return store


@pytest.fixture
def weights():
    torch.manual_seed(0)
    return build("wdcnn", 4).state_dict()


def narrowed(weights):
    """The second convolution of a WDCNN with 8 channels instead of 32."""
    return weights | {
        "features.1.0.weight": weights["features.1.0.weight"][:8],
        "features.1.0.bias": weights["features.1.0.bias"][:8],
        **{f"features.1.1.{name}": weights[f"features.1.1.{name}"][:8] for name in ("weight", "bias")},
        **{f"features.1.1.running_{name}": weights[f"features.1.1.running_{name}"][:8] for name in ("mean", "var")},
        "features.2.0.weight": weights["features.2.0.weight"][:, :8],
    }


def test_a_narrower_network_is_loaded_with_its_own_widths_and_computes_with_its_own_numbers(stored, weights):
    network = load(stored(narrowed(weights)))

    assert (network.features[1][0].out_channels, network.features[2][0].in_channels) == (8, 8)
    assert network.features[1][1].num_features == 8
    assert torch.equal(network.features[2][0].weight, weights["features.2.0.weight"][:, :8])
    assert network(torch.zeros(3, 1, 2048)).shape == (3, 4)
    assert not network.training


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_a_network_without_normalisation_has_biased_layers_in_its_place(stored, name):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.fx.experimental.optimization import fuse
    torch.manual_seed(0)
    original = build(name, 4).eval()
    for module in original.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    restored = load(stored(fuse(original).state_dict(), name))
    windows = torch.randn(2, 1, 2048)

    assert not normalising(restored)
    torch.testing.assert_close(restored(windows), original(windows), rtol=1e-4, atol=1e-5)


def damaged(weights):
    """Weights that no network has, and what is said of each."""
    wide = torch.zeros(64, 16, 3)
    without = {key: array for key, array in weights.items() if key != "features.0.0.bias"}
    lopsided = narrowed(weights) | {"features.2.0.weight": weights["features.2.0.weight"][:, :16]}
    half_fused = {key: array for key, array in weights.items() if not key.startswith("features.1.1.")}
    return {
        "features.1.0.weight is of shape": weights | {"features.1.0.weight": wide},
        "holds no features.0.0.bias": without,
        "do not fit each other": lopsided,
        "holds no features.1.1.weight": half_fused,
        "which the architecture has no place for": weights | {"backdoor": torch.zeros(2)},
        "features.0.0.bias is of shape": weights | {"features.0.0.bias": torch.zeros(2, 8)},
        "classifier.4.bias is empty": weights | {"classifier.4.bias": torch.zeros(0)},
        "holds int64, which is no weight": weights | {"classifier.4.bias": torch.zeros(4, dtype=torch.int64)},
        "logits of shape": weights
        | {"classifier.4.bias": torch.zeros(3), "classifier.4.weight": weights["classifier.4.weight"][:3]},
    }


def test_weights_that_contradict_the_architecture_or_each_other_are_damaged(stored, weights):
    for said, wrong in damaged(weights).items():
        with pytest.raises(DamagedModelError, match=said):
            load(stored(wrong))


def test_no_file_makes_a_network_wider_than_its_architecture(weights):
    shapes = {name: tuple(array.shape) for name, array in weights.items()}
    shapes["features.0.0.weight"] = (2**40, 1, 64)  # nothing of that size is ever made

    with pytest.raises(ValueError, match=r"features.0.0.weight is of shape \[1099511627776, 1, 64\]"):
        fit_to(build("wdcnn", 4), shapes, window=2048, channels=1, classes=4)


def test_a_cut_or_foreign_file_is_damaged(stored, weights):
    variant = stored(weights)
    assert load_file(variant.weights).keys() == weights.keys()

    with pytest.raises(DamagedModelError, match="holds no"):
        load(replace(variant, card=replace(variant.card, name="cnn-bilstm")))
    variant.weights.write_bytes(variant.weights.read_bytes()[:5000])
    with pytest.raises(DamagedModelError):
        load(replace(variant, digest=sha256_of(variant.weights)))
