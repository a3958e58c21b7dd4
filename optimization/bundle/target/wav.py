"""WAV files: PCM of 8, 16, 24 or 32 bits and floating point, as a share of full scale.

A file is ``RIFF``, a length, ``WAVE`` and a row of chunks: 4 bytes name, 4 bytes length, content, padded to an even
length. Python's ``wave`` reads neither floating point nor, before 3.12, the extensible form of 24 bits.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
TYPES = {(PCM, 8): "u1", (PCM, 16): "<i2", (PCM, 24): "u1", (PCM, 32): "<i4", (FLOAT, 32): "<f4", (FLOAT, 64): "<f8"}


def read_wav(path: Path) -> tuple[NDArray[np.float32], float]:
    """Return all channels, of shape (C, N), and the rate in Hz; raises `ValueError` if the file is cut or coded."""
    chunks = chunks_of(path.read_bytes())
    head, data = chunks.get(b"fmt ", b""), chunks.get(b"data", b"")
    if len(head) < 16:
        raise ValueError("it does not say how its samples are to be understood")
    code, count, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", head)
    if code == EXTENSIBLE and len(head) >= 26:
        (code,) = struct.unpack_from("<H", head, 24)
    if (code, bits) not in TYPES:
        raise ValueError(f"its samples are coded (format {code}, {bits} bits): save them as PCM")
    if not count or len(data) % (count * bits // 8):
        raise ValueError(f"its data do not divide into {count} channels of {bits} bits")
    return np.ascontiguousarray(decoded(data, code, bits).reshape(-1, count).T), float(rate_hz)


def chunks_of(content: bytes) -> dict[bytes, bytes]:
    """Return the content of each chunk by its name, the first of each."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError("it does not begin as a WAV file does")
    at, chunks = 12, dict[bytes, bytes]()
    while at + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, at)
        if at + 8 + length > len(content):
            raise ValueError("it ends early")
        chunks.setdefault(name, content[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return chunks


def decoded(data: bytes, code: int, bits: int) -> NDArray[np.float32]:
    """Return samples as a share of full scale; 8 bits are unsigned, 24 bits are padded to the left of 32."""
    values = np.frombuffer(data, TYPES[code, bits])
    if code == FLOAT:
        return values.astype(np.float32)
    if bits == 24:
        padded = np.zeros((len(values) // 3, 4), np.uint8)
        padded[:, 1:] = values.reshape(-1, 3)
        values, bits = padded.view("<i4").reshape(-1), 32
    whole = values.astype(np.float32) - np.float32(128 if bits == 8 else 0)
    return whole / np.float32(2 ** (bits - 1))
