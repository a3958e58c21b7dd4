"""Channels taken out of a network whole: which may go, and what goes with them.

G. Fang, X. Ma, M. Song, M. B. Mi and X. Wang, "DepGraph: Towards Any Structural Pruning", CVPR 2023, arXiv:2301.12900;
channels of little norm go first (H. Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017, arXiv:1608.08710).
"""

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

#: What is left of a layer is a multiple of this: so many floats fit a vector of the widest processors, and a layer
#: that is one narrower is no faster.
ROUND_TO = 16


def prune_channels(network: "nn.Module", share: float, *, channels: int, window: int) -> None:
    """Take the channels of least norm out of a network, in place.

    Parameters
    ----------
    network : Module
        Takes windows of shape (W, channels, window).
    share : float
        Of each layer's channels, 0 to 1; the nearest multiple of `ROUND_TO` is left.
    channels, window : int
        Shape of a window.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what it deprecates itself
        import torch_pruning

        torch_pruning.pruner.MagnitudePruner(
            network.eval(),
            torch.zeros(2, channels, window),
            importance=torch_pruning.importance.MagnitudeImportance(p=2),
            pruning_ratio_dict=shares_of(network, share),
            ignored_layers=layers_kept(network),
            # What belongs to no layer, such as the positions of tokens, follows the last of its dimensions.
            unwrapped_parameters=[(array, array.dim() - 1) for array in network.parameters(recurse=False)],
        ).step()


def shares_of(network: "nn.Module", share: float) -> "dict[nn.Module, float]":
    """Return the share of each layer's outputs that goes for the nearest multiple of `ROUND_TO` to be left."""
    from torch import nn

    widths = {layer: layer.weight.shape[0] for layer in network.modules() if isinstance(layer, nn.Conv1d | nn.Linear)}
    left = {layer: max(1, round(width * (1 - share) / ROUND_TO)) * ROUND_TO for layer, width in widths.items()}
    # A little less, so that no product of rounded shares falls short of a whole number.
    return {layer: max(0.0, 1 - left[layer] / width - 1e-9) for layer, width in widths.items()}


def layers_kept(network: "nn.Module") -> "list[nn.Module]":
    """Return the layers that keep their outputs: the one that gives the logits, recurrent ones, and attention.

    Where tokens are normalised and attended to, everything shares their width, and heads divide it; there only the
    wide layer between two dense ones loses any.
    """
    from torch import nn

    layers = [module for module in network.modules() if isinstance(module, nn.Conv1d | nn.Linear | nn.LSTM)]
    losing: list[nn.Module] = []
    if any(isinstance(module, nn.LayerNorm) for module in network.modules()):
        losing += filter(None, map(widening, network.modules()))
    else:
        losing += [layer for layer in layers if not isinstance(layer, nn.LSTM)][:-1]
    return [layer for layer in layers if layer not in losing]


def widening(block: "nn.Module") -> "nn.Module | None":
    """Return the first of two dense layers in a row with a function between them, where the block is such a one."""
    from torch import nn

    parts = list(block) if isinstance(block, nn.Sequential) else []
    dense = [isinstance(part, nn.Linear) for part in parts]
    return parts[0] if dense == [True, False, True] else None
