"""Tables of numbers as text: a row a sample, a column a channel; time in the first column is no channel."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Lines of text that may stand above the numbers.
LONGEST_HEADER = 100
#: Share of a step by which a clock may be early or late and still be even.
JITTER = 0.02
#: Fewer steps than this may fall on a grid by chance.
ROUNDED_STEPS = 50


def read_table(path: Path) -> tuple[NDArray[np.float32], float | None]:
    """Return the channels, of shape (C, N), and the rate in Hz that a column of time gives, if there is one.

    Separators are semicolons, tabs, commas or blanks; beside a semicolon or a tab, a comma is a decimal sign.

    Raises
    ------
    ValueError
        If the text is no table of numbers.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # what older analysers write
    lines = [line.strip() for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#%"]
    for start in range(min(len(lines), LONGEST_HEADER)):
        separator, decimal = layout_of(lines[start], lines[start : start + LONGEST_HEADER])
        if all(is_number(cell.replace(decimal, ".")) for cell in cells_of(lines[start], separator)):
            return channels_of(numbers_in(lines, start, separator, decimal))
    raise ValueError("it holds no numbers")


def layout_of(line: str, following: list[str]) -> tuple[str | None, str]:
    """Return what separates the numbers of a line, ``None`` for blanks, and the decimal sign."""
    for separator in (";", "\t"):
        if separator in line:
            return separator, "," if any("," in each for each in following) else "."
    if "," not in line:
        return None, "."
    # 0,012 is one number and 0,12 may be two: a series with a decimal comma soon shows a leading zero or a -0.
    pairs = [match.groups() for each in following if (match := re.fullmatch(r"([+-]?\d+),(\d+)", each))]
    single = len(pairs) == len(following) and any(one == "-0" or other[:1] == "0" != other for one, other in pairs)
    return (None, ",") if single else (",", ".")


def cells_of(line: str, separator: str | None) -> list[str]:
    """Return the cells of a line; a separator at its end begins no cell."""
    return line.split() if separator is None else line.rstrip(separator + " ").split(separator)


def is_number(cell: str) -> bool:
    """Whether a cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def numbers_in(lines: list[str], start: int, separator: str | None, decimal: str) -> NDArray[np.float64]:
    """Return the table, of shape (N, columns), that begins with a line; raises `ValueError` where it breaks off."""
    end = " " if separator is None else separator + " "
    rows = (line.rstrip(end).replace(decimal, ".") for line in lines[start:])
    try:
        return np.loadtxt(rows, delimiter=separator, comments=None, ndmin=2)
    except ValueError as error:
        raise ValueError(f"its rows of numbers break off ({str(error).partition(';')[0].rstrip('.')})") from error


def channels_of(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float32], float | None]:
    """Return the channels of a table without its column of time, and the rate that the latter gives."""
    is_time, rate_hz = time_in(numbers[:, 0]) if numbers.shape[1] > 1 else (False, None)
    with np.errstate(over="ignore"):  # becomes infinity, which is refused as such
        return numbers[:, is_time:].T.astype(np.float32), rate_hz


def time_in(column: NDArray[np.float64]) -> tuple[bool, float | None]:
    """Return whether a column of shape (N,) rises evenly, and the rate if it does so in seconds.

    Numbers of samples (0, 1, 2) give none.
    """
    if len(column) < 3 or not np.isfinite(column).all():
        return False, None
    steps, span = np.diff(column), float(column[-1] - column[0])
    if not 0 < span < np.inf or steps.min() < 0:
        return False, None
    step = span / (len(column) - 1)
    off_line = float(np.abs(column - (column[0] + step * np.arange(len(column)))).max())
    if off_line > JITTER * step and not is_rounded(steps, off_line):
        return False, None
    if step == 1 and bool((column == np.round(column)).all()):
        return True, None
    doubt_hz = max(off_line, float(np.spacing(abs(column[-1])))) / (step * span)
    return True, roundest(1 / step, doubt_hz)


def is_rounded(steps: NDArray[np.float64], off_line: float) -> bool:
    """Whether times are even but for their last digit: all steps are one of two neighbours on one grid."""
    digit = float(steps.max() - steps.min())
    on_grid = steps / digit
    return len(steps) >= ROUNDED_STEPS and off_line <= 1.001 * digit and np.abs(on_grid % 1 - 0.5).min() > 0.49


def roundest(rate_hz: float, doubt_hz: float) -> float:
    """Return the roundest rate that the digits of the times leave open."""
    for unit in (1000, 100, 10, 1):
        candidate = unit * round(rate_hz / unit)
        if candidate > 0 and abs(candidate - rate_hz) <= doubt_hz:
            return float(candidate)
    return rate_hz
