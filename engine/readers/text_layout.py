"""How a text file is laid out: its separator, its decimal sign, its header, told from its first lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.readers.contents import ReadOptions
from engine.readers.naming import Label, read_label, unit_of

WHITESPACE = "whitespace"
_SEPARATORS = (";", "\t", ",", WHITESPACE)
LINES = 500  #: from which the layout is told
_AGREEING_ROWS = 5  #: a row of numbers begins the data if so many after it have as many fields
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the numbers of a text file stand.

    Attributes
    ----------
    separator : str
        One character, or ``"whitespace"``.
    decimal : {".", ","}
        Decimal sign.
    header_lines : int
        Lines before the first row of numbers.
    columns : int
        Fields of a row.
    labels : tuple of Label
        One a column where the header names them, else empty.
    """

    separator: str
    decimal: str
    header_lines: int
    columns: int
    labels: tuple[Label, ...] = ()


def find_layout(lines: Sequence[str], options: ReadOptions) -> Layout | None:
    """Tell the layout from a file's first lines; ``None`` if no way of reading them gives rows of numbers.

    Of several ways that do, one with several columns wins, then the one that makes numbers of the most lines: a
    recording may begin with ``0;0`` for a while before the first ``0,5;0`` shows the decimal sign.
    """
    lines = lines[:LINES]
    for ways, columns_needed in ((_ways_to_cut(lines, options), 2), (_ways_not_to_cut(options), 1)):
        best = max(
            (_look(lines, way, columns_needed, options.header_lines) for way in ways), key=lambda look: look.rows
        )
        if best.rows:
            labels = _labels(lines[: best.start], best.separator, best.columns)
            return Layout(best.separator, best.decimal, best.start, best.columns, labels)
    return None


def split_fields(line: str, separator: str) -> list[str]:
    """Cut a line into its fields, without quotes; a separator at the end of a line begins no field."""
    line = line.strip(" \r\n\ufeff") if separator == "\t" else line.strip(" \t\r\n\ufeff")
    fields = line.split() if separator == WHITESPACE else line.split(separator)
    while len(fields) > 1 and not fields[-1].strip():
        fields.pop()
    return [field.strip().strip('"') for field in fields]


def _ways_to_cut(lines: Sequence[str], options: ReadOptions) -> list[tuple[str, str]]:
    """Return pairs of separator and decimal sign, the likelier first; what the user says stands."""
    separators: tuple[str, ...] = (options.separator,) if options.separator else _SEPARATORS
    decimals = (options.decimal,) if options.decimal else (".", ",")
    if not options.separator and not options.decimal and _commas_are_decimal(lines):
        separators = tuple(separator for separator in separators if separator != ",")
    return [(separator, decimal) for separator in separators for decimal in decimals if separator != decimal]


def _ways_not_to_cut(options: ReadOptions) -> list[tuple[str, str]]:
    """Return the same for a single column, in which a separator may still end the lines."""
    decimals = (options.decimal,) if options.decimal else (".", ",")
    return [(options.separator or WHITESPACE, decimal) for decimal in decimals if options.separator != decimal]


def _commas_are_decimal(lines: Sequence[str]) -> bool:
    """Whether ``0,012`` is one number: of two whole numbers none is written ``-0``, and the second has no leading zero.

    A series with a decimal sign shows one or the other within a few lines.
    """
    pairs = [match.groups() for line in lines if (match := re.fullmatch(r"\s*([+-]?\d+),(\d+)\s*", line))]
    enough = len(pairs) >= max(1, len(lines) // 2)
    return enough and any(first == "-0" or (len(second) > 1 and second[0] == "0") for first, second in pairs)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one way of reading makes of the lines: where numbers begin, how many a row, how many such rows."""

    separator: str
    decimal: str
    start: int = 0
    columns: int = 0
    rows: int = 0


def _look(lines: Sequence[str], way: tuple[str, str], columns_needed: int, header_lines: int | None) -> _Look:
    separator, decimal = way
    counts = [_count_numbers(line, separator, decimal) if line.strip() else None for line in lines]
    for start in range(len(lines)) if header_lines is None else [header_lines]:
        ahead = {count for count in counts[start : start + _AGREEING_ROWS] if count is not None}
        if len(ahead) == 1 and (columns := ahead.pop()) >= columns_needed and counts[start] is not None:
            return _Look(separator, decimal, start, columns, rows=counts[start:].count(columns))
    return _Look(separator, decimal)


def _count_numbers(line: str, separator: str, decimal: str) -> int:
    """Return the number of fields, 0 if one of them is no number."""
    fields = split_fields(line, separator)
    if decimal == ",":
        if any("." in field for field in fields):
            return 0
        fields = [field.replace(",", ".") for field in fields]
    return len(fields) if all(_NUMBER.fullmatch(field) for field in fields) else 0


def _labels(header: Sequence[str], separator: str, columns: int) -> tuple[Label, ...]:
    """Read the last header line that has a name for every column; a line of units may stand below it."""
    named = [fields for line in header if len(fields := split_fields(line.lstrip("#%"), separator)) == columns]
    if not named:
        return ()
    labels = [read_label(field) for field in named[-1]]
    units = [field.strip("()[] ") for field in named[-1]]
    if len(named) > 1 and any(unit_of(unit) for unit in units):
        pairs = zip(named[-2], units, strict=True)
        labels = [read_label(f"{field} ({unit})" if unit else field) for field, unit in pairs]
    return tuple(labels)
