"""Single weights set to zero, the smallest of each array first (Han et al., 2015, arXiv:1506.02626)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def smallest(weights: "Tensor", share: float) -> "Tensor":
    """Return which weights are the smallest ones by magnitude, as many as the share of them; true where they are."""
    import torch

    chosen = torch.zeros(weights.numel(), dtype=torch.bool)
    chosen[torch.argsort(weights.detach().abs().flatten(), stable=True)[: int(share * weights.numel())]] = True
    return chosen.reshape(weights.shape)


def masks_of(network: "nn.Module", share: float) -> "dict[str, Tensor]":
    """Return, for each array of weights with more than one dimension, which of them are to be zero."""
    return {name: smallest(array, share) for name, array in network.named_parameters() if array.dim() > 1}


def apply(masks: "Mapping[str, Tensor]", network: "nn.Module") -> None:
    """Set the weights that the masks choose to zero, in place."""
    import torch

    with torch.no_grad():
        for name, array in network.named_parameters():
            if name in masks:
                array[masks[name]] = 0.0


def share_of_zeros(network: "nn.Module") -> float:
    """Return the share of zeros among the weights that pruning looks at."""
    arrays = [array for array in network.parameters() if array.dim() > 1]
    zeros = sum(int((array == 0).sum()) for array in arrays)
    return zeros / sum(array.numel() for array in arrays)
