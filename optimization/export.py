"""From PyTorch to ONNX: the same network in the form that runtimes take."""

import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import ModelRefusedError
from engine.variant import Variant, sha256_of

if TYPE_CHECKING:
    import onnx
    from torch import nn

OPSET = 20
#: Where an ONNX file keeps its card.
CARD_KEY = "vibench.card"
#: Traced with two windows: from a batch of one, a recurrent network exports as if every batch were one.
TRACED_BATCH = 2
CHECKED_BATCHES = (1, 2, 7)
RELATIVE_TOLERANCE = 1e-3
ABSOLUTE_TOLERANCE = 1e-5  #: of the largest logit, where that is above 1: a logit near 0 is a difference of large sums


def export_onnx(variant: Variant, folder: Path) -> Variant:
    """Write a network as one ONNX file that takes any number of windows.

    Parameters
    ----------
    variant : Variant
        In format ``safetensors``.
    folder : Path
        Empty or missing; receives ``model.onnx`` and ``variant.json``.

    Returns
    -------
    Variant
        ``onnx``, whose parent is ``variant``.

    Raises
    ------
    DamagedModelError
        If the weight file is cut, altered, or not of its architecture.
    ModelRefusedError
        If the exported network does not answer as PyTorch does.
    """
    import onnx

    from engine.networks import load

    network = load(variant)
    model = trace(network, variant.card.channels, variant.card.window)
    strip_metadata(model)
    model.metadata_props.add(key=CARD_KEY, value=variant.card.digest_text())
    onnx.checker.check_model(model, full_check=True)
    serialised = model.SerializeToString(deterministic=True)
    require_parity(variant, network, serialised)

    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "model.onnx"
    weights.write_bytes(serialised)
    exported = Variant(
        name="onnx",
        backend="onnx",
        format="onnx",
        weights=weights,
        digest=sha256_of(weights),
        card=variant.card,
        parent=variant.digest,
        steps=(*variant.steps, {"pass": "export_onnx", "parameters": {"opset": OPSET}}),
        producer=versions(),
    )
    exported.write_description()
    return exported


def trace(network: "nn.Module", channels: int, window: int) -> "onnx.ModelProto":
    """Return the network, taking ``windows`` of shape (batch, channels, window) and giving ``logits``, as a graph."""
    import torch

    example = torch.zeros(TRACED_BATCH, channels, window)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of what it uses itself
        from torch.fx.experimental.optimization import fuse

        program = torch.onnx.export(
            # Batch normalisation becomes part of the layer before it; quantisers trip over it otherwise.
            fuse(network),
            (example,),
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            input_names=["windows"],
            output_names=["logits"],
            dynamic_shapes=({0: "batch"},),
            verbose=False,
        )
    assert program is not None  # it would be, had it been told to write a file
    model: onnx.ModelProto = program.model_proto
    return model


def strip_metadata(message: Any) -> None:
    """Take off a protobuf message, at every depth, what the exporter notes of the machine it ran on.

    It names the source files of each node by path, which would make a digest depend on where the code lies, and
    is a tenth of a small network's file.
    """
    for field, value in message.ListFields():
        if field.name in {"metadata_props", "doc_string"}:
            message.ClearField(field.name)
        elif field.message_type is not None:
            for part in value if field.is_repeated else (value,):
                strip_metadata(part)


def require_parity(variant: Variant, network: "nn.Module", model: bytes) -> None:
    """Raise `ModelRefusedError` unless the graph gives the network's logits, whatever the batch."""
    import onnxruntime
    import torch

    card = variant.card
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    for batch in CHECKED_BATCHES:
        windows = random.standard_normal((batch, card.channels, card.window), dtype=np.float32)
        with torch.inference_mode():
            expected = network(torch.from_numpy(windows)).numpy()
        (answered,) = session.run(None, {"windows": windows})
        near_zero = ABSOLUTE_TOLERANCE * max(1.0, float(np.abs(expected).max()))
        if not np.allclose(answered, expected, rtol=RELATIVE_TOLERANCE, atol=near_zero):
            largest = float(np.abs(answered - expected).max())
            raise ModelRefusedError(
                variant.full_name, f"its ONNX form answers up to {largest:.2g} away from PyTorch at batch {batch}"
            )


def versions() -> dict[str, str]:
    """Return the versions of the libraries that decide what an export looks like."""
    return {package: version(package) for package in ("torch", "onnx", "onnxscript")}
