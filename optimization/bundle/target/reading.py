"""Recordings from files: ``.npy``, ``.csv``, ``.wav``, and raw float32 (``.f32``)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .table import read_table
from .wav import read_wav

HIGHEST_RATE_HZ = 10e6
#: Past them squares leave what float32 can hold, or nothing moves.
LARGEST_SAMPLE, SMALLEST_SWING = 1e12, 1e-12
LARGEST_FILE_BYTES = 2**30


def read(path: Path, rate_hz: float | None, channel: int | None) -> tuple[NDArray[np.float32], float]:
    """Read one channel of a file and its sampling rate.

    Parameters
    ----------
    path : Path
        A ``.npy`` file of shape (N,) or (C, N) or (N, C), a text file with a column a channel, a WAV file, or
        little-endian float32 without a head.
    rate_hz : float or None
        In Hz; ``None`` where the file says it, which WAV files do and a column of time.
    channel : int or None
        From 1; ``None`` where there is one only.

    Returns
    -------
    tuple of ndarray of float32, shape (N,), and float

    Raises
    ------
    InputError
        If the file can't be read, the rate or the channel is missing, or the samples can't be a vibration.
    """
    readers = {".npy": read_npy, ".csv": read_table, ".txt": read_table, ".wav": read_wav, ".f32": read_f32}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path.name} is of no kind known here: export it as {', '.join(readers)}")
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise InputError(f"{path.name} is larger than 1 GiB: cut it into shorter recordings")
        rows, told_hz = reader(path)
    except OSError as error:
        raise InputError(f"{path.name} can't be opened: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, EOFError) as error:
        reason = (str(error).splitlines() or ["it ends early"])[0].rstrip(".")
        raise InputError(f"{path.name} can't be read: {reason}") from error
    if rate_hz is None and told_hz is None:
        raise InputError(f"{path.name} does not say its sampling rate: give it with --rate HZ")
    rate = check_rate(float(told_hz if rate_hz is None and told_hz is not None else rate_hz or 0))
    return check_samples(chosen(rows, channel, path.name), path.name), rate


def read_npy(path: Path) -> tuple[NDArray[np.float32], None]:
    """Read a NumPy array of numbers; never a pickle."""
    array = np.load(path, allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf" or array.ndim not in (1, 2):
        raise ValueError("it is no array of numbers with one or two dimensions")
    rows = np.atleast_2d(array)
    with np.errstate(over="ignore"):  # becomes infinity, which is refused as such
        return np.asarray(rows if rows.shape[0] <= rows.shape[1] else rows.T, np.float32), None


def read_f32(path: Path) -> tuple[NDArray[np.float32], None]:
    """Read little-endian float32 without a head, one channel."""
    data = path.read_bytes()
    if len(data) % 4:
        raise ValueError("its size is no multiple of 4 bytes, so it is not raw float32")
    return np.frombuffer(data, "<f4").astype(np.float32)[np.newaxis], None


def chosen(rows: NDArray[np.float32], channel: int | None, name: str) -> NDArray[np.float32]:
    """Return the row of a channel, counted from 1."""
    if channel is None and len(rows) == 1:
        channel = 1
    if not rows.size:
        raise InputError(f"{name} holds 0 samples: record for longer")
    if channel is None:
        raise InputError(f"{name} has {len(rows)} channels: choose one with --channel 1 to {len(rows)}")
    if not 1 <= channel <= len(rows):
        raise InputError(f"{name} has no channel {channel}: it has {len(rows)}")
    return np.ascontiguousarray(rows[channel - 1])


def check_rate(rate_hz: float) -> float:
    """Return a sampling rate; raises `InputError` unless it can be one."""
    if not 0 < rate_hz <= HIGHEST_RATE_HZ:
        raise InputError(f"{rate_hz:g} Hz is no sampling rate: give one above 0 and at most 10 MHz")
    return rate_hz


def check_samples(samples: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Return samples; raises `InputError` unless they can be a vibration."""
    if len(samples) < 2:
        raise InputError(f"{name} holds {len(samples)} samples: record for longer")
    finite = np.isfinite(samples)
    if not finite.all():
        raise InputError(f"{name}: sample {int(np.argmin(finite))} is NaN or infinite: export it again")
    lowest, highest = float(samples.min()), float(samples.max())
    if lowest == highest:
        raise InputError(f"{name}: every sample is {lowest + 0.0:g}: check the sensor and its cable")
    if max(-lowest, highest) > LARGEST_SAMPLE or highest - lowest < SMALLEST_SWING:
        raise InputError(f"{name}: samples of {max(-lowest, highest):g} are no vibration: check the unit")
    return samples
