"""What is said of a recording, by whom, and the signal that follows from it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from engine.errors import (
    ChannelNotChosenError,
    ChannelUnknownError,
    DescriptionError,
    NotVibrationError,
    SamplingRateMissingError,
)
from engine.proposals import Proposal
from engine.readers.contents import Contents, FoundChannel
from engine.signal import UNITS, Channel, Kind, Signal, Unit

LABELS = ("normal", "inner", "outer", "ball", "unknown")
OF_A_CHANNEL = ("bearing", "unit", "label", "specimen", "rig")
FIELDS = ("sampling_rate_hz", "shaft_rpm", "channel", "bearing", "unit", "label", "specimen", "rig")

#: Columns whose name is not that of their field.
_RENAMED = {"machine": "rig"}
_CHOICES: Mapping[str, Sequence[str]] = {"label": LABELS, "unit": UNITS}
_NUMBERS = ("sampling_rate_hz", "shaft_rpm")
_HELD: Mapping[Kind, str] = {
    "temperature": "temperature",
    "tacho": "a tacho",
    "unknown": "a clock, a parameter or a slow process value",
}


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a recording beside its samples; ``None`` where nobody has said.

    Attributes
    ----------
    sampling_rate_hz : float or None
        In Hz.
    shaft_rpm : float or None
        Revolutions per minute; 0 is a machine that stands still.
    channel : str or None
        Name of the vibration channel to diagnose, or its number from 1.
    bearing : str or None
        Bearing type at that channel.
    unit : {"g", "m/s2", "V"} or None
        Unit of that channel.
    label : str or None
        Known condition: one of `LABELS`.
    specimen : str or None
        The physical bearing.
    rig : str or None
        The machine, as model cards name it (column ``machine``).
    notes : mapping of str to str
        Further columns, kept as they are.
    origin : mapping of str to str
        For each field above that is known: ``option``, ``confirmed``, ``sidecar``, ``recordings.csv`` or ``file``.
    """

    sampling_rate_hz: float | None = None
    shaft_rpm: float | None = None
    channel: str | None = None
    bearing: str | None = None
    unit: Unit | None = None
    label: str | None = None
    specimen: str | None = None
    rig: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, said: Mapping[str, Any], *, origin: str, name: str) -> Self:
        """Understand a row of ``recordings.csv`` or a sidecar.

        Parameters
        ----------
        said : mapping
            Values by column: those of ``recordings.csv``, ``unit``, ``machine`` (the rig), and any others, which
            become notes. Empty text and ``None`` say nothing.
        origin : str
            Who says so, as in ``Description.origin``.
        name : str
            Of the file that says so, for errors.

        Raises
        ------
        DescriptionError
            If a value is no number where one must be, or none of those that there are.
        """
        values: dict[str, Any] = {}
        notes: dict[str, str] = {}
        for column, value in said.items():
            if value is None or not str(value).strip() or column == "file":
                continue
            target = _RENAMED.get(column, column)
            if target in _NUMBERS:
                values[target] = _number(column, value, name)
            elif target in FIELDS:
                values[target] = str(value).strip()
            else:
                notes[column] = str(value)
        for column, choices in _CHOICES.items():
            if column in values and values[column] not in choices:
                raise DescriptionError(name, f"{column} is {values[column]}, but must be one of {', '.join(choices)}")
        return cls(**values, notes=notes, origin=dict.fromkeys(values, origin))


def combine(*descriptions: Description, channels: Sequence[str] = ()) -> Description:
    """Return what several say together; where two say different things, the earlier one is believed.

    Bearing, unit, label, specimen and rig are said of a channel: of who speaks of another one than the first that
    is named, they are left out.

    Parameters
    ----------
    *descriptions : Description
        The most trusted first.
    channels : sequence of str
        Names of the file's channels in its order, so that ``1`` and the name of the first mean the same.
    """
    chosen = next((said.channel for said in descriptions if said.channel is not None), None)
    descriptions = tuple(_without_other_channel(said, chosen, channels) for said in descriptions)
    values: dict[str, Any] = {}
    notes: dict[str, str] = {}
    origin: dict[str, str] = {}
    for description in descriptions:
        for name in FIELDS:
            value = getattr(description, name)
            if value is not None and name not in values:
                values[name] = value
                if name in description.origin:
                    origin[name] = description.origin[name]
        notes = {**description.notes, **notes}
    return Description(**values, notes=notes, origin=origin)


def _without_other_channel(said: Description, chosen: str | None, channels: Sequence[str]) -> Description:
    """Return a description without what it says of a channel that is not the chosen one."""
    if said.channel is None or chosen is None or _named(said.channel, channels) == _named(chosen, channels):
        return said
    origin = {name: by for name, by in said.origin.items() if name not in OF_A_CHANNEL}
    return replace(said, bearing=None, unit=None, label=None, specimen=None, rig=None, origin=origin)


def _named(channel: str, channels: Sequence[str]) -> str:
    """Return a channel's name, where it may have been given by its number from 1."""
    by_number = channel not in channels and channel.isascii() and channel.isdigit()
    return channels[int(channel) - 1] if by_number and 1 <= int(channel) <= len(channels) else channel


def make_signal(
    name: str, contents: Contents, description: Description, proposal: Proposal | None = None
) -> tuple[Signal, Description]:
    """Build the one signal to diagnose from what a file holds and what is said of it; nothing is assumed.

    Parameters
    ----------
    name : str
        Of the file, for errors.
    contents : Contents
        What was read.
    description : Description
        What was said; it is believed before the file.
    proposal : Proposal, optional
        What `engine.proposals.propose` makes of the contents. Its sentence helps where the rate is missing. Its
        rig is taken over for the channel that it names: a rig follows from the file's own record number, and it
        is told only once somebody has said the rate.

    Returns
    -------
    signal : Signal
        The chosen channel, one row.
    description : Description
        Completed by what the file says (origin ``file``), the channel by its name.

    Raises
    ------
    SamplingRateMissingError
        If neither says the rate.
    ChannelNotChosenError, ChannelUnknownError, NotVibrationError
        If the channel is open, not there, or no vibration.
    SignalError
        As `Signal` says: an impossible rate or speed; an empty, constant or not finite channel.
    """
    hint = proposal.sentence if proposal is not None else ""
    nobody_says = description.sampling_rate_hz is None
    if nobody_says and all(channel.sampling_rate is None for channel in contents.channels):
        raise SamplingRateMissingError(name, hint)
    channel = find_channel(name, contents.channels, description.channel)
    if nobody_says and channel.sampling_rate is None:
        raise SamplingRateMissingError(name, hint)
    speed_hz = channel.shaft_speed_hz
    is_theirs = proposal is not None and contents.record_number is not None and proposal.channel == channel.name
    by_file = Description(
        sampling_rate_hz=channel.sampling_rate,
        shaft_rpm=None if speed_hz is None else round(speed_hz * 60, 9),
        unit=channel.unit,
        rig=proposal.rig if proposal is not None and is_theirs else None,
    )
    by_file = replace(by_file, origin={one: "file" for one in FIELDS if getattr(by_file, one) is not None})
    completed = combine(description, by_file)
    completed = replace(
        completed,
        channel=channel.name,
        origin={**completed.origin, "channel": description.origin.get("channel", "file")},
    )
    assert completed.sampling_rate_hz is not None
    signal = Signal(
        channel.samples[None, :],
        completed.sampling_rate_hz,
        (Channel(channel.name, completed.unit, channel.kind, completed.bearing),),
        None if completed.shaft_rpm is None else completed.shaft_rpm / 60,
    )
    return signal, completed


def find_channel(name: str, channels: Sequence[FoundChannel], chosen: str | None) -> FoundChannel:
    """Return the vibration channel that is meant.

    Parameters
    ----------
    name : str
        Of the file, for errors.
    channels : sequence of FoundChannel
        All that the file holds.
    chosen : str or None
        A channel's name, or its number from 1 in the file's order. A column of time has no number, the columns
        of a clock have: PRONOSTIA's hour, minute, second and microsecond are 1 to 4, horizontal acceleration is
        5. Columns without a heading are called by that number, so that name and number never disagree. ``None``
        means the only vibration channel.

    Raises
    ------
    ChannelNotChosenError, ChannelUnknownError, NotVibrationError
    """
    names = [channel.name for channel in channels]
    if chosen is None:
        vibrations = [channel for channel in channels if channel.kind == "vibration"]
        if len(vibrations) > 1:
            raise ChannelNotChosenError(name, names)
        found = vibrations[0] if vibrations else channels[-1]
    elif chosen in names:
        found = channels[names.index(chosen)]
    elif chosen.isascii() and chosen.isdigit() and 1 <= int(chosen) <= len(channels):
        found = channels[int(chosen) - 1]
    else:
        raise ChannelUnknownError(name, chosen, names)
    if found.kind != "vibration":
        raise NotVibrationError(name, found.name, _HELD[found.kind])
    return found


def _number(column: str, value: object, name: str) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DescriptionError(name, f"{column} is {value}, but must be a number")
    return number
