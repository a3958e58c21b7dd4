"""Files that hold arrays under names (MAT, NPZ): which are channels, and what the others say of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DamagedFileError
from engine.readers.contents import Contents, FoundChannel
from engine.readers.limits import MOST_CHANNELS
from engine.readers.naming import (
    RPM_NAMES,
    SAMPLING_RATE_NAMES,
    SHAFT_HZ_NAMES,
    TIME_NAMES,
    plain,
    read_label,
    split_record,
    unique_names,
    unit_of,
)
from engine.readers.time_axis import even_rate
from engine.signal import Unit, check_sampling_rate, check_shaft_speed

Arrays = Mapping[str, NDArray[Any]]

#: A series this much shorter than the longest is a parameter or an axis, not what a sensor gave.
SHORT = 0.01

#: Series whose name fixes their unit: MFPT's ``bearing.gs`` is acceleration in g.
KNOWN_UNITS: Mapping[str, Unit] = MappingProxyType({"gs": "g"})


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """One series before it is named: the full name, its record number and its samples of shape (N,)."""

    full_name: str
    name: str
    record: int | None
    samples: NDArray[Any]


def contents_of_arrays(format_name: str, arrays: Arrays, file_name: str) -> Contents:
    """Tell channels from rates, speeds and time.

    Parameters
    ----------
    format_name : str
        Key of the reader in `engine.readers.READERS`.
    arrays : mapping of str to ndarray
        By name; a field of a struct is ``STRUCT.FIELD``. The longer axis of a matrix is time, whichever it is.
    file_name : str
        For errors.

    Returns
    -------
    Contents
        ``X105_DE_time`` is called ``DE_time`` there and ``bearing.gs`` is called ``gs``, as long as that stays
        unique. Where a file holds two of Case Western's records, as the published 99.mat does, the one with the
        higher number is the file's own, and the other keeps its number in its names.

    Raises
    ------
    DamagedFileError
        If there is no series of numbers, or a matrix has too many rows to be channels.
    SamplingRateInvalidError, ShaftSpeedInvalidError
        If the file names a rate or a speed that can't be.
    """
    numbers = {name: np.squeeze(array) for name, array in arrays.items() if array.dtype.kind in "iuf"}
    rows = [row for name, array in numbers.items() for row in _rows_of(name, array, file_name)]
    if not rows:  # a single value is no series, but whoever exported it will want to hear just that
        rows = [
            _Row(name, name, None, array.reshape(-1))
            for name, array in numbers.items()
            if array.size <= 1 and plain(_last(name)) not in SAMPLING_RATE_NAMES | RPM_NAMES | SHAFT_HZ_NAMES
        ][:1]
    if not rows:
        raise DamagedFileError(file_name, "it holds no series of real numbers")
    rate_from_time = {row.full_name: even_rate(row.samples.astype(np.float64)) for row in rows if _is_time(row.name)}
    series = [row for row in rows if not _is_time(row.name)] or rows
    own_record = max((row.record for row in series if row.record is not None), default=None)
    longest = max(row.samples.size for row in series)
    channels = []
    for row, name in zip(series, _short_names(series, own_record), strict=True):
        label = read_label(name)
        channel = FoundChannel(
            name=name,
            samples=to_float32(row.samples),
            sampling_rate=_stated_rate(numbers, row.full_name) or _rate_beside(rate_from_time, rows, row),
            shaft_speed_hz=_stated_speed(numbers, row),
            unit=_stated_unit(arrays, row.full_name) or label.unit or KNOWN_UNITS.get(row.name),
            kind=label.kind,
        )
        channels.append(replace(channel, kind="unknown") if row.samples.size < SHORT * longest else channel)
    return Contents(format_name, tuple(channels), own_record)


def to_float32(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Convert samples; what does not fit becomes infinite, and `Signal` says where."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(samples, dtype=np.float32)


def rows_of_matrix(matrix: NDArray[Any], file_name: str) -> NDArray[Any]:
    """Turn a matrix so that its longer axis is time.

    Raises
    ------
    DamagedFileError
        If it has more rows then than a recording has channels.
    """
    rows = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    if rows.shape[0] > MOST_CHANNELS:
        size = " by ".join(map(str, matrix.shape))
        reason = f"its table of {size} has more than {MOST_CHANNELS} channels, so it is no recording"
        raise DamagedFileError(file_name, reason)
    return rows


def _rows_of(name: str, array: NDArray[Any], file_name: str) -> Iterator[_Row]:
    record, short = split_record(_last(name))
    if array.ndim == 1 and array.size > 1:
        yield _Row(name, short, record, array)
    elif array.ndim == 2 and array.size:
        for number, samples in enumerate(rows_of_matrix(array, file_name), start=1):
            yield _Row(f"{name} {number}", f"{short} {number}", record, samples)


def _short_names(series: list[_Row], own_record: int | None) -> list[str]:
    """Shorten the names; a record that is not the file's own keeps its number, and twins their structs."""
    short = [row.name if row.record == own_record else row.full_name for row in series]
    return unique_names(
        row.full_name if short.count(name) > 1 else name for row, name in zip(series, short, strict=True)
    )


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _is_time(name: str) -> bool:
    return plain(name) in TIME_NAMES


def _stated(numbers: Arrays, beside: str, is_asked_for: Callable[[str], bool]) -> float | None:
    """Return the single value of an asked-for name in the same struct, else at the top of the file."""
    struct = beside.rpartition(".")[0]
    for place in dict.fromkeys((struct, "")):
        for name, array in numbers.items():
            where, _, last = name.rpartition(".")
            if where == place and array.size == 1 and is_asked_for(last):
                return float(array.reshape(()))
    return None


def _stated_rate(numbers: Arrays, beside: str) -> float | None:
    rate = _stated(numbers, beside, lambda name: plain(name) in SAMPLING_RATE_NAMES)
    if rate is not None:
        check_sampling_rate(rate)
    return rate


def _stated_speed(numbers: Arrays, row: _Row) -> float | None:
    """Return the shaft speed in Hz: as rpm, as Hz, or as MFPT's ``bearing.rate`` in the struct that has an ``sr``."""
    if row.record is not None:
        rpm = _stated(numbers, row.full_name, lambda name: split_record(name) == (row.record, "RPM"))
    else:
        rpm = _stated(numbers, row.full_name, lambda name: plain(name) in RPM_NAMES)
    speed = None if rpm is None else rpm / 60
    if speed is None:
        speed = _stated(numbers, row.full_name, lambda name: plain(name) in SHAFT_HZ_NAMES)
    struct = row.full_name.rpartition(".")[0]
    if speed is None and struct and f"{struct}.sr" in numbers:
        speed = _stated(numbers, row.full_name, lambda name: name == "rate")
    if speed is not None:
        check_shaft_speed(speed)
    return speed


def _stated_unit(arrays: Arrays, beside: str) -> Unit | None:
    struct = beside.rpartition(".")[0]
    for place in (f"{struct}.unit", "unit"):
        array = arrays.get(place)
        if array is not None and array.dtype.kind == "U" and array.size == 1:
            return unit_of(str(array.reshape(())))
    return None


def _rate_beside(rates: Mapping[str, float | None], rows: list[_Row], row: _Row) -> float | None:
    """Return the rate of a time series of the same length in the same struct."""
    for time in rows:
        same_place = time.full_name.rpartition(".")[0] == row.full_name.rpartition(".")[0]
        if time.full_name in rates and same_place and time.samples.size == row.samples.size:
            return rates[time.full_name]
    return None
