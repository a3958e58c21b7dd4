"""Single NumPy arrays (``.npy``): a series, or a table whose longer axis is time; no pickles.

The format is a magic word, a version, a header that is a Python literal (type, order, shape), and the bytes
(``numpy.lib.format``). NumPy sets memory aside for whatever the header claims, so the claim is held against
the file first.
"""

import math
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from engine.errors import DamagedFileError
from engine.readers.contents import Contents, FoundChannel, ReadOptions
from engine.readers.named_arrays import rows_of_matrix, to_float32

SUFFIXES: Sequence[str] = (".npy",)

MAGIC = b"\x93NUMPY"
_HEADER_READERS = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}


def can_read(path: Path) -> bool:
    """Whether the file begins with NumPy's magic word, or its name ends in ``.npy``."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC or path.suffix.lower() == ".npy"


def read(path: Path, options: ReadOptions) -> Contents:  # noqa: ARG001 - options are for text files
    """Read the array; its channels are called by their numbers."""
    with path.open("rb") as file:
        array = read_array(file, path.stat().st_size, path.name)
    if array.dtype.kind not in "iuf" or array.ndim > 2:
        held = f"an array of {array.ndim} axes" if array.ndim > 2 else f"{array.dtype.name} values"
        raise DamagedFileError(path.name, f"it holds {held} instead of a series of real numbers")
    rows = rows_of_matrix(array, path.name) if array.ndim == 2 and array.size else array.reshape(1, -1)
    channels = (FoundChannel(str(number), to_float32(row)) for number, row in enumerate(rows, start=1))
    return Contents("npy", tuple(channels))


def read_array(file: IO[bytes], size: int, name: str) -> NDArray[Any]:
    """Read one array from a stream of ``size`` bytes.

    Raises
    ------
    DamagedFileError
        If the header can't be understood, asks for Python objects, or claims more than there is.
    """
    try:
        shape, fortran_order, dtype = _HEADER_READERS[npy_format.read_magic(file)](file)
    except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, tokenize.TokenError) as error:
        raise DamagedFileError(name, "the header of an array can't be understood") from error
    if dtype.hasobject:
        raise DamagedFileError(name, "it holds Python objects, which could run code; save plain numbers")
    length = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or length > size:
        raise DamagedFileError(name, "it ends early")
    data = file.read(length)
    if len(data) < length:
        raise DamagedFileError(name, "it ends early")
    if not dtype.itemsize:
        raise DamagedFileError(name, "it holds no values")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran_order else "C")
