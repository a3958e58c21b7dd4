"""PyTorch's weights as passes read and write them: arrays by name, and nothing that could be run."""

from typing import TYPE_CHECKING

from engine.variant import Variant

if TYPE_CHECKING:
    from torch import nn

PACKAGES = ("torch", "safetensors")


def weights_of(network: "nn.Module", like: Variant | None = None) -> bytes:
    """Return the bytes of a network's weight file, the same for equal weights.

    Parameters
    ----------
    network : Module
        Its weights in float32.
    like : Variant or None
        Arrays that its weight file keeps in float16 are rounded to that again, where they stay numbers; ``None`` keeps
        all as they are.
    """
    import torch
    from safetensors import safe_open
    from safetensors.torch import save

    halves: set[str] = set()
    if like is not None:
        with safe_open(like.weights, framework="pt") as file:
            halves = {name for name in file.keys() if file.get_slice(name).get_dtype() == "F16"}  # noqa: SIM118
    arrays = {}
    for name, array in network.state_dict().items():
        half = array.half() if name in halves else array
        arrays[name] = (half if torch.isfinite(half).all() else array).contiguous()
    content: bytes = save(arrays)
    return content
