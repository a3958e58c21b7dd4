"""Half of ResNet18-1D's channels taken out, the rest trained and quantised, beside a network trained as long."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bars import Bar

from engine.runtimes import RUNTIMES
from engine.variant import Variant
from gains.fidelity import flips_bar
from gains.forms import LONG_WINDOW, form, made, trained
from gains.latency import measure
from optimization.forecasting.kernels import Kernels
from optimization.passes.export_onnx import ExportOnnx
from optimization.passes.parameters import pass_from_json
from optimization.passes.quantize_static import QuantizeStatic
from workspace.kernels import kernels_here

NETWORK = "resnet18-1d"
LATENCY = 0.08
#: The same lessons for the pruned network and for the whole one that it is held against.
TRAINING = {"steps": 2000, "learning_rate": 2e-3, "label_weight": 0.01}


def pruned_bars(folder: Path) -> Iterator[Bar]:
    """Train, which takes minutes; then measure at the long window and count flips at the network's own."""
    kernels = kernels_here(folder)
    smaller = made(pass_from_json("prune", TRAINING), trained(NETWORK), folder / "pruned")
    tuned = made(pass_from_json("fine_tune", TRAINING), trained(NETWORK), folder / "tuned")
    yield from speed_bars(smaller, kernels, folder)
    variant = quantised(smaller, folder / "own")
    title = f"{NETWORK}, half pruned, trained {TRAINING['steps']} steps and INT8"
    yield flips_bar(f"{title}, beside float32 trained as long", variant, exported(tuned, folder / "own-tuned"))
    yield flips_bar(f"{title}, beside the network as it was", variant, form(NETWORK, "onnx", folder))


def speed_bars(smaller: Variant, kernels: Kernels, folder: Path) -> Iterator[Bar]:
    """Measure the pruned network's INT8 form beside the whole network in float32."""
    card = replace(smaller.card, window=LONG_WINDOW, hop=LONG_WINDOW // 2)
    variant = replace(quantised(replace(smaller, card=card), folder / "long"), name="int8-static-pruned")
    measured = measure([form(NETWORK, "onnx", folder, LONG_WINDOW), variant], [1], kernels)
    for row in measured.rows:
        if row.variant == variant.name:
            on = "" if row.runtime == "onnxruntime" else f" on {RUNTIMES[row.runtime].title}"
            title = f"{NETWORK} (1, 1, {LONG_WINDOW}), half pruned and INT8{on}, latency"
            yield Bar(title, row.ratio, row.ratio_low, row.ratio_high, LATENCY)


def exported(variant: Variant, folder: Path) -> Variant:
    """Return a network's ONNX form."""
    return made(ExportOnnx(), variant, folder / "onnx")


def quantised(variant: Variant, folder: Path) -> Variant:
    """Return a network's static INT8 form."""
    return made(QuantizeStatic(), exported(variant, folder), folder / "int8")
