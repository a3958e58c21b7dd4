"""What the network takes and answers: ``preprocessing.json`` and ``labels.json`` of a bundle."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputError


@dataclass(frozen=True, slots=True)
class Terms:
    """How a recording becomes windows, and logits a verdict.

    Attributes
    ----------
    sampling_rate_hz : float
        Rate at which the network sees a recording.
    window, hop : int
        Length of its windows and step from one to the next, in samples at that rate.
    band_upper_hz : float
        Upper edge of the band that windows may hold.
    silence : float
        A window whose standard deviation is not above this share of the recording's is not judged.
    classes : tuple of str
        Class of each logit.
    temperature : float
        Logits are divided by it before the softmax.
    threshold : float
        Mean probability below which a verdict is ``inconclusive``.
    validated : str
        On which machines the network was validated, and how it does elsewhere.
    """

    sampling_rate_hz: float
    window: int
    hop: int
    band_upper_hz: float
    silence: float
    classes: tuple[str, ...]
    temperature: float
    threshold: float
    validated: str

    @property
    def hop_s(self) -> float:
        """Step from one window to the next, in seconds."""
        return self.hop / self.sampling_rate_hz

    @classmethod
    def load(cls, folder: Path) -> "Terms":
        """Read the terms of the bundle in ``folder``; raises `InputError` if it is none."""
        preprocessing, labels = read_json(folder / "preprocessing.json"), read_json(folder / "labels.json")
        return cls(
            sampling_rate_hz=float(preprocessing["sampling_rate_hz"]),
            window=int(preprocessing["window"]),
            hop=int(preprocessing["hop"]),
            band_upper_hz=float(preprocessing["band_hz"][1]),
            silence=float(preprocessing["silence"]),
            classes=tuple(labels["classes"]),
            temperature=float(labels["temperature"]),
            threshold=float(labels["threshold"]),
            validated=str(labels["validated"]),
        )


def read_json(path: Path) -> Any:
    """Read a file of the bundle; raises `InputError` if it is missing or no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path.name} is missing: unpack the bundle again, all of it into one folder") from error
    except ValueError as error:
        raise InputError(f"{path.name} is damaged: unpack the bundle again") from error
