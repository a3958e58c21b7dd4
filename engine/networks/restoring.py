"""A network brought to the shapes of its weight file: pruning narrows its layers, fusing folds its normalisation.

Weight files hold arrays by name and nothing that could be run, so what a layer has become is told by its arrays alone.
Layers are only ever narrower than the architecture's: no file can make a network larger than the one it is named after.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn

Shape = tuple[int, ...]
#: What a fused network has none of.
NORMALISING = nn.BatchNorm1d


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the arrays of a weight file by name.

    Raises
    ------
    ValueError
        If one of them is empty, or holds what is no weight.
    SafetensorError, OSError
        If the file is cut, or can't be read.
    """
    with safe_open(path, framework="pt") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    for name, tensor in weights.items():
        if not tensor.numel():
            raise ValueError(f"its {name} is empty")
        if not (tensor.is_floating_point() or name.endswith("num_batches_tracked")):
            raise ValueError(f"its {name} holds {str(tensor.dtype).removeprefix('torch.')}, which is no weight")
    return weights


def fit_to(network: nn.Module, shapes: Mapping[str, Shape], *, window: int, channels: int, classes: int) -> None:
    """Bring the modules of a network, in place, to the shapes that its weights have.

    Convolutions, dense layers and what normalises them become narrower; a convolution that absorbed its normalisation
    has a bias; normalisation is left out where the weights hold none at all.

    Parameters
    ----------
    network : Module
        As its architecture builds it.
    shapes : mapping of str to tuple of int
        Of each array, by the name that the network's ``state_dict`` gives it.
    window, channels, classes : int
        A window of shape (1, channels, window) must give logits of shape (1, classes).

    Raises
    ------
    ValueError
        If an array is missing or of no use, if a layer would become wider, or if the widths of neighbours differ.
    """
    built = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    if built == dict(shapes):
        return
    if not any(f"{name}.running_mean" in shapes for name in normalising(network)):
        for name in normalising(network):
            network.set_submodule(name, nn.Identity())
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Conv1d):
            network.set_submodule(name, convolution(module, name, shapes))
        elif isinstance(module, nn.Linear):
            network.set_submodule(name, dense(module, name, shapes))
        elif isinstance(module, NORMALISING):
            (width,) = narrower(f"{name}.weight", shapes, (module.num_features,))
            network.set_submodule(name, NORMALISING(width, module.eps, module.momentum))
        elif isinstance(module, nn.LSTM):
            network.set_submodule(name, recurrent(module, name, shapes))
    require_same(network, shapes)
    require_flow(network, window=window, channels=channels, classes=classes)


def normalising(network: nn.Module) -> list[str]:
    """Return the names of a network's batch normalisation modules."""
    return [name for name, module in network.named_modules() if isinstance(module, NORMALISING)]


def convolution(module: nn.Conv1d, name: str, shapes: Mapping[str, Shape]) -> nn.Conv1d:
    """Return the convolution with the widths and the bias that the weights have, its kernel and steps as they were."""
    outputs, inputs, _ = narrower(f"{name}.weight", shapes, tuple(module.weight.shape))
    kept: Any = {"stride": module.stride, "padding": module.padding, "bias": is_biased(module, name, shapes)}
    return nn.Conv1d(inputs, outputs, module.kernel_size[0], **kept)


def dense(module: nn.Linear, name: str, shapes: Mapping[str, Shape]) -> nn.Linear:
    """Return the dense layer with the widths and the bias that the weights have."""
    outputs, inputs = narrower(f"{name}.weight", shapes, tuple(module.weight.shape))
    return nn.Linear(inputs, outputs, bias=is_biased(module, name, shapes))


def recurrent(module: nn.LSTM, name: str, shapes: Mapping[str, Shape]) -> nn.LSTM:
    """Return the recurrent layers with as many inputs as the weights have; their states keep their width."""
    gates = 4 * module.hidden_size
    _, inputs = narrower(f"{name}.weight_ih_l0", shapes, (gates, module.input_size))
    kept: Any = {"batch_first": module.batch_first, "bidirectional": module.bidirectional}
    return nn.LSTM(inputs, module.hidden_size, module.num_layers, **kept)


def is_biased(module: nn.Module, name: str, shapes: Mapping[str, Shape]) -> bool:
    """Whether a layer is to have a bias: the architecture's has one, or what it absorbed brought it one."""
    return "bias" in dict(module.named_parameters()) or f"{name}.bias" in shapes


def narrower(name: str, shapes: Mapping[str, Shape], most: Shape) -> Shape:
    """Return the shape of an array; raises `ValueError` if it is missing, or larger than the architecture's."""
    if name not in shapes:
        raise ValueError(f"it holds no {name}")
    shape = shapes[name]
    kernel = shape[2:] == most[2:]
    if len(shape) != len(most) or not kernel or not all(1 <= has <= may for has, may in zip(shape, most, strict=True)):
        raise ValueError(f"its {name} is of shape {list(shape)}, and the architecture's of {list(most)}")
    return shape


def require_same(network: nn.Module, shapes: Mapping[str, Shape]) -> None:
    """Raise `ValueError` naming the first array that the network lacks, has too many, or has in another shape."""
    built = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    for name, shape in built.items():
        if name not in shapes:
            raise ValueError(f"it holds no {name}")
        if shapes[name] != shape:
            raise ValueError(f"its {name} is of shape {list(shapes[name])}, where {list(shape)} fits its neighbours")
    if strange := sorted(set(shapes) - set(built)):
        raise ValueError(f"it holds {strange[0]}, which the architecture has no place for")


def require_flow(network: nn.Module, *, window: int, channels: int, classes: int) -> None:
    """Raise `ValueError` unless a window passes through: a layer's outputs are as many as the next one's inputs."""
    network.eval()
    try:
        with torch.inference_mode():
            logits = network(torch.zeros(1, channels, window))
    except RuntimeError as error:
        raise ValueError(f"its layers do not fit each other ({str(error).splitlines()[0]})") from error
    if logits.shape != (1, classes):
        raise ValueError(f"it answers logits of shape {list(logits.shape)} and not [1, {classes}]")
