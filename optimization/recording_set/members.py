"""What a set holds: recordings that are loaded when they are needed, and where they come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.description import Description
from engine.errors import CalibrationError, TooShortError
from engine.preparation import prepare
from engine.signal import Signal

Source = Literal["simulated", "recordings", "both"]


@dataclass(frozen=True, slots=True)
class SetRecording:
    """One recording of a set; its signal is loaded when it is needed, so that a set may be larger than memory.

    Attributes
    ----------
    name : str
        As people know it.
    digest : str
        SHA-256 of the file; for a simulated recording, of its parameters. Two sets overlap where digests agree.
    load : callable
        Returns the signal to diagnose.
    sampling_rate_hz : float
        Of that signal.
    label : str or None
        Known condition.
    specimen : str or None
        The physical bearing.
    shaft_speed_hz : float or None
        Revolutions per second, as its description says.
    machine_load : str or None
        Of the machine, as the column ``load`` of its description says: ``2 hp``.
    rig : str or None
        The machine.
    simulated : bool
        Whether nobody measured it.
    """

    name: str
    digest: str
    load: Callable[[], Signal]
    sampling_rate_hz: float
    label: str | None = None
    specimen: str | None = None
    shaft_speed_hz: float | None = None
    machine_load: str | None = None
    rig: str | None = None
    simulated: bool = False

    def windows(self, card: ModelCard) -> NDArray[np.float32]:
        """Load the signal and prepare its windows, of shape (W, C, L); none where it is shorter than a window."""
        try:
            return prepare(self.load(), card).windows
        except TooShortError:
            return np.empty((0, card.channels, card.window), np.float32)

    def described(self) -> dict[str, Any]:
        """Which recording it is, as plain JSON."""
        return {"name": self.name, "digest": self.digest, "label": self.label, "specimen": self.specimen}


def described_recording(
    name: str, digest: str, load: Callable[[], Signal], signal: Signal, description: Description
) -> SetRecording:
    """Make a member of a set of a measured recording and what is said of it; ``signal`` is not kept."""
    return SetRecording(
        name=name,
        digest=digest,
        load=load,
        sampling_rate_hz=signal.sampling_rate,
        label=None if description.label == "unknown" else description.label,
        specimen=description.specimen,
        shaft_speed_hz=signal.shaft_speed_hz,
        machine_load=description.notes.get("load"),
        rig=description.rig,
    )


@dataclass(frozen=True, slots=True)
class RecordingSet:
    """Recordings, and where they come from; ``simulated`` is said wherever the variant is shown.

    Attributes
    ----------
    source : {"simulated", "recordings", "both"}
        Where they come from.
    recordings : tuple of SetRecording
        In a fixed order.
    seed : int or None
        Of the simulated ones.
    """

    source: Source
    recordings: tuple[SetRecording, ...]
    seed: int | None = None

    def described(self) -> dict[str, Any]:
        """Where they come from, as plain JSON: source, seed of simulated ones, and `SetRecording.described` of each."""
        seed = {} if self.seed is None else {"seed": self.seed}
        return {"source": self.source, **seed, "recordings": [recording.described() for recording in self.recordings]}


def require_rate(recordings: Sequence[SetRecording], card: ModelCard) -> None:
    """Raise `CalibrationError` naming the first recording that was not sampled at the card's rate."""
    for recording in recordings:
        if recording.sampling_rate_hz != card.sampling_rate_hz:
            raise CalibrationError(
                f"{recording.name} was sampled at {recording.sampling_rate_hz:g} Hz, "
                f"{card.title} listens at {card.sampling_rate_hz:g} Hz",
                "choose recordings of that rate, or accept resampled ones with --resample",
            )
