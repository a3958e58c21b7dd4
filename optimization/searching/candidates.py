"""What was tried: a recipe on a runtime, and what is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from optimization.measuring.intervals import Interval
from optimization.recipe import Recipe
from optimization.verification import Verification

#: Logits that lie so far above their error are the same for every purpose, in dB.
SAME_DB = 60.0


@dataclass(frozen=True, slots=True)
class Tried:
    """One candidate.

    Attributes
    ----------
    number : int
        From 1, in the order in which they were proposed; 1 is the network as it was given.
    choices : mapping of str to str
        What was chosen (`optimization.searching.space.Choices`).
    name, runtime : str
        What its variant is called within the network, and what executes it.
    recipe : tuple of mapping
        As `Recipe.to_json`; empty for the network as it was given.
    windows : int
        How many windows it was calibrated on, if it was.
    digest : str
        Of its weight file; empty where none could be made.
    size_bytes : int
        Of its weight file; 0 where none could be made.
    size_ratio : float
        Over that of the network in float32.
    proof : mapping
        What the recordings of the search say, as `optimization.measuring.measurement.Row.proof`; empty where it was
        not asked.
    ratio : Interval or None
        Latency over that of the network in float32, as the heats found it, or of the one to ship as it was measured in
        the end; ``None`` where it was not measured.
    dropped : str
        Why it is out of the race, as a sentence; empty for what reached the end.
    """

    number: int
    choices: Mapping[str, str]
    name: str
    runtime: str
    recipe: Sequence[Mapping[str, Any]] = ()
    windows: int = 0
    digest: str = ""
    size_bytes: int = 0
    size_ratio: float = 1.0
    proof: Mapping[str, Any] = field(default_factory=dict)
    ratio: Interval | None = None
    dropped: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What two candidates share that are one: the weights, and what executes them."""
        return self.digest, self.runtime

    @property
    def error_db(self) -> float:
        """How loud the error of the logits is, in dB below them; everything below -`SAME_DB` is the same."""
        found = self.proof.get("sqnr_db") if self.proof else 0.0
        return -SAME_DB if found is None else -min(float(found), SAME_DB)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `from_json` takes it back."""
        ratio = {} if self.ratio is None else asdict(self.ratio)
        values = {
            "ratio": ratio.get("median"),
            "ratio_low": ratio.get("low"),
            "ratio_high": ratio.get("high"),
        }
        return {**asdict(replace(self, ratio=None)), "recipe": [dict(step) for step in self.recipe], **values}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from what `to_json` wrote; raises `KeyError` or `TypeError` if it is anything else."""
        values = dict(data)
        median, low, high = values.pop("ratio"), values.pop("ratio_low"), values.pop("ratio_high")
        ratio = None if median is None else Interval(median, low, high)
        return cls(**{**values, "recipe": tuple(values["recipe"]), "ratio": ratio})


def recipe_from(tried: Tried) -> Recipe | None:
    """Return the recipe of a candidate, ``None`` for the network as it was given."""
    return Recipe.from_json([dict(step) for step in tried.recipe]) if tried.recipe else None


def proof_facts(proven: Verification) -> dict[str, Any]:
    """Return what a search keeps of a proof, by the names that a benchmark's rows have for it."""
    return {
        "verdict": proven.verdict,
        "flips": proven.recordings.flips,
        "recordings": proven.recordings.count,
        "flips_upper_bound": proven.recordings.flips_upper_bound,
        "top1_agreement": proven.windows.top1_agreement,
        "sqnr_db": proven.windows.sqnr_db,
        "stale": False,
    }
