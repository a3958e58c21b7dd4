"""The windows from which static quantisation reads the ranges of activations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.errors import CalibrationError
from optimization.noise import Whiteness, noise_among, whiteness_of
from optimization.recording_set import CALIBRATION_SEED, RecordingSet, SetRecording, simulated_for
from optimization.recording_set.boundary import Logits, margins_of, near_of, places_of, turns_of
from optimization.recording_set.strata import shares_of

#: Windows that ranges are read from unless somebody wants more; more rarely change a verdict.
WINDOWS = 64
#: Up to so many windows are kept from the time they are chosen; more are loaded again, batch by batch.
HELD = 256
SIMULATED_RECORDINGS = 64  #: different machines at most; who wants more windows gets more of each


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Windows of one recording.

    Attributes
    ----------
    recording : SetRecording
        Which one.
    places : ndarray of int64, shape (W,)
        Which of its windows, from 0 on.
    held : ndarray of float32, shape (W, C, L), or None
        The windows, where they are few; otherwise they are loaded when they are needed.
    """

    recording: SetRecording
    places: NDArray[np.int64]
    held: NDArray[np.float32] | None

    def windows(self, card: ModelCard) -> NDArray[np.float32]:
        """Return the windows, of shape (W, C, L); raises `SignalError` if the recording can't be read."""
        return self.recording.windows(card)[self.places] if self.held is None else self.held


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Windows and where they come from; however many they are, no more than a few recordings' lie in memory.

    Attributes
    ----------
    parts : tuple of Part
        The recordings that give windows, in the order of their set.
    card : ModelCard
        How windows are cut and prepared.
    provenance : mapping
        As ``variant.json`` keeps it, plain JSON: ``source`` (``simulated`` or ``recordings``), ``windows`` (count),
        ``recordings`` (name, digest, label, specimen of each that gave one), ``seed`` where simulated, ``noise``, true
        where recordings of random noise are among them, and ``near_boundary``, how many windows were taken for their
        nearness to the decision boundary, where that was asked.
    noise : tuple of str
        Names of the recordings that hold random noise instead of a machine (`optimization.noise`).
    """

    parts: tuple[Part, ...]
    card: ModelCard
    provenance: Mapping[str, Any]
    noise: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many windows there are."""
        return sum(len(part.places) for part in self.parts)

    @property
    def windows(self) -> NDArray[np.float32]:
        """All windows at once, of shape (W, C, L), for those who asked for few."""
        none = np.empty((0, self.card.channels, self.card.window), np.float32)
        return np.concatenate([none, *(part.windows(self.card) for part in self.parts)])

    def batches(self, size: int) -> Iterator[NDArray[np.float32]]:
        """Yield the windows in their order, ``size`` at once and at last what is left, of shape (W, C, L).

        Recordings are loaded one by one, and each is let go before the next.

        Raises
        ------
        SignalError
            If a recording can't be read.
        """
        left = np.empty((0, self.card.channels, self.card.window), np.float32)
        for part in self.parts:
            left = np.concatenate([left, part.windows(self.card)])
            whole = len(left) // size * size
            for start in range(0, whole, size):
                yield left[start : start + size]
            left = left[whole:].copy()  # a view would keep the windows before it
        if len(left):
            yield left


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What choosing needs to know of a recording.

    Attributes
    ----------
    count : int
        Windows that it holds.
    whiteness : Whiteness or None
        How near it is to noise; ``None`` where it was simulated, or holds no window.
    share : int
        Windows that it is expected to give.
    held : ndarray of float32, shape (W, C, L), or None
        Those, where they are to be kept.
    margins : ndarray of float32, shape (count,), or None
        How far each of its windows is from the decision boundary, where that is known.
    turn : int
        Which recording of its class it is.
    """

    count: int
    whiteness: Whiteness | None
    share: int
    held: NDArray[np.float32] | None
    margins: NDArray[np.float32] | None = None
    turn: int = 0

    def part(self, recording: SetRecording, share: int) -> Part:
        """Return so many windows of the recording."""
        places = places_of(self.count, share, self.margins, self.turn)
        return Part(recording, places, self.held if share == self.share else None)


def calibrate_on(
    recordings: RecordingSet, card: ModelCard, *, windows: int = WINDOWS, logits: Logits | None = None
) -> Calibration:
    """Choose windows evenly over the classes, the speeds, the loads, the recordings and their time.

    Recordings are loaded one by one. One that is shorter than a window, or in which nothing moves, gives none, and
    others give more; fewer windows than asked for are chosen where there are no more.

    Parameters
    ----------
    recordings : RecordingSet
        What to choose from.
    card : ModelCard
        How windows are cut and prepared.
    windows : int
        How many, at least 1.
    logits : callable or None
        Answers of the network that ranges are read for: then one window in four is the nearest to its decision
        boundary (`boundary.places_of`).

    Raises
    ------
    CalibrationError
        If no recording gives a window, or none is asked for.
    SignalError
        If a recording can't be read.
    """
    if windows < 1:
        raise CalibrationError(f"Ranges can't be read from {windows} windows", f"ask for 1 or more, such as {WINDOWS}")
    members = recordings.recordings
    looks, shares = look_and_share(recordings, card, windows, logits)
    parts = tuple(looks[index].part(members[index], share) for index, share in enumerate(shares) if share)
    if not parts:
        raise CalibrationError(
            f"None of {len(members)} recordings holds a window of {card.title}, {card.window_s:.3g} s",
            "choose longer recordings, of a machine that runs",
        )
    noise = noise_of(members, {index: looks[index].whiteness for index, share in enumerate(shares) if share})
    provenance = {
        **recordings.described(),
        "windows": sum(shares),
        "recordings": [part.recording.described() for part in parts],
        **({} if logits is None else {"near_boundary": sum(map(near_of, shares, turns_of(members)))}),
        **({"noise": True} if noise else {}),
    }
    return Calibration(parts, card, provenance, noise)


def require_machines(calibration: Calibration) -> None:
    """Raise `CalibrationError` naming the first recording of random noise, if there is one among the chosen."""
    if not calibration.noise:
        return
    others = len(calibration.noise) - 1
    more = f", and {others} more of {len(calibration.parts)}" if others else ""
    raise CalibrationError(
        f"{calibration.noise[0]} holds random noise{more}: no line, no resonance, no impulse",
        "choose recordings of a machine that runs, or force it (--force-noise), and the variant will say so",
    )


def noise_of(members: Sequence[SetRecording], judged: Mapping[int, Whiteness | None]) -> tuple[str, ...]:
    """Return the names of the recordings that hold random noise, of those that were judged."""
    found = {index: whiteness for index, whiteness in judged.items() if whiteness is not None}
    said = zip(found, noise_among(list(found.values())), strict=True)
    return tuple(members[index].name for index, noise in said if noise)


def look_and_share(
    recordings: RecordingSet, card: ModelCard, windows: int, logits: Logits | None
) -> tuple[dict[int, Look], list[int]]:
    """Load the recordings that are to give windows, and say how many each of the set gives."""
    members = recordings.recordings
    held = [windows] * len(members)  # before a recording is loaded: as many as could be asked of it
    looks: dict[int, Look] = {}
    turns = turns_of(members)
    shares = shares_of(members, held, windows)
    # Another round only where a recording held fewer windows than its share, so that others are asked.
    while asked := [index for index, share in enumerate(shares) if share and index not in looks]:
        for index in asked:
            looks[index] = look(
                members[index], card, shares[index], keep=windows <= HELD, logits=logits, turn=turns[index]
            )
            held[index] = min(windows, looks[index].count)
        shares = shares_of(members, held, windows)
    return looks, shares


def look(
    recording: SetRecording, card: ModelCard, share: int, *, keep: bool, logits: Logits | None = None, turn: int = 0
) -> Look:
    """Load a recording, count its windows, judge how near they are to noise and to the boundary, keep those chosen."""
    found = recording.windows(card)
    share = min(share, len(found))
    judged = len(found) and not recording.simulated  # a simulated one is known to be of a machine
    whiteness = whiteness_of(found, card, recording.sampling_rate_hz) if judged else None
    margins = margins_of(logits(found)) if logits is not None and len(found) else None
    held = found[places_of(len(found), share, margins, turn)] if keep else None
    return Look(len(found), whiteness, share, held, margins, turn)


def simulated_calibration(card: ModelCard, *, windows: int = WINDOWS) -> Calibration:
    """Windows of seeded simulated recordings; the same for the same card, wherever they are made."""
    each = -(-windows // SIMULATED_RECORDINGS)
    count = max(1, min(windows, SIMULATED_RECORDINGS))
    return calibrate_on(simulated_for(card, count, seed=CALIBRATION_SEED, windows_each=each), card, windows=windows)
