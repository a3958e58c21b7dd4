"""A network that computes in float32 as its integers will: what it trains is what is rounded later.

B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
CVPR 2018, arXiv:1712.05877.
"""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx
    from torch import fx, nn

#: What each batch adds to the ranges of activations.
AVERAGING = 0.01
#: Version of ONNX's operators; the last that PyTorch's older exporter writes.
OPSET = 20
RANGED_BATCH = 32


@contextmanager
def quiet_torch() -> Iterator[None]:
    """Keep PyTorch from warning of its older quantiser and exporter, the only ones that fit each other."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        exporter.setLevel(level)


def rehearsing(network: "nn.Module", *, channels: int, window: int, per_channel: bool) -> "nn.Module":
    """Return a copy of a network that rounds weights and activations as integers do, its normalisation folded.

    Unsigned activations with a zero point and signed symmetric weights, as `quantize_static` has by default; where the
    runtime fuses operators, nothing is rounded in between.

    Parameters
    ----------
    network : Module
        In evaluation mode.
    channels, window : int
        Shape of a window.
    per_channel : bool
        A scale for each channel of the weights, instead of one for all.
    """
    import torch

    quantization: Any = torch.ao.quantization  # torch leaves it untyped
    with quiet_torch():
        from torch.ao.quantization.quantize_fx import prepare_qat_fx
        from torch.fx.experimental.optimization import fuse

        activations = quantization.FakeQuantize.with_args(
            observer=quantization.MovingAverageMinMaxObserver,
            averaging_constant=AVERAGING,
            quant_min=0,
            quant_max=255,
            dtype=torch.quint8,
            qscheme=torch.per_tensor_affine,
        )
        weights: dict[str, Any] = {
            "observer": quantization.MovingAverageMinMaxObserver,
            "qscheme": torch.per_tensor_symmetric,
        }
        if per_channel:
            weights = {
                "observer": quantization.MovingAveragePerChannelMinMaxObserver,
                "qscheme": torch.per_channel_symmetric,
                "ch_axis": 0,
            }
        # Weights are known, not observed: their range is that of the last step alone.
        rounded = quantization.FakeQuantize.with_args(
            averaging_constant=1.0, quant_min=-128, quant_max=127, dtype=torch.qint8, **weights
        )
        mapping = quantization.QConfigMapping().set_global(quantization.QConfig(activations, rounded))
        example = (torch.zeros(2, channels, window),)
        prepared: fx.GraphModule = prepare_qat_fx(fuse(network).train(), mapping, example)
    share_ranges(prepared)
    return prepared


def share_ranges(prepared: "fx.GraphModule") -> None:
    """Have what is flattened rounded as it was before: flattening moves no number, and in integers it costs nothing."""
    from torch import nn

    modules = dict(prepared.named_modules())
    for node in prepared.graph.nodes:
        flattens = node.target == "flatten" or isinstance(modules.get(str(node.target)), nn.Flatten)
        for after in node.users if flattens else ():
            prepared.set_submodule(after.target, prepared.get_submodule(node.args[0].target))


def read_ranges(network: "nn.Module", windows: NDArray[np.float32]) -> None:
    """Let a network that `rehearsing` gave see windows of shape (W, C, L), before it rounds by the ranges of these."""
    import torch
    from torch.ao import quantization

    network.apply(quantization.disable_fake_quant)
    with torch.no_grad():
        for batch in torch.split(torch.from_numpy(windows), RANGED_BATCH):
            network(batch)
    network.apply(quantization.enable_fake_quant)


def freeze_ranges(network: "nn.Module") -> None:
    """Let ranges be what they are from here on."""
    from torch.ao import quantization

    network.apply(quantization.disable_observer)


def exported(network: "nn.Module", *, channels: int, window: int) -> "onnx.ModelProto":
    """Return a network that `rehearsing` gave as a graph that says where integers begin and end."""
    import onnx
    import torch

    freeze_ranges(network.eval())
    content: Any = io.BytesIO()  # which torch takes, though it says otherwise
    with quiet_torch():
        torch.onnx.export(
            network,
            (torch.zeros(2, channels, window),),
            content,
            dynamo=False,  # the newer one can't follow a layer that asks whether it still observes
            opset_version=OPSET,
            input_names=["windows"],
            output_names=["logits"],
            dynamic_axes={"windows": {0: "batch"}, "logits": {0: "batch"}},
        )
    model: onnx.ModelProto = onnx.load_model_from_string(content.getvalue())
    return model
