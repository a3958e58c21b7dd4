"""The process that reads and tries somebody else's model file: limited, without network, and without other files."""

import json
import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DamagedModelError, ModelError, ModelRefusedError
from engine.networks import NETWORKS, build
from engine.readers.child import die_with
from engine.readers.landlock import confine_to
from engine.readers.limits import Limits
from engine.runtimes import load
from engine.variant import Variant
from optimization.admission.description import check_description
from optimization.admission.graph import check_graph, described_in, read_graph

#: Windows that it must answer at once: one, and a number that no trace was made with.
TRIED_BATCHES = (1, 3)
LONGEST_REASON = 500


def examine(
    weights: str,
    description: dict[str, Any] | None,
    name: str,
    limits: Limits,
    answers: "Connection[bytes, bytes]",
    parent: int,
) -> None:
    """Answer with the file's description as JSON, or with what is wrong with it: the child's whole work."""
    die_with(parent)
    path = Path(weights)
    silence()
    rehearse(path)
    confine_to(path)
    limits.impose()
    answers.send_bytes(json.dumps(examined(path, description, name)).encode())


def examined(path: Path, description: dict[str, Any] | None, name: str) -> dict[str, Any]:
    """Return the description of a file that passed the trial, or ``error`` and ``reason``."""
    try:
        return tried(path, description, name).describe()
    except MemoryError:
        os._exit(1)
    except ModelError as error:
        known = error.code if isinstance(error, DamagedModelError | ModelRefusedError) else DamagedModelError.code
        return {"error": known, "reason": str(getattr(error, "reason", error))[:LONGEST_REASON]}


def silence() -> None:
    """Send what libraries print to nobody: a parser's last words are not for the user's terminal."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)


def rehearse(path: Path) -> None:
    """Do once, with something harmless, what the trial does: a confined process can open no library any more."""
    if path.suffix == ".onnx":
        import onnxruntime
        from onnx import TensorProto, helper

        ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, ["batch", 1, 4]) for end in ("windows", "logits")]
        graph = helper.make_graph([helper.make_node("Relu", ["windows"], ["logits"])], "rehearsal", ends[:1], ends[1:])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        check_graph(model, "rehearsal")
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        session.run(None, {"windows": np.zeros((1, 1, 4), np.float32)})
    else:
        import safetensors.torch  # noqa: F401 - loading needs it
        import torch

        import engine.networks.restoring  # noqa: F401 - so does this

        torch.set_num_threads(1)
        for network in NETWORKS:
            build(network, 2).eval()(torch.zeros(1, 1, 2048))


def tried(path: Path, description: dict[str, Any] | None, name: str) -> Variant:
    """Return the variant in a file, once it has answered windows of its card.

    Raises
    ------
    DamagedModelError, ModelRefusedError
        As `optimization.admission.admit`.
    """
    if path.suffix == ".onnx":
        model = read_graph(path, name)
        check_graph(model, name)
        described = described_in(model, path, name) if description is None else description
        variant = check_description(described, path, name)
    else:
        assert description is not None  # such a file says nothing of itself
        variant = check_description(description, path, name)
        if variant.card.name not in NETWORKS:
            known = ", ".join(NETWORKS)
            raise ModelRefusedError(name, f"its network {variant.card.name} is none that Vibench can build ({known})")
    card = variant.card
    with load(variant) as session:
        for batch in TRIED_BATCHES:
            windows = np.random.default_rng(batch).standard_normal((batch, card.channels, card.window), np.float32)
            logits = answered(variant, session.predict, windows)
            if logits.shape != (batch, len(card.classes)) or not np.isfinite(logits).all():
                reason = f"it does not answer {batch} of its card's windows with {len(card.classes)} finite logits each"
                raise ModelRefusedError(name, reason)
    return variant


def answered(variant: Variant, predict: Any, windows: Any) -> Any:
    """Return the logits of windows; raises `ModelRefusedError` if the runtime gives up over them."""
    try:
        return np.asarray(predict(windows))
    except MemoryError:
        raise
    except Exception as error:
        raise ModelRefusedError(variant.full_name, f"it can't be run ({str(error).splitlines()[0]})") from error
