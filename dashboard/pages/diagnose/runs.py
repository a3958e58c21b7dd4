"""Windows in a row of which a network says the same, and where two variants say different things."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.diagnosis import Diagnosis


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Windows in a row whose most probable class is the same, all of them sure or all of them uncertain.

    Attributes
    ----------
    start_s, end_s : float
        What it covers of the recording: each window up to the beginning of the next, the last one whole.
    label : str
        The class.
    uncertain : bool
        Whether no class reaches the card's threshold.
    windows : int
        How many.
    probabilities : ndarray of float64, shape (K,)
        Their mean, one a class.
    """

    start_s: float
    end_s: float
    label: str
    uncertain: bool
    windows: int
    probabilities: NDArray[np.float64]


def runs_of(diagnosis: Diagnosis, card: ModelCard) -> list[Run]:
    """Return the windows of a diagnosis as runs, in their order; windows that were not judged leave gaps."""
    count = len(diagnosis.start_s)
    if not count:
        return []
    hop_s = card.hop / card.sampling_rate_hz
    best = diagnosis.probabilities.argmax(axis=1)
    uncertain = uncertain_windows(diagnosis, card)
    gap = np.diff(diagnosis.start_s) > 1.5 * hop_s
    changes = np.flatnonzero((np.diff(best) != 0) | (np.diff(uncertain.astype(int)) != 0) | gap) + 1
    edges = [0, *changes.tolist(), count]
    runs = [
        Run(
            start_s=float(diagnosis.start_s[first]),
            end_s=float(diagnosis.start_s[last - 1]) + hop_s,
            label=diagnosis.classes[best[first]],
            uncertain=bool(uncertain[first]),
            windows=last - first,
            probabilities=diagnosis.probabilities[first:last].mean(axis=0),
        )
        for first, last in pairwise(edges)
    ]
    runs[-1] = replace(runs[-1], end_s=float(diagnosis.start_s[-1]) + card.window_s)
    return runs


def uncertain_windows(diagnosis: Diagnosis, card: ModelCard) -> NDArray[np.bool_]:
    """Return for each window, shape (W,), whether no class reaches the card's threshold."""
    return np.asarray(diagnosis.probabilities.max(axis=1, initial=0.0) < card.threshold)


@dataclass(frozen=True, slots=True)
class Difference:
    """Windows in a row of which two variants name different classes, always the same two.

    Attributes
    ----------
    start_s, end_s : float
        What they cover of the recording, as of a `Run`.
    windows : int
        How many.
    label, other : str
        What the first variant says, and what the second.
    """

    start_s: float
    end_s: float
    windows: int
    label: str
    other: str


def differences(diagnosis: Diagnosis, other: Diagnosis, card: ModelCard) -> list[Difference]:
    """Return where two variants of one network differ, in order; nothing if they judged different windows."""
    if not np.array_equal(diagnosis.start_s, other.start_s):
        return []
    hop_s = card.hop / card.sampling_rate_hz
    best = np.stack([one.probabilities.argmax(axis=1) for one in (diagnosis, other)], axis=1)
    found: list[Difference] = []
    for start, (mine, its) in zip(diagnosis.start_s.tolist(), best.tolist(), strict=True):
        if mine == its:
            continue
        labels = diagnosis.classes[mine], diagnosis.classes[its]
        last = found[-1] if found else None
        if last and (last.label, last.other) == labels and start - last.end_s < 0.5 * hop_s:
            found[-1] = replace(last, end_s=start + hop_s, windows=last.windows + 1)
        else:
            found.append(Difference(start, start + hop_s, 1, *labels))
    return found


def spans_around(places: Sequence[Run | Difference], duration_s: float) -> list[tuple[float, float]]:
    """Return what to show of the recording for each place: it in the middle third."""
    spans = []
    for place in places:
        margin = place.end_s - place.start_s
        spans.append((max(place.start_s - margin, 0.0), min(place.end_s + margin, duration_s)))
    return spans
