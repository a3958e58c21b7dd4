"""How numbers, units, formats and names are written, the same on every page."""

from collections.abc import Mapping, Sequence
from html import escape

from engine.diagnosis import CLASS_TITLES
from optimization.charts import rounded

#: Groups digits without ever breaking a line.
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
UNITS = {"g": "g", "m/s2": "m/s²", "V": "V"}
FORMATS = {"mat5": "MAT v5", "npz": "NPZ", "npy": "NPY", "wav": "WAV", "delimited": "Text"}
#: What a label says, a label being what somebody knows of the machine's condition.
LABEL_TITLES = {**{key: CLASS_TITLES[key] for key in ("normal", "inner", "outer", "ball")}, "unknown": "unknown"}
LABEL_TITLES["normal"] = "no bearing fault"
#: Who said something of a recording, as `Description.origin` names it.
ORIGINS: Mapping[str, str] = {
    "option": "from you",
    "confirmed": "confirmed by you",
    "sidecar": "from the file's sidecar",
    "recordings.csv": "from recordings.csv",
    "file": "from the file",
}
#: What a `RecordingRow` calls missing.
MISSING: Mapping[str, str] = {"sampling_rate_hz": "sampling rate", "channel": "channel"}


def grouped(value: float, digits: int = 0) -> str:
    """Write a number with its thousands apart, from five digits on: ``1797``, ``12 000``."""
    separator = THIN_SPACE if abs(value) >= 10_000 else ""
    return f"{value:,.{digits}f}".replace(",", separator)


def plain_number(value: float) -> str:
    """Write a number as a user would type it: 12000.0 as ``12000``, 1796.5 as ``1796.5``."""
    return f"{value:.10g}"


def rate_text(rate_hz: float) -> str:
    """Write a sampling rate: ``12 kHz``, ``48.828 kHz``, ``800 Hz``."""
    return f"{rate_hz / 1e3:.6g} kHz" if rate_hz >= 1e3 else f"{rate_hz:.6g} Hz"


def seconds_text(seconds: float) -> str:
    """Write a duration: ``10.1 s``, ``0.1 s``, ``12 min 30 s``."""
    if seconds < 600:
        return f"{seconds:.3g} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def size_text(size_bytes: float) -> str:
    """Write a file's size: ``2.91 MB``, ``34.2 kB``, ``107 GB``."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{rounded(size_bytes / factor)} {unit}"
    return f"{size_bytes:.0f} bytes"


def unit_text(unit: str | None) -> str:
    """Write a channel's unit."""
    return "unit unknown" if unit is None else UNITS[unit]


def counted(count: int, noun: str) -> str:
    """Write how many there are of something: ``1 channel``, ``3 channels``."""
    return f"{grouped(count)} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Write names as a sentence has them: ``BPFO, 2×BSF and FTF``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def missing_text(missing: Sequence[str]) -> str:
    """Write what must still be said of a recording: ``sampling rate and channel``."""
    return listed([MISSING.get(name, name) for name in missing])


def figure_text(name: str) -> str:
    """Write a name from a file or a user in a figure, where plotly would take ``<a>`` or ``<b>`` for markup."""
    return escape(name)


def channel_title(name: str, unit: str | None) -> str:
    """Write the title of a figure's axis that shows a channel: ``DE_time (g)``."""
    return f"{figure_text(name)} ({unit_text(unit)})"
