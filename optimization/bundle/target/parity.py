"""Whether a candidate answers the golden recordings here as it did where the bundle was made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .model import Model
from .stream import Stream, Window, diagnose, prepare
from .terms import Terms, read_json
from .verdict import judge

CONFIDENCE = 0.95


@dataclass
class Tally:
    """What was found on the golden recordings.

    Attributes
    ----------
    recordings, changed, changed_from_parent : int
        Recordings asked about, verdicts that are others than those of the bundle, and than those of the parent.
    windows, classes_kept : int
        Windows judged, and those whose class is the bundle's.
    largest_logit, largest_window : float
        Largest difference of a logit, and of a sample of a window.
    differing : list of str
        What differs, in words.
    """

    recordings: int = 0
    changed: int = 0
    changed_from_parent: int = 0
    windows: int = 0
    classes_kept: int = 0
    largest_logit: float = 0.0
    largest_window: float = 0.0
    differing: list[str] = field(default_factory=list)


def check(folder: Path, model: Model, terms: Terms) -> dict[str, Any]:
    """Return how a candidate answers the golden recordings, whole and as a stream, as plain JSON."""
    golden = read_json(folder / "golden" / "golden.json")
    tally, tolerance = Tally(), float(model.entry["tolerance"]["logits"])
    for recording in golden["recordings"]:
        samples, rate_hz = raw(folder, recording["samples"]), float(recording["sampling_rate_hz"])
        compare_windows(folder, recording, samples, terms, tally, float(golden["window_tolerance"]))
        compare_answers(folder, recording, diagnose(samples, rate_hz, model, terms), model, terms, tally, tolerance)
    for recording in golden["streams"]:
        answered = streamed(raw(folder, recording["samples"]), recording, model, terms)
        compare_answers(folder, recording, answered, model, terms, tally, tolerance)
    return {
        "holds": not tally.differing,
        "recordings": tally.recordings,
        "verdicts_changed": tally.changed,
        "verdicts_changed_at_most": round(upper_bound(tally.changed, tally.recordings), 4),
        "parent": golden["parent"],
        "verdicts_not_of_parent": tally.changed_from_parent if golden["parent"] else None,
        "windows": tally.windows,
        "classes_kept": tally.classes_kept,
        "largest_logit_difference": tally.largest_logit,
        "logit_tolerance": tolerance,
        "largest_window_difference": tally.largest_window,
        "window_tolerance": golden["window_tolerance"],
        "differing": tally.differing,
    }


def raw(folder: Path, entry: dict[str, Any]) -> NDArray[np.float32]:
    """Read an array as the index of raw files says: little-endian float32, rows one after the other."""
    return np.fromfile(folder / entry["file"], "<f4").astype(np.float32).reshape(entry["shape"])


def streamed(samples: NDArray[np.float32], recording: dict[str, Any], model: Model, terms: Terms) -> list[Window]:
    """Return what the network says of a recording that comes in the blocks which the bundle states."""
    running = Stream(model, float(recording["sampling_rate_hz"]), terms)
    found, at, turn, blocks = [], 0, 0, recording["blocks"]
    while at < len(samples):
        size = int(blocks[turn % len(blocks)])
        found += running.push(samples[at : at + size])
        at, turn = at + size, turn + 1
    return found + running.finish()


def compare_windows(
    folder: Path,
    recording: dict[str, Any],
    samples: NDArray[np.float32],
    terms: Terms,
    tally: Tally,
    tolerance: float,
) -> None:
    """Hold the windows that are made here against those of the bundle."""
    expected = raw(folder, recording["windows"])
    windows, _, heard = prepare(samples, float(recording["sampling_rate_hz"]), terms)
    made = windows[heard]
    if made.shape != expected.shape:
        tally.differing.append(f"{recording['name']}: {len(made)} windows instead of {len(expected)}")
        return
    difference = float(np.abs(made - expected).max(initial=0.0))
    tally.largest_window = max(tally.largest_window, difference)
    if not difference <= tolerance:
        tally.differing.append(f"{recording['name']}: a window differs by {difference:.2g}, {tolerance:.2g} may")


def compare_answers(
    folder: Path,
    recording: dict[str, Any],
    windows: list[Window],
    model: Model,
    terms: Terms,
    tally: Tally,
    tolerance: float,
) -> None:
    """Hold logits and verdict against those of the bundle."""
    expected = recording["expected"][model.name]
    logits = raw(folder, expected["logits"])
    judged = [window for window in windows if window.logits is not None and window.probabilities is not None]
    tally.recordings += 1
    verdict = judge(stacked([window.probabilities for window in judged], len(terms.classes)), terms)
    label = None if verdict is None else verdict.label
    if label != expected["label"]:
        tally.changed += 1
        tally.differing.append(f"{recording['name']}: {expected['label']} became {label}")
    tally.changed_from_parent += label != recording["parent_label"]
    starts = np.array([window.start_s for window in judged])
    if len(judged) != len(logits) or np.abs(starts - recording["start_s"]).max(initial=0.0) > 1e-6:
        tally.differing.append(f"{recording['name']}: {len(judged)} windows were judged, {len(logits)} should be")
        return
    answered = stacked([window.logits for window in judged], len(terms.classes))
    tally.windows += len(logits)
    tally.classes_kept += int(np.count_nonzero(answered.argmax(axis=1) == logits.argmax(axis=1)))
    difference = float(np.abs(answered - logits).max(initial=0.0))
    tally.largest_logit = max(tally.largest_logit, difference)
    if not difference <= tolerance:
        tally.differing.append(f"{recording['name']}: a logit differs by {difference:.2g}, {tolerance:.2g} may")


def stacked(rows: list[Any], columns: int) -> NDArray[np.float64]:
    """Return rows as an array of shape (W, K), also where there is none."""
    return np.array(rows, np.float64).reshape(-1, columns)


def upper_bound(changed: int, count: int) -> float:
    """Share of recordings that would change at most, at 95 % confidence, one-sided (Clopper and Pearson, 1934)."""
    if changed >= count:
        return 1.0
    return bisected(lambda share: at_most(changed, count, share) - (1 - CONFIDENCE))


def at_most(changed: int, count: int, share: float) -> float:
    """Probability that at most so many of ``count`` change where a share of all would."""
    return sum(comb(count, each) * share**each * (1 - share) ** (count - each) for each in range(changed + 1))


def bisected(falling: Callable[[float], float]) -> float:
    """Return where a function that falls from 0 to 1 is zero."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return high
