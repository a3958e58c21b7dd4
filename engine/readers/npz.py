"""NumPy archives (``.npz``): every series is a channel; values named ``fs`` or ``rpm`` say how it was taken."""

import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.errors import DamagedFileError, FileTooLargeError
from engine.readers.contents import Contents, ReadOptions
from engine.readers.limits import LARGEST_UNPACKED_BYTES, LARGEST_UNPACKED_TEXT
from engine.readers.named_arrays import contents_of_arrays
from engine.readers.npy import read_array

SUFFIXES: Sequence[str] = (".npz",)

_FIRST_MEMBER = b"PK\x03\x04"
_NAME_LENGTH_AT, _NAME_AT = 26, 30
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def can_read(path: Path) -> bool:
    """Whether the file is a zip archive whose first member is an array, or its name ends in ``.npz``."""
    with path.open("rb") as file:
        start = file.read(1024)
    if path.suffix.lower() == ".npz":
        return True
    if len(start) < _NAME_AT or not start.startswith(_FIRST_MEMBER):
        return False
    (length,) = struct.unpack_from("<H", start, _NAME_LENGTH_AT)
    return start[_NAME_AT : _NAME_AT + length].endswith(b".npy")


def read(path: Path, options: ReadOptions) -> Contents:  # noqa: ARG001 - options are for text files
    """Read every array of the archive; honoured are sampling_rate, fs, shaft_rpm, rpm, shaft_speed_hz and unit."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            arrays = _read_members(archive, path.name)
    except (
        ValueError, OSError, EOFError, RuntimeError, NotImplementedError, struct.error, zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise DamagedFileError(path.name, f"its archive is cut or altered ({error})") from error
    return contents_of_arrays("npz", arrays, path.name)


def _read_members(archive: zipfile.ZipFile, name: str) -> dict[str, NDArray[Any]]:
    members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
    # Reading a member stops at the size that it declares, so a sum of those sizes is a limit that holds.
    if sum(member.file_size for member in members) > LARGEST_UNPACKED_BYTES:
        raise FileTooLargeError(name, LARGEST_UNPACKED_TEXT)
    arrays = {}
    for member in members:
        if member.compress_type not in _PLAIN_METHODS:
            raise DamagedFileError(name, "it is packed in a way that NumPy does not use")
        with archive.open(member) as stream:
            arrays[member.filename.removesuffix(".npy")] = read_array(stream, member.file_size, name)
    return arrays
