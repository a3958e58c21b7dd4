"""Windows near the decision boundary: where a small error changes a class, and where easy recordings have few."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from optimization.recording_set.members import SetRecording
from optimization.recording_set.strata import evenly_spaced

#: Windows of shape (W, C, L) to logits of shape (W, K), as `engine.runtimes.Session.predict` gives them.
Logits = Callable[[NDArray[np.float32]], NDArray[np.float32]]
#: One window of so many is taken for its nearness to the boundary, the others are spread over time.
NEAR_ONE_OF = 4


def margins_of(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return, of shape (W,), by how much the highest logit of each window exceeds the second; shape (W, K), K >= 2."""
    second, first = np.partition(logits, -2, axis=1)[:, -2:].T
    margins: NDArray[np.float32] = first - second
    return margins


def places_of(count: int, wanted: int, margins: NDArray[np.float32] | None = None, turn: int = 0) -> NDArray[np.int64]:
    """Choose windows of a recording: spread evenly over time and, of one in `NEAR_ONE_OF`, nearest to the boundary.

    Parameters
    ----------
    count : int
        Windows that it holds.
    wanted : int
        How many to choose, at most ``count``.
    margins : ndarray of float32, shape (count,), or None
        Of each window (`margins_of`); without them nothing is known of the boundary.
    turn : int
        Which recording of its class it is, from 0 on, so that of recordings that give one window each, one in
        `NEAR_ONE_OF` gives its nearest.

    Returns
    -------
    ndarray of int64, shape (wanted,)
        Places from 0 on, rising.
    """
    near = 0 if margins is None else near_of(wanted, turn)
    nearest = np.empty(0, np.int64) if margins is None else np.argsort(margins, kind="stable")[:near]
    others = np.setdiff1d(np.arange(count), nearest)
    return np.sort(np.concatenate([nearest, others[evenly_spaced(len(others), wanted - near)]]))


def near_of(wanted: int, turn: int) -> int:
    """Return how many of the windows that a recording gives are its nearest to the boundary."""
    return min(wanted, (wanted + turn % NEAR_ONE_OF) // NEAR_ONE_OF)


def turns_of(members: Sequence[SetRecording]) -> list[int]:
    """Return which recording of its class each member is, from 0 on."""
    seen: dict[Hashable, int] = {}
    turns = []
    for member in members:
        turns.append(seen.get(member.label, 0))
        seen[member.label] = turns[-1] + 1
    return turns
