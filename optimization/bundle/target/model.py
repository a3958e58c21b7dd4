"""The network, executed by ONNX Runtime on the processor."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .errors import InputError
from .terms import Terms, read_json

#: Windows given to the network at once.
BATCH = 256


class Model:
    """A candidate of the bundle, loaded.

    Parameters
    ----------
    folder : Path
        Of the bundle.
    candidate : mapping
        Its entry in ``bundle.json``.
    terms : Terms
        Of the bundle.
    threads : int
        Threads to compute with.

    Attributes
    ----------
    name : str
        Of the candidate.
    entry : mapping
        As it was given.
    """

    def __init__(self, folder: Path, candidate: dict[str, Any], terms: Terms, threads: int = 1) -> None:
        self.name = str(candidate["name"])
        self.entry = candidate
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            model = (folder / candidate["file"]).read_bytes()
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            reason = str(error).splitlines()[0]
            remedy = "install the version that bundle.json names, or a newer one"
            told = f"{candidate['file']} can't be loaded by ONNX Runtime {onnxruntime.__version__} ({reason})"
            raise InputError(f"{told}: {remedy}") from error
        self._input = self._session.get_inputs()[0].name
        self._outputs = [self._session.get_outputs()[0].name]
        self._classes = len(terms.classes)

    def logits(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits, of shape (W, K), of windows of shape (W, L)."""
        if not len(windows):
            return np.empty((0, self._classes), np.float32)
        shaped = windows[:, np.newaxis, :]
        parts = [
            self._session.run(self._outputs, {self._input: shaped[at : at + BATCH]})[0]
            for at in range(0, len(shaped), BATCH)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def candidates_of(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of the bundle's candidates, the default one first."""
    return list(read_json(folder / "bundle.json")["candidates"])


def load(folder: Path, terms: Terms, name: str | None = None, threads: int = 1) -> Model:
    """Load the candidate of a name, or the default one; raises `InputError` if there is none."""
    entries = candidates_of(folder)
    for entry in entries:
        if name in (None, entry["name"]):
            return Model(folder, entry, terms, threads)
    known = ", ".join(entry["name"] for entry in entries)
    raise InputError(f"there is no candidate {name} in this bundle: choose one of {known}")
