"""How right two variants are where the truth is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from scipy.special import betainc

from optimization.proving.comparison import Pair
from optimization.recording_set import SetRecording


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many recordings of known condition two variants answered right; an inconclusive answer is not right.

    Attributes
    ----------
    recordings : int
        How many there are.
    parent_right, variant_right : int
        Of those.
    """

    recordings: int
    parent_right: int
    variant_right: int

    @property
    def parent(self) -> float:
        """The parent's share, 0 to 1."""
        return self.parent_right / self.recordings

    @property
    def variant(self) -> float:
        """The variant's share, 0 to 1."""
        return self.variant_right / self.recordings

    def to_json(self) -> dict[str, Any]:
        """Counts and shares."""
        return {
            "recordings": self.recordings,
            "parent_right": self.parent_right,
            "variant_right": self.variant_right,
            "parent": self.parent,
            "variant": self.variant,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from its counts; raises `KeyError`, `TypeError` or `ValueError` if they are something else."""
        counts = cls(int(data["recordings"]), int(data["parent_right"]), int(data["variant_right"]))
        if counts.recordings < 1:
            raise ValueError("an accuracy is of at least one recording")
        return counts


@dataclass(frozen=True, slots=True)
class LabelComparison:
    """How right two variants are on recordings of known condition.

    Attributes
    ----------
    of : {"simulated", "recordings"}
        Which they are: measured ones where there are any, and then those alone.
    accuracy : Accuracy
        Over all of them.
    recall : mapping of str to Accuracy
        Of each class that is among them.
    only_parent_right, only_variant_right : int
        Recordings that one of the two alone answered right.
    mcnemar_p : float
        Probability of a difference as large as that, or larger, between two variants that are equally often right.
    unknown_labels : tuple of str
        Conditions that are no classes of the network; their recordings are left out.
    """

    of: str
    accuracy: Accuracy
    recall: Mapping[str, Accuracy]
    only_parent_right: int
    only_variant_right: int
    mcnemar_p: float
    unknown_labels: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As ``vibench.verification/1`` keeps it."""
        return {
            "of": self.of,
            "accuracy": self.accuracy.to_json(),
            "recall": {label: one.to_json() for label, one in self.recall.items()},
            "only_parent_right": self.only_parent_right,
            "only_variant_right": self.only_variant_right,
            "mcnemar_p": self.mcnemar_p,
            "unknown_labels": list(self.unknown_labels),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from `to_json`; raises as `Accuracy.from_json`, or `AttributeError`."""
        return cls(
            of=str(data["of"]),
            accuracy=Accuracy.from_json(data["accuracy"]),
            recall={str(label): Accuracy.from_json(one) for label, one in data["recall"].items()},
            only_parent_right=int(data["only_parent_right"]),
            only_variant_right=int(data["only_variant_right"]),
            mcnemar_p=float(data["mcnemar_p"]),
            unknown_labels=tuple(str(label) for label in data["unknown_labels"]),
        )


def known_recordings(recordings: Sequence[SetRecording], classes: Sequence[str]) -> list[bool]:
    """Say of which recordings an accuracy is: labelled with a class, and measured where any of those is."""
    labelled = [one.label in classes for one in recordings]
    measured = [is_labelled and not one.simulated for is_labelled, one in zip(labelled, recordings, strict=True)]
    return measured if any(measured) else labelled


def compare_labels(
    recordings: Sequence[SetRecording], pairs: Sequence[Pair], classes: Sequence[str]
) -> LabelComparison | None:
    """Hold two variants' verdicts against the known conditions.

    Parameters
    ----------
    recordings : sequence of SetRecording
        What was asked about.
    pairs : sequence of Pair
        What was answered, one for each.
    classes : sequence of str
        Of the network.

    Returns
    -------
    LabelComparison or None
        Of `known_recordings`; ``None`` where there are none.
    """
    known = known_recordings(recordings, classes)
    counted = [(one, pair) for one, pair, is_known in zip(recordings, pairs, known, strict=True) if is_known]
    if not counted:
        return None
    right = [(str(one.label), one.label == pair.was, one.label == pair.became) for one, pair in counted]
    only_parent = sum(parent and not variant for _, parent, variant in right)
    only_variant = sum(variant and not parent for _, parent, variant in right)
    return LabelComparison(
        of="simulated" if counted[0][0].simulated else "recordings",
        accuracy=accuracy_of(right),
        recall={
            label: accuracy_of(of_class) for label in classes if (of_class := [one for one in right if one[0] == label])
        },
        only_parent_right=only_parent,
        only_variant_right=only_variant,
        mcnemar_p=mcnemar_p(only_parent, only_variant),
        unknown_labels=tuple(sorted({one.label for one in recordings if one.label is not None} - set(classes))),
    )


def accuracy_of(right: Sequence[tuple[str, bool, bool]]) -> Accuracy:
    """Count labels that the parent and the variant answered right."""
    return Accuracy(len(right), sum(parent for _, parent, _ in right), sum(variant for _, _, variant in right))


def mcnemar_p(only_one: int, only_other: int) -> float:
    """Exact two-sided p of McNemar's test: whether two that were asked the same are equally often right.

    Parameters
    ----------
    only_one, only_other : int
        Cases that one alone, and the other alone, had right; those that both had, or neither, say nothing.

    References
    ----------
    .. [1] Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
       Psychometrika 12(2), 1947. doi:10.1007/BF02295996
    """
    fewer, more = sorted((only_one, only_other))
    # The incomplete beta function sums the binomial's tail: at most so few of all would fall to the one side.
    return 1.0 if fewer == more else min(1.0, 2 * float(betainc(more, fewer + 1, 0.5)))
