"""The one form in which a recording's samples travel through Vibench."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import (
    ConstantSignalError,
    EmptySignalError,
    LevelImpossibleError,
    NotFiniteError,
    SamplingRateInvalidError,
    ShaftSpeedInvalidError,
)

Unit = Literal["g", "m/s2", "V"]
Kind = Literal["vibration", "tacho", "temperature", "unknown"]

UNITS: tuple[Unit, ...] = ("g", "m/s2", "V")
HIGHEST_SAMPLING_RATE_HZ = 10e6
HIGHEST_SHAFT_SPEED_HZ = 1_000_000 / 60
#: Far beyond any unit and any converter; past them squares and spectra leave what float32 can hold.
LARGEST_SAMPLE = 1e12
SMALLEST_SWING = 1e-12


@dataclass(frozen=True, slots=True)
class Channel:
    """What is known of one row of a signal.

    Attributes
    ----------
    name : str
        As the file calls it, without its record number: ``DE_time``.
    unit : {"g", "m/s2", "V"} or None
        ``None`` when nobody says.
    kind : {"vibration", "tacho", "temperature", "unknown"}
        What was measured.
    bearing : str or None
        The bearing's type, from which its fault orders follow: ``6205-2RS``.
    """

    name: str
    unit: Unit | None = None
    kind: Kind = "vibration"
    bearing: str | None = None


@dataclass(frozen=True, slots=True, eq=False)  # eq=False: arrays have no single truth value
class Signal:
    """A recording's samples and what is known of how they were taken.

    Attributes
    ----------
    samples : ndarray of float32, shape (C, N)
        One row a channel, in the channel's unit; read-only, finite, N >= 2.
    sampling_rate : float
        In Hz, above 0.
    channels : tuple of Channel
        Name, unit, kind and bearing of each row.
    shaft_speed_hz : float or None
        Revolutions per second; ``None`` when the source does not say.

    Raises
    ------
    SamplingRateInvalidError, ShaftSpeedInvalidError
        If the rate or the speed can't be.
    EmptySignalError, NotFiniteError, ConstantSignalError, LevelImpossibleError
        If a channel has fewer than two samples, holds NaN or infinity, never changes, or is absurdly large or small.
    """

    samples: NDArray[np.float32]
    sampling_rate: float
    channels: tuple[Channel, ...]
    shaft_speed_hz: float | None = None

    def __post_init__(self) -> None:
        samples = np.atleast_2d(np.asarray(self.samples, dtype=np.float32)).view()  # long recordings are not copied
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)
        if len(self.channels) != samples.shape[0]:
            raise ValueError(f"{len(self.channels)} channels named, {samples.shape[0]} rows given")
        name = ", ".join(channel.name for channel in self.channels)
        check_sampling_rate(self.sampling_rate)
        if self.shaft_speed_hz is not None:
            check_shaft_speed(self.shaft_speed_hz)
        if samples.shape[1] < 2:
            raise EmptySignalError(name, samples.shape[1])
        for channel, row in zip(self.channels, samples, strict=True):
            check_row(channel.name, row)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.sampling_rate)

    @property
    def revolutions(self) -> float | None:
        """Turns of the shaft that the signal spans, ``None`` without a speed."""
        return None if self.shaft_speed_hz is None else self.duration_s * self.shaft_speed_hz


def check_sampling_rate(rate_hz: float) -> None:
    """Raise `SamplingRateInvalidError` unless ``0 < rate_hz <= 10 MHz``."""
    if not 0 < rate_hz <= HIGHEST_SAMPLING_RATE_HZ:  # NaN fails every comparison
        raise SamplingRateInvalidError(f"{rate_hz:g} Hz")


def check_shaft_speed(speed_hz: float) -> None:
    """Raise `ShaftSpeedInvalidError` unless ``0 <= speed_hz <= 1,000,000 / 60``; 0 is a machine that stands still."""
    if not 0 <= speed_hz <= HIGHEST_SHAFT_SPEED_HZ:
        raise ShaftSpeedInvalidError(f"{speed_hz * 60:g} rpm")


def check_row(channel: str, row: NDArray[np.float32]) -> None:
    """Raise what `Signal` raises of samples, where those of one channel, of shape (N,), can't be a vibration."""
    lowest, highest = float(row.min()), float(row.max())  # both are NaN if any sample is, so one pass finds it
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise NotFiniteError(channel, int(np.argmin(np.isfinite(row))))
    if lowest == highest:
        raise ConstantSignalError(channel)
    reach = max(abs(lowest), abs(highest))
    if reach > LARGEST_SAMPLE or highest - lowest < SMALLEST_SWING:
        raise LevelImpossibleError(channel, reach)
