"""One recording as the workspace keeps it, and the columns of its row."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row

from engine.description import Description, make_signal
from engine.errors import ChannelNotChosenError, SamplingRateMissingError, SignalError
from engine.proposals import Proposal, propose
from engine.readers.contents import Contents, FoundChannel, ReadOptions
from engine.signal import Kind, Unit

SILENCE = np.zeros(1, np.float32)
#: A file speaks for itself until somebody says otherwise.
AS_FOUND = ReadOptions()


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What a file says of one of its channels.

    Attributes
    ----------
    name : str
        Without its record number: ``DE_time``.
    samples : int
        How many.
    unit : {"g", "m/s2", "V"} or None
        Of the samples.
    kind : {"vibration", "tacho", "temperature", "unknown"}
        What was measured.
    sampling_rate_hz, shaft_speed_hz : float or None
        In Hz and in revolutions per second.
    """

    name: str
    samples: int
    unit: Unit | None
    kind: Kind
    sampling_rate_hz: float | None
    shaft_speed_hz: float | None


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A recording as the workspace keeps it.

    Attributes
    ----------
    id : str
        Short random text, as addresses hold it.
    name : str
        The file's name as the user knows it: text, never a path.
    sha256 : str
        Of the file.
    size_bytes : int
        Of the file.
    added_at : datetime
        In UTC.
    format : str
        Key of the reader.
    channels : tuple of ChannelFacts
        In the file's order.
    record_number : int or None
        Case Western's number, where the file carries one.
    reading : ReadOptions
        How a text file is laid out, where somebody said so.
    description : Description
        What has been said of it.
    proposal : Proposal or None
        What could be said of it, for somebody to confirm.
    problem : str or None
        Why it can't be diagnosed as it is described, as a sentence.
    missing : tuple of str
        What must still be said before it can be diagnosed: of ``sampling_rate_hz``, ``channel``.
    duration_s : float or None
        Length of the channel to diagnose, ``None`` while that or its rate is open.
    """

    id: str
    name: str
    sha256: str
    size_bytes: int
    added_at: datetime
    format: str
    channels: tuple[ChannelFacts, ...]
    record_number: int | None
    reading: ReadOptions
    description: Description
    proposal: Proposal | None
    problem: str | None
    missing: tuple[str, ...]
    duration_s: float | None


def new_values(name: str, contents: Contents, description: Description) -> dict[str, Any]:
    """Return the columns of a new recording's row that follow from what was read and said."""
    return {
        "id": secrets.token_hex(5),
        "name": name,
        "added_at": datetime.now(UTC),
        **read_values(contents, AS_FOUND),
        **assess(name, contents, description),
    }


def read_values(contents: Contents, reading: ReadOptions) -> dict[str, Any]:
    """Return the columns that follow from what was read of a file, and how."""
    channels = [
        ChannelFacts(found.name, len(found.samples), found.unit, found.kind, found.sampling_rate, found.shaft_speed_hz)
        for found in contents.channels
    ]
    return {
        "format": contents.format,
        "channels": [asdict(facts) for facts in channels],
        "record_number": contents.record_number,
        "reading": asdict(reading),
    }


def assess(
    name: str, contents: Contents, description: Description, refuse: tuple[type[SignalError], ...] = ()
) -> dict[str, Any]:
    """Return the columns that follow from what is said of a recording: whether it can be diagnosed, or why not.

    Parameters
    ----------
    name : str
        Of the file.
    contents : Contents
        What it holds.
    description : Description
        What is said of it.
    refuse : tuple of SignalError classes
        Errors to raise; any other becomes the recording's problem.
    """
    missing: list[str] = []
    problem = duration_s = None
    said = description
    while True:
        try:
            signal, _ = make_signal(name, contents, said, None)
        except SamplingRateMissingError:
            missing.append("sampling_rate_hz")
            said = replace(said, sampling_rate_hz=1.0)  # to see what else is open
        except ChannelNotChosenError:
            missing.append("channel")
            said = replace(said, channel=next(found.name for found in contents.channels if found.kind == "vibration"))
        except refuse:
            raise
        except SignalError as error:
            problem = None if "channel" in missing else str(error)
            break
        else:
            duration_s = None if missing else signal.duration_s
            break
    return {
        "description": asdict(description),
        "problem": problem,
        "missing": sorted(missing, reverse=True),
        "duration_s": duration_s,
    }


def samples_key(sha256: str, reading: ReadOptions) -> str:
    """Return what names the samples of a file read in one way: a SHA-256, that of the file where it spoke for itself.

    Whoever still holds a row of before the file was read again thus finds, or makes, the samples of before.
    """
    if reading == AS_FOUND:
        return sha256
    said = json.dumps([sha256, asdict(reading)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def row_of(found: Row[Any]) -> RecordingRow:
    """Build what the pages show from a row of the table."""
    channels = tuple(ChannelFacts(**facts) for facts in found.channels)
    # A proposal follows from names and lengths alone, so no sample is read for a list.
    outline = contents_of(
        found.format, channels, [np.broadcast_to(SILENCE, facts.samples) for facts in channels], found.record_number
    )
    return RecordingRow(
        id=found.id,
        name=found.name,
        sha256=found.sha256,
        size_bytes=found.size_bytes,
        added_at=found.added_at,
        format=found.format,
        channels=channels,
        record_number=found.record_number,
        reading=ReadOptions(**found.reading),
        description=Description(**found.description),
        proposal=propose(outline, found.name),
        problem=found.problem,
        missing=tuple(found.missing),
        duration_s=found.duration_s,
    )


def contents_of(
    format_: str,
    channels: Sequence[ChannelFacts],
    samples: Sequence[NDArray[np.float32]],
    record_number: int | None,
) -> Contents:
    """Return again what was read of a file, from the facts of its channels and their samples, each of shape (N,)."""
    found = (
        FoundChannel(facts.name, values, facts.sampling_rate_hz, facts.shaft_speed_hz, facts.unit, facts.kind)
        for facts, values in zip(channels, samples, strict=True)
    )
    return Contents(format_, tuple(found), record_number)
