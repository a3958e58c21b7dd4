"""Architectures, one file each; each module is imported only when its network is built, because torch is heavy."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.errors import DamagedModelError, ModelNotFoundError
from engine.variant import Variant

if TYPE_CHECKING:
    from torch import nn

#: Network name, as cards and commands write it, to the module and class that build it.
NETWORKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "wdcnn": ("engine.networks.wdcnn", "WDCNN"),
        "resnet18-1d": ("engine.networks.resnet18_1d", "ResNet18"),
        "cnn-bilstm": ("engine.networks.cnn_bilstm", "CNNBiLSTM"),
        "patch-transformer": ("engine.networks.patch_transformer", "PatchTransformer"),
    }
)


def build(name: str, classes: int, channels: int = 1) -> "nn.Module":
    """Return an untrained network.

    Raises
    ------
    ModelNotFoundError
        If no architecture has that name.
    """
    if name not in NETWORKS:
        raise ModelNotFoundError(name, list(NETWORKS))
    module, class_name = NETWORKS[name]
    network: nn.Module = getattr(import_module(module), class_name)(classes, channels)
    return network


def load(variant: Variant) -> "nn.Module":
    """Return the variant's network in evaluation mode, its weights widened to float32.

    A network that was pruned has narrower layers than its architecture, a fused one no batch normalisation; both are
    told by the weights (`restoring.fit_to`).

    Raises
    ------
    DamagedModelError
        If the weight file is cut, altered, or not of this architecture.
    """
    from safetensors import SafetensorError

    from engine.networks.restoring import fit_to, read_weights

    card = variant.card
    network = build(card.name, len(card.classes), card.channels)
    variant.check_weights()
    try:
        weights = read_weights(variant.weights)
        shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
        fit_to(network, shapes, window=card.window, channels=card.channels, classes=len(card.classes))
        network.load_state_dict(weights)  # copies into float32 parameters
    except (SafetensorError, ValueError, RuntimeError, OSError) as error:
        raise DamagedModelError(variant.full_name, str(error).splitlines()[0]) from error
    return network.eval()
