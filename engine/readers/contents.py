"""What a reader finds in a file, before anybody has said what it leaves open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import DescriptionError
from engine.signal import Kind, Unit


@dataclass(frozen=True, slots=True, eq=False)
class FoundChannel:
    """One series of numbers as a file holds it; whatever the file doesn't say is ``None``.

    Attributes
    ----------
    name : str
        As the file calls it, without its record number (``X105_DE_time`` is ``DE_time``).
    samples : ndarray of float32, shape (N,)
        In ``unit``; NaN and infinity are kept, so that `Signal` can say where they are.
    sampling_rate : float or None
        In Hz.
    shaft_speed_hz : float or None
        Revolutions per second.
    unit : {"g", "m/s2", "V"} or None
        Physical unit of the samples.
    kind : {"vibration", "tacho", "temperature", "unknown"}
        What was measured.
    """

    name: str
    samples: NDArray[np.float32]
    sampling_rate: float | None = None
    shaft_speed_hz: float | None = None
    unit: Unit | None = None
    kind: Kind = "vibration"


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """Everything found in one file.

    Attributes
    ----------
    format : str
        Key of the reader in `engine.readers.READERS`.
    channels : tuple of FoundChannel
        At least one, in the file's order.
    record_number : int or None
        Case Western's number of the recording, where the variables carry one (``X105_DE_time``).
    """

    format: str
    channels: tuple[FoundChannel, ...]
    record_number: int | None = None


#: What a user may call the separator of a text file, and how `ReadOptions` writes it.
SEPARATORS: Mapping[str, str] = MappingProxyType(
    {"comma": ",", "semicolon": ";", "tab": "\t", "whitespace": "whitespace", "bar": "|"}
)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a user overrides what a text reader would find by itself; ``None`` leaves it to the reader.

    Attributes
    ----------
    separator : str or None
        One character between columns, or ``"whitespace"``.
    decimal : str or None
        ``"."`` or ``","``.
    header_lines : int or None
        Lines before the first row of numbers.
    time_column : bool or None
        Whether the first column is time in seconds.

    Raises
    ------
    DescriptionError
        If the number of header lines is negative.
    """

    separator: str | None = None
    decimal: str | None = None
    header_lines: int | None = None
    time_column: bool | None = None

    def __post_init__(self) -> None:
        if self.header_lines is not None and self.header_lines < 0:
            raise DescriptionError("The header", f"{self.header_lines} lines are impossible; 0 means no header")


class Reader(Protocol):
    """The contract of each module in `engine.readers.READERS`; ``tests/engine/readers/test_every_reader.py`` holds it.

    A reader runs in a child process with limits on memory, time and files (`engine.readers.sandbox`) and
    opens nothing but the path it is given.
    """

    SUFFIXES: Sequence[str]

    def can_read(self, path: Path) -> bool:
        """Whether the file is of this format, judged by its ending and first bytes; no other reader may claim it."""
        ...

    def read(self, path: Path, options: ReadOptions) -> Contents:
        """Read what the file holds.

        Raises
        ------
        DamagedFileError
            If the file is cut, altered, or holds no series of numbers.
        FileTooLargeError
            If it declares more than it may unpack to.
        """
        ...
