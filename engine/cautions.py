"""Reasons to doubt a diagnosis, each a code and a sentence."""

from dataclasses import dataclass

from engine.card import ModelCard
from engine.description import Description
from engine.signal import Signal

#: Root mean square below which no machine turns at the sensor, a few times the noise of a common accelerometer.
STANDSTILL = {"g": 0.002, "m/s2": 0.02}


@dataclass(frozen=True, slots=True)
class Caution:
    """A reason to doubt a diagnosis.

    Attributes
    ----------
    code : str
        In kebab case, for programs: ``rig-not-validated``.
    message : str
        One sentence for people.
    """

    code: str
    message: str


def find_cautions(
    signal: Signal, description: Description, card: ModelCard, *, silent: int, judged: int
) -> tuple[Caution, ...]:
    """Return every reason to doubt a diagnosis that the signal and the card give."""
    (channel,) = signal.channels
    found = []
    if not card.validated_on(description.rig, channel.bearing):
        rigs = ", ".join(rig.name for rig in card.rigs) or "none"
        found.append(
            Caution(
                "rig-not-validated",
                f"{card.title} was not validated on this machine (only on {rigs}). {card.elsewhere}",
            )
        )
    if stands_still(signal):
        found.append(
            Caution("standstill", "The level says that the machine stands still; a verdict means nothing then.")
        )
    if signal.shaft_speed_hz is not None and 0 < signal.shaft_speed_hz * card.window_s < 1:
        turns = signal.shaft_speed_hz * card.window_s
        found.append(
            Caution("under-one-revolution", f"A window of the network spans {turns:.2f} revolutions, less than one.")
        )
    if signal.sampling_rate / 2 < card.band_hz[1]:
        found.append(
            Caution(
                "upsampled",
                f"Recorded at {signal.sampling_rate:g} Hz, the signal holds nothing between "
                f"{signal.sampling_rate / 2:g} and {card.band_hz[1]:g} Hz, where the network was trained to listen.",
            )
        )
    if silent:
        found.append(
            Caution("silent-windows", f"In {silent} of {silent + judged} windows nothing moves; they were not judged.")
        )
    return tuple(found)


def stands_still(signal: Signal) -> bool:
    """Whether the machine does not turn, by a stated speed of zero or, where the unit is known, by the level."""
    if signal.shaft_speed_hz == 0:
        return True
    (channel,) = signal.channels
    limit = STANDSTILL.get(channel.unit or "")
    return limit is not None and float(signal.samples.std()) < limit
