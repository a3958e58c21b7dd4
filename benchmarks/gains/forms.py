"""The forms of the bundled networks that the bars are about, made once by the passes a user would name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from engine.variant import Variant
from optimization.calibration import simulated_calibration
from optimization.passes import Pass, PassContext
from optimization.passes.parameters import pass_from_json
from workspace.seeding import bundled_variants

#: What a card says: the network as it was trained. Longer windows are for networks that take any length.
OWN_WINDOW, LONG_WINDOW = 2048, 20_480

Chain = Sequence[tuple[str, Mapping[str, object]]]

EXPORT: tuple[str, Mapping[str, object]] = ("export_onnx", {})
#: Name of a form to the passes that make it of the network as it was trained; each begins with what all others share.
CONVOLUTIONAL: Mapping[str, Chain] = {
    "onnx": [EXPORT],
    "onnx-conv2d": [EXPORT, ("conv_layout", {})],
    "fp16": [EXPORT, ("convert_fp16", {})],
    "int8-dynamic": [EXPORT, ("quantize_dynamic", {})],
    "int8-static": [EXPORT, ("quantize_static", {})],
}
FORMS: Mapping[str, Mapping[str, Chain]] = {
    "resnet18-1d": CONVOLUTIONAL,
    "wdcnn": CONVOLUTIONAL,
    "cnn-bilstm": CONVOLUTIONAL,
    "patch-transformer": {
        **{name: chain for name, chain in CONVOLUTIONAL.items() if name != "onnx-conv2d"},
        "int8-dense": [EXPORT, ("quantize_static", {"operators": "dense"})],
    },
}


@cache
def trained(network: str, window: int = OWN_WINDOW) -> Variant:
    """Return a bundled network as it was trained, its card asking for windows of a length."""
    (found,) = (one for one in bundled_variants() if one.card.name == network and one.format == "safetensors")
    return replace(found, card=replace(found.card, window=window, hop=window // 2))


def form(network: str, name: str, folder: Path, window: int = OWN_WINDOW) -> Variant:
    """Return a form of a network, made in ``folder`` unless it is there."""
    variant = trained(network, window)
    made_by: tuple[str, ...] = ()
    for pass_name, parameters in FORMS[network][name]:
        made_by = (*made_by, pass_name, *map(str, parameters.values()))
        variant = made(
            pass_from_json(pass_name, parameters), variant, folder / f"{network}-{window}" / "-".join(made_by)
        )
    return replace(variant, name=name)


def made(made_by: Pass, variant: Variant, folder: Path) -> Variant:
    """Return what a pass makes of a variant, calibrated on simulated windows, read where it was made before."""
    if folder.is_dir():
        return Variant.load(folder)
    calibration = simulated_calibration(variant.card) if made_by.calibrates else None
    result = made_by.run(variant, PassContext(folder, calibration))
    made_by.ensures(variant, result)
    return result
