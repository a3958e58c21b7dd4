"""WAV files (``.wav``): PCM of 8, 16, 24 or 32 bits and floating point, as a share of full scale.

A file is ``RIFF``, a length, ``WAVE`` and a row of chunks: 4 bytes name, 4 bytes length, content, padded to an
even length. Chunk ``fmt`` says how chunk ``data`` is to be understood (Microsoft and IBM, "Multimedia
Programming Interface and Data Specifications 1.0", 1991; WAVE_FORMAT_EXTENSIBLE, 2001).
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.errors import DamagedFileError
from engine.readers.contents import Contents, FoundChannel, ReadOptions
from engine.readers.limits import MOST_CHANNELS
from engine.readers.named_arrays import to_float32
from engine.signal import check_sampling_rate

SUFFIXES: Sequence[str] = (".wav",)

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_TYPES: Mapping[tuple[int, int], str] = MappingProxyType(
    {(_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 24): "u1", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8"}
)


def can_read(path: Path) -> bool:
    """Whether the file begins as WAV does, or its name ends in ``.wav``."""
    with path.open("rb") as file:
        start = file.read(12)
    return (start[:4] == b"RIFF" and start[8:] == b"WAVE") or path.suffix.lower() == ".wav"


def read(path: Path, options: ReadOptions) -> Contents:  # noqa: ARG001 - options are for text files
    """Read all channels; a sampling rate of 0 Hz raises SamplingRateInvalidError."""
    with path.open("rb") as file:
        chunks = _find_chunks(file, path.name)
        file.seek(chunks[b"fmt "][0])
        head = file.read(min(chunks[b"fmt "][1], 40))
        file.seek(chunks[b"data"][0])
        data = file.read(chunks[b"data"][1])
    if len(head) < 16:
        raise DamagedFileError(path.name, "its format chunk is cut")
    code, count, rate, _, _, bits = struct.unpack_from("<HHIIHH", head)
    if code == _EXTENSIBLE and len(head) >= 26:
        (code,) = struct.unpack_from("<H", head, 24)
    if (code, bits) not in _TYPES:
        raise DamagedFileError(path.name, f"its samples are coded (format {code}, {bits} bits); save them as PCM")
    if not 0 < count <= MOST_CHANNELS or len(data) % (count * bits // 8):
        raise DamagedFileError(path.name, f"its data do not divide into {count} channels of {bits} bits")
    check_sampling_rate(rate)
    frames = _decode(data, code, bits).reshape(-1, count)
    channels = (FoundChannel(str(i + 1), to_float32(frames[:, i]), sampling_rate=float(rate)) for i in range(count))
    return Contents("wav", tuple(channels))


def _find_chunks(file: BinaryIO, name: str) -> dict[bytes, tuple[int, int]]:
    """Return place and length of each chunk's content, the first of each name."""
    if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
        raise DamagedFileError(name, "it does not begin as a WAV file does")
    size = file.seek(0, 2)
    place, chunks = 12, dict[bytes, tuple[int, int]]()
    while place + 8 <= size:
        file.seek(place)
        key, length = struct.unpack("<4sI", file.read(8))
        if place + 8 + length > size:
            raise DamagedFileError(name, "it ends early")
        chunks.setdefault(key, (place + 8, length))
        place += 8 + length + length % 2
    if not {b"fmt ", b"data"} <= chunks.keys():
        raise DamagedFileError(name, "it has no format or no data")
    return chunks


def _decode(data: bytes, code: int, bits: int) -> NDArray[Any]:
    """Return samples as a share of full scale; 8 bits are unsigned, 24 bits are padded to the left of 32."""
    values = np.frombuffer(data, _TYPES[code, bits])
    if bits == 24:
        padded = np.zeros((values.size // 3, 4), np.uint8)
        padded[:, 1:] = values.reshape(-1, 3)
        values, bits = padded.view("<i4").reshape(-1), 32
    if code == _FLOAT:
        return values
    return (values - 128.0 if bits == 8 else values) / np.float32(2 ** (bits - 1))
