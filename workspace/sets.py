"""Recordings of a workspace as sets that variants are calibrated on, proven and measured with."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from engine.signal import Signal
from optimization.recording_set import RecordingSet, SetRecording, described_recording

if TYPE_CHECKING:
    from workspace.workspace import Workspace


def recording_set(workspace: "Workspace", ids: Sequence[str]) -> RecordingSet:
    """Return recordings as a set, their samples on disk until they are needed.

    Parameters
    ----------
    workspace : Workspace
        Holds them.
    ids : sequence of str
        Of the recordings; one that is named twice is taken once.

    Raises
    ------
    RecordingNotFoundError
        If there is none of an id.
    SignalError
        If something must still be said of one, or it can't be diagnosed.
    """
    return RecordingSet("recordings", tuple(set_recording(workspace, one) for one in dict.fromkeys(ids)))


def set_recording(workspace: "Workspace", recording_id: str) -> SetRecording:
    """Return one recording as a member of a set; raises as `recording_set`."""
    row = workspace.recordings.get(recording_id)
    signal, description = workspace.recordings.signal(recording_id)
    load = partial(signal_of, workspace, recording_id)
    return described_recording(row.name, row.sha256, load, signal, description)


def signal_of(workspace: "Workspace", recording_id: str) -> Signal:
    """Return the signal of a recording."""
    return workspace.recordings.signal(recording_id)[0]
