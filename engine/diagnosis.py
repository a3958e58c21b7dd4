"""From a signal to a verdict: windows, probabilities, and the reasons to doubt them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.cautions import Caution, find_cautions
from engine.description import Description
from engine.preparation import prepare
from engine.runtimes.base import Session
from engine.signal import Signal

INCONCLUSIVE = "inconclusive"
CLASS_TITLES: Mapping[str, str] = {
    "normal": "no bearing fault found",
    "inner": "inner race",
    "outer": "outer race",
    "ball": "rolling element",
    INCONCLUSIVE: "inconclusive",
}
SCHEMA = "vibench.diagnosis/1"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one answer for a recording.

    Attributes
    ----------
    label : str
        A class of the card, or ``inconclusive`` below the card's threshold.
    confidence : float
        Highest mean calibrated probability over the judged windows: that of the label, where there is one.
    windows : int
        Number of windows judged.
    share : float
        Share of the judged windows whose own class is the one with that probability.
    """

    label: str
    confidence: float
    windows: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """What a network says of a recording.

    Attributes
    ----------
    recording : mapping
        Name, sha256, channel, unit, samples, sampling_rate_hz and sampling_rate_from, duration_s,
        shaft_speed_rpm, bearing: plain JSON, as ``vibench diagnose --json`` prints it.
    model : mapping of str to str
        Name, variant, digest, backend, runtime.
    verdict : Verdict or None
        ``None`` when no window could be judged; a caution says why.
    classes : tuple of str
        Class of each column of ``probabilities``.
    window_length, window_hop : int
        In samples at the network's rate.
    start_s : ndarray of float64, shape (W,)
        Where each judged window begins, in seconds from the recording's start.
    probabilities : ndarray of float64, shape (W, K)
        Calibrated; each row sums to 1.
    cautions : tuple of Caution
        Reasons to doubt the verdict.
    timing_ms : mapping of str to float
        ``read``, ``prepare``, ``predict``, ``total``.
    opinions : tuple of mapping
        What other methods say beside the network; plain JSON.
    """

    recording: Mapping[str, Any]
    model: Mapping[str, str]
    verdict: Verdict | None
    classes: tuple[str, ...]
    window_length: int
    window_hop: int
    start_s: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    cautions: tuple[Caution, ...]
    timing_ms: Mapping[str, float]
    opinions: tuple[Mapping[str, Any], ...] = field(default=())

    def to_json(self, *, summary: bool = False) -> dict[str, Any]:
        """As ``vibench diagnose --json`` prints it; ``summary`` leaves the windows out."""
        windows = {
            "length": self.window_length,
            "hop": self.window_hop,
            "start_s": np.round(self.start_s, 6).tolist(),
            "probabilities": np.round(self.probabilities, 6).tolist(),
        }
        return {
            "schema": SCHEMA,
            "recording": dict(self.recording),
            "model": dict(self.model),
            "verdict": None if self.verdict is None else asdict(self.verdict),
            "classes": list(self.classes),
            **({} if summary else {"windows": windows}),
            "opinions": [dict(opinion) for opinion in self.opinions],
            "cautions": [asdict(caution) for caution in self.cautions],
            "timing_ms": dict(self.timing_ms),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build again what `to_json` wrote with its windows."""
        windows, verdict = data["windows"], data["verdict"]
        classes = tuple(data["classes"])
        return cls(
            recording=data["recording"],
            model=data["model"],
            verdict=None if verdict is None else Verdict(**verdict),
            classes=classes,
            window_length=windows["length"],
            window_hop=windows["hop"],
            start_s=np.asarray(windows["start_s"], dtype=np.float64),
            probabilities=np.asarray(windows["probabilities"], dtype=np.float64).reshape(-1, len(classes)),
            cautions=tuple(Caution(**caution) for caution in data["cautions"]),
            timing_ms=data["timing_ms"],
            opinions=tuple(data["opinions"]),
        )


def diagnose(
    signal: Signal, description: Description, session: Session, *, name: str, sha256: str, read_ms: float = 0.0
) -> Diagnosis:
    """Ask a network about a recording.

    Parameters
    ----------
    signal : Signal
        One vibration channel.
    description : Description
        What is known of the recording and from whom, as `make_signal` completed it.
    session : Session
        A loaded variant; its card says how the signal is prepared.
    name, sha256 : str
        Name and content of the recording's file.
    read_ms : float
        What reading the file took, for the diagnosis's own account.

    Raises
    ------
    TooShortError
        If the signal is shorter than one window of the network.
    """
    card = session.variant.card
    begun = perf_counter()
    prepared = prepare(signal, card)
    ready = perf_counter()
    count = len(prepared.windows)
    logits = session.predict(prepared.windows) if count else np.empty((0, len(card.classes)), np.float32)
    done = perf_counter()
    probabilities = calibrated_probabilities(logits, card.temperature)
    timing = {"read": read_ms, "prepare": (ready - begun) * 1e3, "predict": (done - ready) * 1e3}
    timing["total"] = sum(timing.values())
    return Diagnosis(
        recording=facts_of(signal, description, name, sha256),
        model=facts_of_model(session),
        verdict=judge(probabilities, card),
        classes=card.classes,
        window_length=card.window,
        window_hop=card.hop,
        start_s=prepared.start_s,
        probabilities=probabilities,
        cautions=find_cautions(signal, description, card, silent=prepared.silent, judged=count),
        timing_ms={step: round(value, 3) for step, value in timing.items()},
    )


def calibrated_probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Softmax of logits of shape (W, K) divided by a temperature (Guo et al., 2017, arXiv:1706.04599)."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=-np.inf))
    probabilities: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def judge(probabilities: NDArray[np.float64], card: ModelCard) -> Verdict | None:
    """Turn probabilities of shape (W, K) into the class with the highest mean, if it reaches the card's threshold."""
    if not len(probabilities):
        return None
    mean = probabilities.mean(axis=0)
    best = int(mean.argmax())
    share = float(np.mean(probabilities.argmax(axis=1) == best))
    label = card.classes[best] if mean[best] >= card.threshold else INCONCLUSIVE
    return Verdict(label, round(float(mean[best]), 6), len(probabilities), round(share, 6))


def facts_of(signal: Signal, description: Description, name: str, sha256: str) -> dict[str, Any]:
    """Return what a diagnosis says of its recording, as plain JSON."""
    (channel,) = signal.channels
    speed = signal.shaft_speed_hz
    return {
        "name": name,
        "sha256": sha256,
        "channel": channel.name,
        "unit": channel.unit,
        "samples": signal.samples.shape[1],
        "sampling_rate_hz": signal.sampling_rate,
        "sampling_rate_from": description.origin.get("sampling_rate_hz"),
        "duration_s": round(signal.duration_s, 6),
        "shaft_speed_rpm": None if speed is None else round(speed * 60, 6),
        "bearing": channel.bearing,
    }


def facts_of_model(session: Session) -> dict[str, str]:
    """Return what a diagnosis says of its network, as plain JSON."""
    variant = session.variant
    return {
        "name": variant.card.name,
        "variant": variant.name,
        "digest": variant.digest,
        "backend": variant.backend,
        "runtime": session.runtime,
    }
