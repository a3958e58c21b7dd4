"""Two ways to keep what a network learns from apart from what it is tested on, and what is counted.

A: the same bearings at another load. B: one physical bearing left out, in turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.diagnosis import INCONCLUSIVE, calibrated_probabilities, judge
from scripts.training_data import LabelledRecording
from scripts.trivial_statistics import STATISTICS, LinearModel, statistics_of

KEPT_APART_BY = {"A": "load: learned at 0 hp, tested at 2 hp, same specimens", "B": "specimen"}


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """What is learned from and what is tested on; never the same recording."""

    train: Sequence[LabelledRecording]
    test: Sequence[LabelledRecording]


def load_fold(real: Sequence[LabelledRecording]) -> Fold:
    """Protocol A: the CWRU specimens at 0 hp teach, the same specimens at 2 hp test."""
    return Fold(
        [one for one in real if one.rig == "cwru" and one.load == "0 hp"],
        [one for one in real if one.rig == "cwru" and one.load == "2 hp"],
    )


def specimen_folds(real: Sequence[LabelledRecording]) -> list[Fold]:
    """Protocol B: each specimen in turn tests, all others teach."""
    return [
        Fold([one for one in real if one.specimen != specimen], [one for one in real if one.specimen == specimen])
        for specimen in sorted({one.specimen for one in real})
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """A recording that a network had not seen, and its logits of shape (W, K)."""

    recording: LabelledRecording
    logits: NDArray[np.float32]


def labels_of(tested: Tested) -> NDArray[np.int64]:
    """Return the label of each window."""
    return np.full(len(tested.logits), tested.recording.label, dtype=np.int64)


def report(name: str, tests: Sequence[Tested], card: ModelCard, folds: Sequence[Fold]) -> dict[str, Any]:
    """Return counts and confusion matrices of a protocol, as plain JSON.

    Rows are the truth, columns the answers; for recordings the last column counts what stayed inconclusive.
    """
    probabilities = [calibrated_probabilities(one.logits, card.temperature) for one in tests]
    truths = [card.classes[one.recording.label] for one in tests]
    answers = [verdict_of(rows, card) for rows in probabilities]
    windows = confusion(
        [card.classes[label] for one in tests for label in labels_of(one)],
        [card.classes[answer] for rows in probabilities for answer in rows.argmax(axis=1)],
        card,
    )
    recordings = confusion(truths, answers, card)
    return {
        "kept_apart_by": KEPT_APART_BY[name],
        "recordings": len(tests),
        "recordings_right": int(np.trace(recordings)),
        "recordings_inconclusive": answers.count(INCONCLUSIVE),
        "recordings_confusion": recordings.tolist(),
        "windows": int(windows.sum()),
        "windows_right": int(np.trace(windows)),
        "windows_confusion": windows[:, :-1].tolist(),
        "not_right": {
            one.recording.file: answer
            for one, truth, answer in zip(tests, truths, answers, strict=True)
            if answer != truth
        },
        "linear_model_on_trivial_statistics": report_linear(folds, len(card.classes)),
    }


def verdict_of(probabilities: NDArray[np.float64], card: ModelCard) -> str:
    """Return the label of the verdict on a recording's windows, as a diagnosis gives it."""
    verdict = judge(probabilities, card)
    return INCONCLUSIVE if verdict is None else verdict.label


def report_linear(folds: Sequence[Fold], classes: int) -> dict[str, Any]:
    """Return how many recordings a linear model on trivial statistics gets right on the same folds."""
    right = total = 0
    for fold in folds:
        statistics = np.concatenate([statistics_of(one.windows) for one in fold.train])
        labels = np.concatenate([np.full(len(one.windows), one.label) for one in fold.train])
        model = LinearModel(statistics, labels, classes)
        answers = [int(model.scores(statistics_of(one.windows)).mean(axis=0).argmax()) for one in fold.test]
        right += sum(answer == one.label for answer, one in zip(answers, fold.test, strict=True))
        total += len(fold.test)
    return {"statistics": list(STATISTICS), "recordings": total, "recordings_right": right}


def confusion(truths: Sequence[str], answers: Sequence[str], card: ModelCard) -> NDArray[np.int64]:
    """Return how often each class (row) was given each answer (column), inconclusive last."""
    columns = [*card.classes, INCONCLUSIVE]
    matrix = np.zeros((len(card.classes), len(columns)), dtype=np.int64)
    for truth, answer in zip(truths, answers, strict=True):
        matrix[card.classes.index(truth), columns.index(answer)] += 1
    return matrix


def summary(evaluation: dict[str, Any]) -> str:
    """Return the counts of an evaluation in a line."""
    counts = {**evaluation["protocols"], "simulated": evaluation["simulated"], "elsewhere": evaluation["elsewhere"]}
    return ", ".join(f"{name} {one['recordings_right']} of {one['recordings']}" for name, one in counts.items())
