"""A network that static INT8 ruins and trained INT8 saves: WDCNN whose channels differ a hundredfold in range.

Each channel is scaled behind its normalisation and scaled back in the layer that reads it, so that in float32 the
answers stay; one scale for all activations of a layer then leaves the small channels no steps. Networks get there by
themselves where normalisation is folded into narrow layers (M. Nagel et al., "Data-Free Quantization Through Weight
Equalization and Bias Correction", ICCV 2019, arXiv:1906.04721).
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bars import Bar

from engine.variant import Variant, sha256_of
from gains.fidelity import COUNTED_ON, flips_of
from gains.forms import made, trained
from optimization.passes.export_onnx import ExportOnnx
from optimization.passes.qat import Qat
from optimization.passes.quantize_static import QuantizeStatic

#: Channels are scaled by powers of ten from minus to plus this.
DECADES = 1.0
STEPS = 1000
#: Of the verdicts that static INT8 flips, so many may still flip.
FLIPS_LEFT = 0.5


def rescued_bars(folder: Path) -> Iterator[Bar]:
    """Quantise the uneven network both ways, with a scale for each channel and with one for all."""
    uneven = uneven_wdcnn(folder / "uneven")
    parent = made(ExportOnnx(), uneven, folder / "uneven-onnx")
    for per_channel, scales in ((True, "a scale per channel"), (False, "one scale per layer")):
        static = made(QuantizeStatic(per_channel=per_channel), parent, folder / f"uneven-static-{per_channel}")
        learned = Qat(per_channel=per_channel, steps=STEPS)
        saved = made(learned, uneven, folder / f"uneven-qat-{per_channel}")
        lost, left = flips_of(static, parent), flips_of(saved, parent)
        name = (
            f"uneven wdcnn, {scales}: {left.flips} verdicts of {COUNTED_ON} flipped by qat, of {lost.flips} by static"
        )
        share = left.flips / lost.flips
        yield Bar(name, share, share, share, FLIPS_LEFT)


def uneven_wdcnn(folder: Path) -> Variant:
    """Return WDCNN with its channels scaled, written to ``folder``; in float32 it answers as before."""
    import torch

    from engine.networks import load
    from optimization.passes.weights import weights_of

    network: Any = load(trained("wdcnn"))
    stages, dense = network.features, network.classifier[1]
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for place, stage in enumerate(stages):
            normalisation = stage[1]
            scale = 10 ** (DECADES * (2 * torch.rand(normalisation.num_features, generator=random) - 1))
            normalisation.weight *= scale
            normalisation.bias *= scale
            if place + 1 < len(stages):
                stages[place + 1][0].weight /= scale[:, None]
            else:
                dense.weight /= scale.repeat_interleave(dense.in_features // len(scale))
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights_of(network))
    return replace(trained("wdcnn"), weights=weights, digest=sha256_of(weights))
