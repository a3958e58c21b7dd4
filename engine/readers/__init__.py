"""Readers: one file a format, and the table of them."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from engine.errors import UnknownFormatError
from engine.readers import delimited, mat5, npy, npz, wav
from engine.readers.contents import Reader

#: In the order in which they are asked; text comes last, because it is told by elimination.
READERS: Mapping[str, Reader] = MappingProxyType(
    {"mat5": mat5, "npz": npz, "npy": npy, "wav": wav, "delimited": delimited}
)


def find_reader(path: Path) -> Reader:
    """Return the reader that claims a file.

    Raises
    ------
    UnknownFormatError
        If none does.
    OSError
        If the file can't be opened.
    """
    for reader in READERS.values():
        if reader.can_read(path):
            return reader
    raise UnknownFormatError(path.name, [suffix for reader in READERS.values() for suffix in reader.SUFFIXES])
