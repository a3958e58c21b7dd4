"""MATLAB files of version 5 (``save`` without options, ``-v6``, ``-v7``): series anywhere, in structs and cells too.

A file is a header of 128 bytes and a row of elements: 4 bytes kind, 4 bytes length, content. A compressed
element inflates to one uncompressed (MathWorks, "MAT-File Format").
"""

import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.errors import DamagedFileError, FileTooLargeError
from engine.readers.contents import Contents, ReadOptions
from engine.readers.limits import LARGEST_UNPACKED_BYTES, LARGEST_UNPACKED_TEXT
from engine.readers.named_arrays import contents_of_arrays

SUFFIXES: Sequence[str] = (".mat",)

_HEADER_BYTES = 128
_MATRIX, _COMPRESSED = 14, 15
_DEEPEST = 8  #: structs in structs
_TAG_WITHIN = 4096  #: compressed bytes from which the first 8 surely come out
_LARGEST_CELL = 256  #: elements of a cell or struct array that are looked into

# What the parser of SciPy raises over altered bytes, found by altering them.
_PARSER_ERRORS = (
    ArithmeticError, AttributeError, LookupError, NameError, NotImplementedError, OSError, TypeError, ValueError,
    zlib.error,
)  # fmt: skip


def can_read(path: Path) -> bool:
    """Whether the header says MATLAB 5 or 7.3, or the name ends in ``.mat``."""
    with path.open("rb") as file:
        return _version(file.read(_HEADER_BYTES)) is not None or path.suffix.lower() == ".mat"


def read(path: Path, options: ReadOptions) -> Contents:  # noqa: ARG001 - options are for text files
    """Read what the file holds; version 7.3, which is HDF5, is refused with the option that saves version 5."""
    with path.open("rb") as file:
        version = _version(file.read(_HEADER_BYTES))
        if version == 2:
            raise DamagedFileError(path.name, "it is a MATLAB file of version 7.3; save it with save(..., '-v7')")
        if version is None:
            raise DamagedFileError(path.name, "it is no MATLAB file of version 5; save it with save(..., '-v7')")
        _check_elements(file, path.name)
    arrays = {name: array for key, value in _load(path).items() for name, array in _numbers_in(key, value)}
    return contents_of_arrays("mat5", arrays, path.name)


def _version(header: bytes) -> int | None:
    """Return 1 for version 5, 2 for version 7.3, ``None`` for anything else."""
    order = {b"IM": "<", b"MI": ">"}.get(header[126:128])
    version = struct.unpack(f"{order}H", header[124:126])[0] >> 8 if order else 0
    return version if version in (1, 2) else None


def _check_elements(file: BinaryIO, name: str) -> None:
    """Follow the elements through the file, before anything is unpacked: all must be whole, and not too much."""
    file.seek(_HEADER_BYTES - 2)
    order = "<" if file.read(2) == b"IM" else ">"
    size = file.seek(0, 2)
    place, unpacked = _HEADER_BYTES, 0
    while place < size:
        file.seek(place)
        tag = file.read(8)
        kind, length = struct.unpack(f"{order}II", tag) if len(tag) == 8 else (_MATRIX, size)
        if place + 8 + length > size:
            raise DamagedFileError(name, "it ends early")
        unpacked += (
            _inflated_length(file.read(min(length, _TAG_WITHIN)), order, name) if kind == _COMPRESSED else length
        )
        if unpacked > LARGEST_UNPACKED_BYTES:
            raise FileTooLargeError(name, LARGEST_UNPACKED_TEXT)
        place += 8 + length


def _inflated_length(start: bytes, order: str, name: str) -> int:
    """Return what a compressed element says it inflates to: its first 8 bytes are the tag of another element."""
    try:
        tag = zlib.decompressobj().decompress(start, 8)
        return int(struct.unpack(f"{order}II", tag)[1])
    except (zlib.error, struct.error) as error:
        raise DamagedFileError(name, "one of its variables can't be unpacked") from error


def _load(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat  # takes a third of a second to import

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of duplicate names and of functions, none of which is a recording
            return dict(loadmat(path))
    except _PARSER_ERRORS as error:
        raise DamagedFileError(path.name, f"its variables contradict themselves ({error})") from error


def _numbers_in(name: str, value: object, depth: int = 0) -> Iterator[tuple[str, NDArray[Any]]]:
    """Go through structs and cells and name every array in them: ``bearing.gs``, ``runs(2).acc``, ``data{3}``."""
    if name.startswith("__") or not isinstance(value, np.ndarray) or depth > _DEEPEST:
        return
    if value.dtype.names is None and value.dtype != object:
        yield name, value
        return
    for number, item in enumerate(value.reshape(-1)[:_LARGEST_CELL], start=1):
        if value.dtype.names is None:
            yield from _numbers_in(f"{name}{{{number}}}", item, depth + 1)
        else:
            place = name if value.size == 1 else f"{name}({number})"
            for field in value.dtype.names:
                yield from _numbers_in(f"{place}.{field}", item[field], depth + 1)
