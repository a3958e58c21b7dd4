"""Arrays as raw files that any language reads: little-endian float32, rows one after the other, with an index."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

INDEX = "raw.json"


class RawFiles:
    """Collects the raw files of a bundle and their index.

    Attributes
    ----------
    files : dict of str to bytes
        By their path in the bundle.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._index: list[dict[str, Any]] = []

    def add(self, path: str, array: NDArray[np.floating[Any]], what: str) -> dict[str, Any]:
        """Keep an array of any shape as ``path``; return what other files say to find it.

        Parameters
        ----------
        path : str
            In the bundle, unused.
        array : ndarray
            Kept as float32.
        what : str
            What it holds, with its unit, for the index.
        """
        self.files[path] = np.ascontiguousarray(array, "<f4").tobytes()
        entry = {"file": path, "shape": list(array.shape)}
        self._index.append(entry | {"dtype": "float32", "byte_order": "little", "what": what})
        return entry

    def with_index(self) -> dict[str, bytes]:
        """Return the files and, as ``raw.json``, their index."""
        return self.files | {INDEX: as_json({"schema": "vibench.raw/1", "arrays": self._index})}


def as_json(document: Mapping[str, Any]) -> bytes:
    """Return a document as the bytes of a file for people and programs, the same for equal documents."""
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
