"""What is known of a recording: what was said of it, and what its file says."""

from dataclasses import replace
from typing import Any

from engine.description import OF_A_CHANNEL, Description, combine
from engine.signal import Channel, Signal
from workspace.recording import ChannelFacts, RecordingRow
from workspace.workspace import Workspace


def channels_to_choose(row: RecordingRow) -> list[ChannelFacts]:
    """Return the channels that can be diagnosed; a file without any shows what it has."""
    return [channel for channel in row.channels if channel.kind == "vibration"] or list(row.channels)


def channel_named(row: RecordingRow, chosen: str | None) -> ChannelFacts | None:
    """Return the channel that is meant, as `engine.description.find_channel` does, ``None`` while that is open."""
    if chosen is None:
        only = channels_to_choose(row)
        return only[0] if len(only) == 1 else None
    by_name = {channel.name: channel for channel in row.channels}
    by_number = {str(number): channel for number, channel in enumerate(row.channels, start=1)}
    return by_name.get(chosen) or by_number.get(chosen)


def known_of(row: RecordingRow, channel: str | None = None) -> Description:
    """Return what is known of a channel, the one to diagnose if left out: what was said, then what the file says."""
    shown = channel_named(row, channel or row.description.channel)
    said = said_of(row, shown)
    told = [shown] if shown is not None else channels_to_choose(row)
    rates, speeds = {one.sampling_rate_hz for one in told}, {one.shaft_speed_hz for one in told}
    speed_hz = speeds.pop() if len(speeds) == 1 else None
    by_file = {
        "sampling_rate_hz": rates.pop() if len(rates) == 1 else None,
        "shaft_rpm": None if speed_hz is None else round(speed_hz * 60, 9),
        "unit": shown.unit if shown is not None else None,
    }
    origin = {name: "file" for name, value in by_file.items() if value is not None}
    known = combine(said, Description(**by_file, origin=origin))  # type: ignore[arg-type]
    if shown is None:
        return known
    return replace(known, channel=shown.name, origin={"channel": "file", **known.origin})


def said_of(row: RecordingRow, channel: ChannelFacts | None) -> Description:
    """Return what was said, for a channel: bearing, unit and the like hold for the one to diagnose and no other."""
    diagnosed = channel_named(row, row.description.channel)
    if diagnosed is None or channel == diagnosed:
        return row.description
    dropped: dict[str, Any] = dict.fromkeys(OF_A_CHANNEL)
    return replace(row.description, **dropped)


def signal_of(workspace: Workspace, row: RecordingRow, channel: str) -> Signal | None:
    """Return one channel as a signal with what is known of it, ``None`` while its rate is not.

    Raises
    ------
    SignalError
        If the channel can't be a vibration, or what was said of it can't be.
    """
    known = known_of(row, channel)
    if known.sampling_rate_hz is None:
        return None
    samples = workspace.recordings.channel(row.id, channel)
    speed_hz = None if known.shaft_rpm is None else known.shaft_rpm / 60
    described = Channel(channel, unit=known.unit, bearing=known.bearing)
    return Signal(samples[None, :], known.sampling_rate_hz, (described,), speed_hz)
