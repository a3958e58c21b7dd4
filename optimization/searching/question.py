"""What a search is asked: the cell that is measured, the limits that hold, and the time that it may take."""

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from engine.errors import BenchmarkError, SearchError
from engine.variant import Variant
from optimization.measuring.candidate import require_runtime
from optimization.measuring.measurement import BenchmarkSettings
from optimization.proving.comparison import upper_bound
from optimization.searching.timing import MOST_PROVEN

#: Longer than a working day, and the answer would be of another machine.
MOST_MINUTES = 600.0
MOST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Limits:
    """What the variant to ship must keep; ``None`` where anything will do.

    Attributes
    ----------
    flips_share : float
        Share of recordings whose verdict may change, held against the upper bound of the proof.
    latency_ratio : float or None
        Latency over that of the network in float32, held against the upper end of the interval.
    size_ratio : float or None
        Size of the weight file over that of the network in float32.
    """

    flips_share: float = 0.01
    latency_ratio: float | None = None
    size_ratio: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.flips_share < 1:
            raise SearchError(f"{self.flips_share:g} is no share of verdicts", "give one between 0 and 1, such as 1%")
        if (least := upper_bound(0, MOST_PROVEN)) > self.flips_share:
            share = f"{100 * self.flips_share:g} %"
            reason = f"{MOST_PROVEN} recordings can't show that at most {share} of verdicts flip"
            raise SearchError(reason, f"allow {100 * least:.1f} % or more")
        for name, limit in (("latency", self.latency_ratio), ("size", self.size_ratio)):
            if limit is not None and not 0 < limit < math.inf:
                raise SearchError(f"{limit:g} is no ratio of {name}", "give one above 0, such as 0.5 for half")


@dataclass(frozen=True, slots=True)
class Question:
    """What a search looks for.

    Attributes
    ----------
    batch, threads : int
        Windows a call and threads; the fastest variant is another one in each such cell.
    limits : Limits
        What must be kept.
    runtimes : tuple of str
        Names of those that may execute it; all that are installed if empty.
    minutes : float
        What the search may take, final measurement and proof included; these are made however little time there is.
    seed : int
        Of what the sampler draws.

    Raises
    ------
    SearchError
        If one of them can't be.
    """

    batch: int = 1
    threads: int = 1
    limits: Limits = field(default_factory=Limits)
    runtimes: tuple[str, ...] = ()
    minutes: float = 2.5
    seed: int = 0

    def __post_init__(self) -> None:
        try:
            BenchmarkSettings(batches=(self.batch,), threads=(self.threads,), runtimes=self.runtimes)
            for name in self.runtimes:
                require_runtime(name)
        except BenchmarkError as error:
            raise SearchError(error.reason, error.remedy) from error
        available = len(os.sched_getaffinity(0))
        if self.threads > available:
            raise SearchError(f"This machine has no {self.threads} threads", f"choose {available} at most")
        if not 0 < self.minutes <= MOST_MINUTES:
            raise SearchError(f"A search can't take {self.minutes:g} minutes", f"give it up to {MOST_MINUTES:g}")
        if not 0 <= self.seed <= MOST_SEED:
            raise SearchError(f"{self.seed} is no seed", f"give a whole number from 0 to {MOST_SEED}")

    def runtimes_of(self, variant: Variant) -> list[str]:
        """Return the names of the runtimes that may execute a variant, the usual one first."""
        from engine.runtimes import runtimes_for

        return [found.name for found in runtimes_for(variant) if not self.runtimes or found.name in self.runtimes]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `from_json` takes it back."""
        return {**asdict(self), "runtimes": list(self.runtimes)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the question that `to_json` wrote; what is left out has its usual value.

        Raises
        ------
        SearchError
            If something in it is unknown, of the wrong kind, or can't be.
        """
        try:
            limits = Limits(**{name: number(name, value) for name, value in dict(data.get("limits", {})).items()})
            values = {name: value for name, value in data.items() if name != "limits"}
            for name in ("batch", "threads", "seed"):
                if isinstance(values.get(name, 0), bool) or not isinstance(values.get(name, 0), int):
                    raise TypeError(f"{name} is no whole number")
            if "minutes" in values:
                values["minutes"] = number("minutes", values["minutes"])
            if "runtimes" in values:
                values["runtimes"] = tuple(str(name) for name in values["runtimes"])
            if unknown := set(values) - {known.name for known in fields(cls)}:
                raise TypeError(f"{', '.join(sorted(unknown))} is unknown")
            return cls(limits=limits, **values)
        except (TypeError, ValueError, AttributeError) as error:
            raise SearchError(f"This asks nothing of a search ({error})", "see `vibench search --help`") from error


def number(name: str, value: object) -> Any:
    """Return a number, or ``None``, as it is; raises `TypeError` for anything else."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError(f"{name} is no number")
    return value
