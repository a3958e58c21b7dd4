"""Tables of numbers as text (CSV, TXT, no ending at all): one row a sample, one column a channel.

Told from the text: separator, decimal sign, header, a first column that is time, leading columns that are a
clock. A channel without a heading is called by its number. Time is no channel and has no number; the columns of
a clock have numbers, but hold no vibration.
"""

import codecs
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from engine.errors import DamagedFileError, DescriptionError
from engine.readers.contents import Contents, FoundChannel, ReadOptions
from engine.readers.limits import MOST_CHANNELS
from engine.readers.named_arrays import to_float32
from engine.readers.naming import TIME_NAMES, Label, plain, unique_names
from engine.readers.text_layout import LINES, WHITESPACE, Layout, find_layout
from engine.readers.time_axis import SECONDS, even_rate

SUFFIXES: Sequence[str] = (".csv", ".tsv", ".txt", ".dat", ".asc")

_SNIFFED_BYTES = 65536
_ENCODINGS: Mapping[bytes, str] = MappingProxyType(
    {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
)
#: Headings of time, with the unit in them: ``time``, ``t_ms``.
_TIME_HEADINGS = {plain(name + unit): factor for name in TIME_NAMES for unit, factor in {**SECONDS, "": 1.0}.items()}


def can_read(path: Path) -> bool:
    """Whether the file is text, and is named as a table or begins as one."""
    start = _read_start(path)
    if b"\0" in start and _encoding(start) != "utf-16":
        return False
    return path.suffix.lower() in SUFFIXES or find_layout(_whole_lines(start), ReadOptions()) is not None


def read(path: Path, options: ReadOptions) -> Contents:
    """Read every column of numbers."""
    start = _read_start(path)
    if not start.strip():
        raise DamagedFileError(path.name, "it is empty")
    if len(start) == _SNIFFED_BYTES and b"\n" not in start and b"\r" not in start:
        raise DamagedFileError(path.name, "it has no line breaks, so the rows of its table can't be told apart")
    lines = _whole_lines(start)[:LINES]
    if options.header_lines is not None and options.header_lines >= len(lines):
        raise DescriptionError(
            path.name,
            f"a header of {options.header_lines} lines is too long: numbers must begin in the first {len(lines)}",
        )
    layout = find_layout(lines, options)
    if layout is None:
        raise DamagedFileError(path.name, "no separator and decimal sign turn its lines into rows of numbers")
    if layout.columns > MOST_CHANNELS:
        raise DamagedFileError(path.name, f"it has {layout.columns} columns, too many for channels of a recording")
    with path.open(encoding=_encoding(start), errors="replace") as text:
        table = _read_table(text, layout, path.name)
    return _contents_of(table, layout.labels, options, path.name)


def _read_start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_SNIFFED_BYTES)


def _encoding(start: bytes) -> str:
    for mark, encoding in _ENCODINGS.items():
        if start.startswith(mark):
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # incremental: a character may be cut at the end
    except UnicodeDecodeError:
        return "latin-1"  # what older analysers write, and what never fails
    return "utf-8"


def _whole_lines(start: bytes) -> list[str]:
    """Return the first lines of the file, without one that is cut where reading stopped."""
    lines = list(io.StringIO(start.decode(_encoding(start), errors="replace"), newline=None))
    return lines[:-1] if len(start) == _SNIFFED_BYTES and len(lines) > 1 else lines


def _read_table(text: TextIO, layout: Layout, name: str) -> NDArray[np.float64]:
    """Read the rows of numbers, shape (N, columns)."""
    rows: Iterable[str] = itertools.islice(text, layout.header_lines, None)
    if layout.decimal == ",":
        rows = (line.replace(",", ".") for line in rows)
    rows = iter(rows)
    first = next(rows)
    separator = None if layout.separator == WHITESPACE else layout.separator
    open_ended = separator is not None and first.rstrip(" \r\n").endswith(separator)
    try:
        return np.loadtxt(
            itertools.chain([first], rows),
            delimiter=separator,
            comments=None,
            quotechar='"' if '"' in first else None,
            usecols=range(layout.columns) if open_ended else None,
            ndmin=2,
        )
    except (ValueError, OverflowError) as error:
        numpy_says = str(error).partition(";")[0].rstrip(".")[:200]
        reason = f"its rows of numbers break off ({numpy_says}, counted from line {layout.header_lines + 1})"
        raise DamagedFileError(name, reason) from error


def _contents_of(table: NDArray[np.float64], labels: tuple[Label, ...], options: ReadOptions, name: str) -> Contents:
    """Name the columns of a table of shape (N, columns), after what they hold."""
    has_time, rate = _find_time(table[:, 0], labels, options, name) if table.shape[1] > 1 else (False, None)
    columns, labels = (table[:, 1:], labels[1:]) if has_time else (table, labels)
    if not labels:
        clock = () if has_time else _clock_names(table)
        # Ten values a second are a process value, never vibration.
        rest = Label("", kind="unknown" if "tenth" in clock else "vibration")
        labels = tuple(Label(part, kind="unknown") for part in clock) + (rest,) * (columns.shape[1] - len(clock))
    names = unique_names(label.name for label in labels)
    channels = (
        FoundChannel(name, to_float32(column), sampling_rate=rate, unit=label.unit, kind=label.kind)
        for name, label, column in zip(names, labels, columns.T, strict=True)
    )
    return Contents("delimited", tuple(channels))


def _find_time(
    column: NDArray[np.float64], labels: tuple[Label, ...], options: ReadOptions, name: str
) -> tuple[bool, float | None]:
    """Whether the first column is time, and the rate it gives; sample numbers (0, 1, 2) give none."""
    if options.time_column is False:
        return False, None
    heading = labels[0] if labels else Label("")
    factor = SECONDS.get(heading.unit_text.casefold(), _TIME_HEADINGS.get(plain(heading.name)))
    rate = even_rate(column * (factor or 1.0))
    if options.time_column is True:
        if rate is None:
            raise DamagedFileError(name, "its first column does not rise evenly, so it can't be time")
        return True, rate
    if factor is None and rate == 1.0 and bool((column == np.round(column)).all()):
        return True, None
    return factor is not None or rate is not None, rate


def _clock_names(table: NDArray[np.float64]) -> tuple[str, ...]:
    """Tell leading columns that are hour, minute, second and a fraction of it, as PRONOSTIA writes them.

    They are a clock if each stays in its range and together they never go back. They give no sampling rate: the
    fraction is written too coarsely for that.
    """
    if table.shape[1] < 5:
        return ()
    clock = table[:, :4]
    whole = bool((clock[:, :3] == np.round(clock[:, :3])).all())
    if not (whole and clock.min() >= 0 and (clock[:, :3].max(axis=0) <= (23, 59, 59)).all() and clock.max() < 1e6):
        return ()
    in_tenths = clock[:, 3].max() <= 9
    times = clock @ np.array([3600, 60, 1, 0.1 if in_tenths else 1e-6])
    if times[-1] <= times[0] or np.diff(times).min() < 0:
        return ()
    return ("hour", "minute", "second", "tenth" if in_tenths else "microsecond")
