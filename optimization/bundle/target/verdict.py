"""From logits to one answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .terms import Terms

INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one answer for a recording.

    Attributes
    ----------
    label : str
        A class, or ``inconclusive`` below the threshold.
    confidence : float
        Highest mean probability over the judged windows.
    windows : int
        Windows judged.
    share : float
        Share of them whose own class is the one with that probability.
    """

    label: str
    confidence: float
    windows: int
    share: float


def probabilities_of(logits: NDArray[np.float32], terms: Terms) -> NDArray[np.float64]:
    """Return the softmax of logits, of shape (W, K), divided by the network's temperature."""
    scaled = logits.astype(np.float64) / terms.temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=-np.inf))
    probabilities: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def judge(probabilities: NDArray[np.float64], terms: Terms) -> Verdict | None:
    """Return the class with the highest mean probability, if it reaches the threshold; ``None`` without windows."""
    if not len(probabilities):
        return None
    mean = probabilities.mean(axis=0)
    best = int(mean.argmax())
    share = float(np.mean(probabilities.argmax(axis=1) == best))
    label = terms.classes[best] if mean[best] >= terms.threshold else INCONCLUSIVE
    return Verdict(label, round(float(mean[best]), 6), len(probabilities), round(share, 6))
