"""What a recording could be, proposed to somebody who then says so; nothing here is ever applied by itself.

Case Western Reserve University's files do not say their sampling rate, but their variables carry the number
under which its Bearing Data Center lists rate, load and position. The table below is that list, all of it
(https://engineering.case.edu/bearingdatacenter, "Normal Baseline Data", "12k Drive End", "48k Drive End" and
"12k Fan End Bearing Fault Data"), with the irregularities of the published files: 3001 to 3004 hold variables
numbered 56 to 59, 3005 to 3008 such numbered 48 to 51, and 174 holds those of 173. The site lists the normal
recordings without a rate; their mains lines show 48 kHz.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.readers.contents import Contents

#: Nominal shaft speed in rpm at 0, 1, 2 and 3 hp.
SPEEDS_RPM = (1797.0, 1772.0, 1750.0, 1730.0)

DRIVE_END, FAN_END = "6205-2RS", "6203-2RS"

#: The shortest of the normal recordings, 97, has 243,938 samples; a shorter one was cut or resampled since.
_NORMAL_SAMPLES = 240_000
_NORMALS = range(97, 101)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a recording looks like, for somebody to confirm.

    Attributes
    ----------
    sentence : str
        The proposal in words, with the options that confirm it.
    sampling_rate_hz : float or None
        In Hz; ``None`` where this copy of the recording was resampled.
    shaft_rpm : float
        Revolutions per minute: nominal, or as the file says.
    channel : str
        The channel beside the bearing under test.
    bearings : mapping of str to str
        Bearing type at each channel.
    rig : str
        The machine, as model cards name it; true for ``channel`` only.
    """

    sentence: str
    sampling_rate_hz: float | None
    shaft_rpm: float
    channel: str
    bearings: Mapping[str, str]
    rig: str


@dataclass(frozen=True, slots=True)
class Record:
    """One line of Case Western's list: rate in Hz, nominal speed in rpm, rig."""

    sampling_rate_hz: float
    shaft_rpm: float
    rig: str


def propose(contents: Contents, name: str) -> Proposal | None:
    """Recognise a recording of Case Western.

    Parameters
    ----------
    contents : Contents
        What was read of it.
    name : str
        Its file name, whose leading number counts where the variables carry none, but are called like theirs:
        ``105.npz`` with ``DE`` and ``FE``.

    Returns
    -------
    Proposal or None
        ``None`` if it is not one of theirs, or not in the list.
    """
    found = {channel.name: channel for channel in contents.channels}
    drive_end, fan_end = ({f"{end}_time", end} & found.keys() for end in ("DE", "FE"))
    number = contents.record_number
    if number is None and drive_end | fan_end and (leading := re.match(r"\d+(?!\d)", name)):
        number = int(leading.group())
    record = RECORDS.get(number) if number is not None else None
    tested = fan_end if record is not None and record.rig == "cwru-fan-end" else drive_end
    if record is None or not tested:
        return None
    (channel,) = sorted(tested)[:1]
    speed_hz = found[channel].shaft_speed_hz
    rate = None if number in _NORMALS and found[channel].samples.size < _NORMAL_SAMPLES else record.sampling_rate_hz
    bearings = dict.fromkeys(drive_end, DRIVE_END) | dict.fromkeys(fan_end, FAN_END)
    rpm = record.shaft_rpm if speed_hz is None else round(speed_hz * 60, 6)
    return Proposal(
        sentence=_sentence(number, rate, rpm, channel if len(found) > 1 else None, bearings[channel]),
        sampling_rate_hz=rate,
        shaft_rpm=rpm,
        channel=channel,
        bearings=MappingProxyType(bearings),
        rig=record.rig,
    )


def _sentence(number: int | None, rate: float | None, rpm: float, channel: str | None, bearing: str) -> str:
    options = [
        *([f"--sampling-rate {rate:g}"] if rate is not None else []),
        f"--shaft-speed {rpm:g}",
        *([f"--channel {channel}"] if channel else []),
        f"--bearing {bearing}",
    ]
    doubt = "" if rate is not None else " (cut or resampled since: its rate was 48000)"
    return f"Looks like CWRU record {number}{doubt}: {' '.join(options)}. Confirm by giving them."


def _records() -> Iterator[tuple[int, Record]]:
    for rate, rig, rows in (
        (48_000.0, "cwru", _NORMAL),
        (12_000.0, "cwru", _DRIVE_END_12K),
        (48_000.0, "cwru", _DRIVE_END_48K),
        (12_000.0, "cwru-fan-end", _FAN_END_12K),
    ):
        for row in rows:
            for number, rpm in zip(row, SPEEDS_RPM, strict=True):
                if number is not None:
                    yield number, Record(rate, rpm, rig)


_Row = Iterable[int | None]  # the records at 0, 1, 2 and 3 hp; None where none was published

_NORMAL: tuple[_Row, ...] = (_NORMALS,)

_DRIVE_END_12K: tuple[_Row, ...] = (
    range(105, 109),  # inner race, 0.007 inch
    range(169, 173),  # 0.014
    range(209, 213),  # 0.021
    range(3001, 3005),  # 0.028
    range(56, 60),  # the same, as their variables are numbered
    range(118, 122),  # ball, 0.007
    range(185, 189),  # 0.014
    range(222, 226),  # 0.021
    range(3005, 3009),  # 0.028
    range(48, 52),  # the same, as their variables are numbered
    range(130, 134),  # outer race at 6 o'clock, 0.007
    range(197, 201),  # 0.014
    range(234, 238),  # 0.021
    range(144, 148),  # outer race at 3 o'clock, 0.007
    range(246, 250),  # 0.021
    (156, 158, 159, 160),  # outer race at 12 o'clock, 0.007
    range(258, 262),  # 0.021
)

_DRIVE_END_48K: tuple[_Row, ...] = (
    range(109, 113),  # inner race, 0.007
    range(174, 178),  # 0.014
    (173, None, None, None),  # 174, as its variables are numbered
    (213, 214, 215, 217),  # 0.021
    range(122, 126),  # ball, 0.007
    range(189, 193),  # 0.014
    range(226, 230),  # 0.021
    range(135, 139),  # outer race at 6 o'clock, 0.007
    range(201, 205),  # 0.014
    range(238, 242),  # 0.021
    range(148, 152),  # outer race at 3 o'clock, 0.007
    range(250, 254),  # 0.021
    range(161, 165),  # outer race at 12 o'clock, 0.007
    range(262, 266),  # 0.021
)

_FAN_END_12K: tuple[_Row, ...] = (
    range(278, 282),  # inner race, 0.007
    range(274, 278),  # 0.014
    range(270, 274),  # 0.021
    range(282, 286),  # ball, 0.007
    range(286, 290),  # 0.014
    range(290, 294),  # 0.021
    range(294, 298),  # outer race at 6 o'clock, 0.007
    (313, None, None, None),  # 0.014
    (315, None, None, None),  # 0.021
    range(298, 302),  # outer race at 3 o'clock, 0.007
    (310, 309, 311, 312),  # 0.014
    (None, 316, 317, 318),  # 0.021
    (302, 305, 306, 307),  # outer race at 12 o'clock, 0.007
)

RECORDS: Mapping[int, Record] = MappingProxyType(dict(_records()))
