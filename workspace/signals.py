"""The samples of recordings as ``.npy`` files, which may be deleted at any time and are mapped, not read."""

import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workspace.blobs import DIGEST

logger = logging.getLogger(__name__)


class SignalFiles:
    """A folder for each recording, with a file for each channel.

    Its name is a SHA-256 that stands for the recording's content and for how it was read: `recording.samples_key`.

    Parameters
    ----------
    folder, scratch : Path
        Where they lie, and where they are written before; on one file system.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder = folder
        self._scratch = scratch

    def write(self, key: str, channels: Sequence[NDArray[np.float32]]) -> None:
        """Keep the samples of a recording's channels, each of shape (N,); a full disk is logged and no error."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._scratch) as scratch:
                unfinished = Path(scratch) / key
                unfinished.mkdir()
                for number, samples in enumerate(channels):
                    write_array(unfinished / f"{number}.npy", samples)
                self.delete(key)  # if something is there, it was found damaged
                unfinished.rename(self._place(key))
        except OSError as error:
            if not self._place(key).is_dir():  # or else another thread was quicker
                logger.warning("The samples are not kept beside their recording: %s", error)

    def open(self, key: str, number: int) -> NDArray[np.float32] | None:
        """Map a channel, by its number from 0, read-only; ``None`` if its file is missing or damaged."""
        try:
            array = np.load(self._place(key) / f"{number}.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        sound = isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype == np.float32
        return array if sound else None

    def delete(self, key: str) -> None:
        """Free the space of a recording's samples; who has mapped them reads on undisturbed."""
        shutil.rmtree(self._place(key), ignore_errors=True)

    def _place(self, key: str) -> Path:
        assert DIGEST.fullmatch(key)
        return self._folder / key


def write_array(path: Path, samples: NDArray[np.float32]) -> None:
    """Write one ``.npy`` file that a power cut after this leaves whole."""
    with path.open("wb") as file:
        np.save(file, np.ascontiguousarray(samples, dtype=np.float32), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
