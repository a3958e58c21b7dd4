"""The labelled windows that a network learns from, and the held-out ones that say when it has learned enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.errors import CalibrationError
from engine.networks.examples import Augmentation, Variation
from engine.simulation.rolling import CONDITIONS
from optimization.progress import Progress, silent
from optimization.recording_set import LEARNING_SEED, RecordingSet, SetRecording, parts_of, simulated_for, split
from optimization.recording_set.strata import evenly_spaced

#: Simulated recordings at most, each another machine.
SIMULATED = 800
#: Windows of each of them, when there are as many as can be.
WINDOWS_EACH = 10
#: Share of the windows that are varied: other mountings, more noise, so that what is learned holds beyond the set.
VARIED = 0.5
#: Held-out windows: one for so many that are learned from, within these limits.
LEARNED_FOR_EACH = 8
HELD_OUT = (64, 512)
FEWEST = 2  #: windows in a batch whose spread batch normalisation can tell
CHUNK = 256  #: windows varied at once; their spectra take memory


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """What is learned from, and what learning is judged by; no recording serves both.

    Attributes
    ----------
    windows, held_out : ndarray of float32, shape (W, C, L)
        As the network sees them.
    labels, held_out_labels : ndarray of int64, shape (W,)
        Places of their classes on the card.
    provenance : mapping
        Every recording that gave one, as `RecordingSet.described`, and how many ``windows``; plain JSON.
    """

    windows: NDArray[np.float32]
    labels: NDArray[np.int64]
    held_out: NDArray[np.float32]
    held_out_labels: NDArray[np.int64]
    provenance: Mapping[str, Any]


def lessons_for(
    card: ModelCard,
    recordings: RecordingSet | None,
    *,
    windows: int,
    seed: int,
    progress: Progress = silent,
) -> Lessons:
    """Gather windows, half of them of one's own recordings where there are any, the others of simulated ones.

    Parameters
    ----------
    card : ModelCard
        How windows are cut and prepared, and of which classes they are.
    recordings : RecordingSet or None
        Labelled ones; a part of them is held out, apart by specimen, where they can be parted.
    windows : int
        How many to learn from; fewer where there are no more.
    seed : int
        Of what varies them.
    progress : callable
        Told how many recordings are read.

    Raises
    ------
    CalibrationError
        If a recording has no label or one that is no class of the card, or if none gives a window; where none can be
        simulated because the card's classes are others, if there are none, or they can't be parted.
    SignalError
        If a recording can't be read.
    """
    simulates = set(CONDITIONS) <= set(card.classes)
    # What can't be parted is judged by simulated recordings alone, where there are any.
    part = parted if simulates else split
    pairs = [part(labelled(recordings, card))] if recordings is not None else []
    if simulates:
        pairs.append(simulated_parts(card, windows // (len(pairs) + 1)))
    if not pairs:
        raise CalibrationError(
            f"The classes of {card.title} are others than those of simulated recordings, so it can't learn from them",
            "give it labelled recordings of your own",
        )
    learned, held_out = zip(*pairs, strict=True)
    fewest, most = HELD_OUT
    judged_by = min(most, max(fewest, windows // LEARNED_FOR_EACH))
    heard, labels = windows_of(learned, windows, card, progress)
    if len(heard) < FEWEST:
        raise CalibrationError("One window is too little to learn from", "learn from longer recordings")
    judged, judged_labels = windows_of(held_out, judged_by, card, progress)
    vary_some(heard, card, np.random.default_rng(seed))
    return Lessons(heard, labels, judged, judged_labels, provenance_of([*learned, *held_out], len(heard)))


def provenance_of(sets: Sequence[RecordingSet], windows: int) -> dict[str, Any]:
    """Return which recordings were learned from or judged by, in the form of `RecordingSet.described`.

    Of simulated ones, which are many, it says no more than what they are known again by.
    """
    members = [member for one in sets for member in one.recordings]
    sources = {one.source for one in sets}
    seed = {"seed": LEARNING_SEED} if any(member.simulated for member in members) else {}
    known = [
        {"name": member.specimen, "digest": member.digest, "specimen": member.specimen}
        if member.simulated
        else member.described()
        for member in members
    ]
    return {"source": "both" if len(sources) > 1 else sources.pop(), **seed, "windows": windows, "recordings": known}


def labelled(recordings: RecordingSet, card: ModelCard) -> RecordingSet:
    """Return the recordings; raises `CalibrationError` naming the first whose label is no class of the card."""
    for recording in recordings.recordings:
        if recording.label not in card.classes:
            said = "has no label" if recording.label is None else f"is labelled {recording.label}"
            raise CalibrationError(
                f"{recording.name} {said}, and {card.title} learns to tell {', '.join(card.classes)}",
                "label it as one of these, or leave it out",
            )
    return recordings


def simulated_parts(card: ModelCard, windows: int) -> tuple[RecordingSet, RecordingSet]:
    """Simulate recordings for so many windows, as many of every class, and a quarter more to hold out."""
    rounds = max(1, min(SIMULATED, windows // WINDOWS_EACH) // len(CONDITIONS))
    learned = rounds * len(CONDITIONS)
    held_out = -(-rounds // 4) * len(CONDITIONS)
    made = simulated_for(card, learned + held_out, seed=LEARNING_SEED)
    return replace(made, recordings=made.recordings[:learned]), replace(made, recordings=made.recordings[learned:])


def parted(recordings: RecordingSet) -> tuple[RecordingSet, RecordingSet]:
    """Part recordings into those learned from and those held out; what can't be parted is learned from."""
    if len(parts_of(recordings)) < 2:
        return recordings, replace(recordings, recordings=())
    return split(recordings)


def windows_of(
    sets: Sequence[RecordingSet], count: int, card: ModelCard, progress: Progress
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Read windows evenly over the sets, over the labels of each, over the recordings of a label and over their time.

    Returns
    -------
    windows : ndarray of float32, shape (W, C, L)
        About ``count``; fewer where recordings hold fewer.
    labels : ndarray of int64, shape (W,)
        Places of their classes on the card.

    Raises
    ------
    CalibrationError
        If there is none.
    """
    wanted = [pair for one in sets for pair in shared_out(one.recordings, count // len(sets))]
    windows = [np.empty((0, card.channels, card.window), np.float32)]
    labels = []
    for done, (recording, share) in enumerate(wanted):
        progress("Reading recordings to learn from", done, len(wanted))
        found = recording.windows(card)
        windows.append(found[evenly_spaced(len(found), min(share, len(found)))])
        labels += [card.classes.index(str(recording.label))] * len(windows[-1])
    if not labels:
        raise CalibrationError(
            f"None of {len(wanted)} recordings holds a window of {card.title}, {card.window_s:.3g} s",
            "learn from longer recordings, of a machine that runs",
        )
    return np.concatenate(windows), np.array(labels, dtype=np.int64)


def shared_out(recordings: Sequence[SetRecording], count: int) -> list[tuple[SetRecording, int]]:
    """Say how many windows each recording gives, those that give none left out."""
    labels = sorted({str(recording.label) for recording in recordings})
    shares: list[tuple[SetRecording, int]] = []
    for label, of_label in zip(labels, parts(count, len(labels)), strict=True):
        members = [recording for recording in recordings if recording.label == label]
        shares += zip(members, parts(of_label, len(members)), strict=True)
    return [(member, share) for member, share in shares if share]


def parts(total: int, count: int) -> list[int]:
    """Return ``count`` whole numbers, as even as can be, whose sum is ``total``."""
    return [(place + 1) * total // count - place * total // count for place in range(count)]


def vary_some(windows: NDArray[np.float32], card: ModelCard, random: np.random.Generator) -> None:
    """Vary the stated share of windows of shape (W, 1, L), in place, where they are of one channel."""
    if card.channels > 1:
        return  # what another mounting does to one channel does not say what it does to the others
    chosen = np.flatnonzero(random.random(len(windows)) < VARIED)
    variation = Variation(card, random, Augmentation())
    for place in range(0, len(chosen), CHUNK):
        some = chosen[place : place + CHUNK]
        windows[some] = variation.vary(windows[some, 0])
