"""What the names in a file say: unit and kind of a channel, Case Western's record number, rate and speed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.signal import Kind, Unit

UNITS: Mapping[str, Unit] = MappingProxyType(
    {
        "g": "g",
        "m/s2": "m/s2",
        "m/s^2": "m/s2",
        "m/s²": "m/s2",
        "m/s/s": "m/s2",
        "ms-2": "m/s2",
        "m s-2": "m/s2",
        "v": "V",
        "volt": "V",
        "volts": "V",
    }
)
SAMPLING_RATE_NAMES = frozenset(
    {"samplingrate", "samplingratehz", "samplerate", "samplingfrequency", "fs", "fshz", "sr"}
)
RPM_NAMES = frozenset({"rpm", "shaftrpm", "speedrpm", "shaftspeedrpm"})
SHAFT_HZ_NAMES = frozenset({"shaftspeedhz", "shafthz"})
TIME_NAMES = frozenset({"t", "time", "times", "timestamp", "zeit", "tempo", "temps"})

LONGEST_NAME = 100

_WITH_UNIT = re.compile(r"(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]")
_RECORD = re.compile(r"X(?P<number>\d{3})_?(?P<name>DE_time|FE_time|BA_time|RPM)")
_TEMPERATURE = re.compile(r"(?<![a-z])temp(?!l)|celsius|°c|degc")
_TACHO = re.compile(r"tach|keyphas|(?<![a-z])rpm|1/min")


@dataclass(frozen=True, slots=True)
class Label:
    """What one name says: ``acc (m/s²)`` is ``acc`` in m/s2; ``unit_text`` is as it was written."""

    name: str
    unit: Unit | None = None
    kind: Kind = "vibration"
    unit_text: str = ""


def read_label(text: str) -> Label:
    """Take a column's heading apart into name, unit and kind."""
    text = " ".join(text.strip().strip("#%\"'").split())
    match = _WITH_UNIT.fullmatch(text)
    name, unit_text = (match["name"], match["unit"].strip()) if match else (text, "")
    return Label(name, unit_of(unit_text), kind_of(name, unit_text), unit_text)


def unit_of(text: str) -> Unit | None:
    """Return the unit as the rest of Vibench writes it, ``None`` if it is no unit of vibration."""
    return UNITS.get(text.strip().casefold())


def kind_of(name: str, unit_text: str = "") -> Kind:
    """Tell a temperature and a tacho by their names or units; everything else may be a vibration."""
    said = f"{name} {unit_text}".casefold()
    if _TEMPERATURE.search(said) or unit_text in {"C", "K", "F"}:
        return "temperature"
    return "tacho" if _TACHO.search(said) else "vibration"


def split_record(name: str) -> tuple[int | None, str]:
    """Take Case Western's record number off a variable: ``X105_DE_time`` is ``(105, "DE_time")``."""
    match = _RECORD.fullmatch(name)
    return (int(match["number"]), match["name"]) if match else (None, name)


def plain(name: str) -> str:
    """Return a name without case, blanks, dots and underscores, for comparing with the tables above."""
    return re.sub(r"[\s_.\-]", "", name).casefold()


def unique_names(names: Iterable[str]) -> list[str]:
    """Give each channel a printable name of its own: an empty one its number from 1, a repeated one that as well."""
    given: set[str] = set()
    unique = []
    for number, name in enumerate(names, start=1):
        candidate = "".join(filter(str.isprintable, name))[:LONGEST_NAME] or str(number)
        while candidate in given:
            candidate = f"{candidate} {number}"
        given.add(candidate)
        unique.append(candidate)
    return unique
