"""What a network takes, what it answers, and how well it was shown to."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

from engine.errors import DamagedModelError

Normalisation = Literal["zscore"]


@dataclass(frozen=True, slots=True)
class Rig:
    """A machine on which the network was tested.

    Attributes
    ----------
    name : str
        As recordings name their rig: ``cwru``.
    bearing : str
        Bearing type whose recordings were used.
    note : str
        One sentence: which positions, loads and speeds.
    """

    name: str
    bearing: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The terms of a network; every variant carries them.

    Attributes
    ----------
    name : str
        The network's name: ``wdcnn``.
    title : str
        For people: ``WDCNN``.
    reference : str
        Author, year and title of the architecture.
    sampling_rate_hz : float
        Rate at which the network sees a signal.
    window, hop : int
        Length and step of its windows, in samples at that rate.
    band_hz : tuple of float
        Lower and upper edge of the band that windows may hold; above the upper edge preparation leaves
        60 dB less.
    channels : int
        Channels of a window.
    normalisation : {"zscore"}
        Each window has its mean taken off and is divided by its standard deviation.
    classes : tuple of str
        Class of each logit.
    temperature : float
        Logits are divided by it before the softmax (Guo et al., 2017).
    threshold : float
        Mean calibrated probability below which a verdict is ``inconclusive``.
    rigs : tuple of Rig
        Where it was validated; elsewhere a diagnosis carries the caution ``rig-not-validated``.
    elsewhere : str
        One sentence with figures: how it does on other machines.
    training, evaluation : mapping
        How it was trained; protocols with counts and confusion matrices. Plain JSON.
    """

    name: str
    title: str
    reference: str
    sampling_rate_hz: float
    window: int
    hop: int
    band_hz: tuple[float, float]
    classes: tuple[str, ...]
    temperature: float
    threshold: float
    channels: int = 1
    normalisation: Normalisation = "zscore"
    rigs: tuple[Rig, ...] = ()
    elsewhere: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lower, upper = self.band_hz
        sound = (
            0 < self.hop <= self.window
            and 0 <= lower < upper <= self.sampling_rate_hz / 2
            and len(set(self.classes)) == len(self.classes) >= 2
            and self.channels >= 1
            and self.temperature > 0
            and 0 <= self.threshold < 1
            and self.normalisation == "zscore"
        )
        if not sound:
            raise DamagedModelError(f"the card of {self.name}", "its numbers contradict each other")

    @property
    def window_s(self) -> float:
        """Length of a window in seconds."""
        return self.window / self.sampling_rate_hz

    def validated_on(self, rig: str | None, bearing: str | None) -> bool:
        """Whether the card lists the rig, with that bearing where it is known."""
        return any(rig == known.name and bearing in (None, known.bearing) for known in self.rigs)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` takes it back."""
        return asdict(self)

    def digest_text(self) -> str:
        """The card as one line that is the same for equal cards, for cache keys."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the card that `to_json` wrote.

        Raises
        ------
        DamagedModelError
            If a field is missing, unknown, of the wrong type or impossible.
        """
        name = str(data.get("name", "?"))
        try:
            values = {**data}
            values["band_hz"] = tuple(float(edge) for edge in data["band_hz"])
            values["classes"] = tuple(str(key) for key in data["classes"])
            values["rigs"] = tuple(Rig(**rig) for rig in data.get("rigs", ()))
            for number in ("sampling_rate_hz", "temperature", "threshold"):
                values[number] = float(data[number])
            for count in ("window", "hop", "channels"):
                values[count] = int(data[count]) if count in data else 1
            if unknown := set(values) - {known.name for known in fields(cls)}:
                raise ValueError(f"unknown fields {', '.join(sorted(unknown))}")
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedModelError(f"the card of {name}", str(error)) from error
