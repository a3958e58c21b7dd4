"""What is asked for with the form: checked, said as a job and as a command, and what it takes at least."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

from engine.errors import BenchmarkError
from optimization.measuring.candidate import USUAL
from optimization.measuring.measurement import Benchmark, BenchmarkSettings
from optimization.measuring.turns import SLOT_NS, WARM_UP_NS

#: Value of the choice of windows that no recording gives; an empty one can't be shown as chosen.
SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Request:
    """A measurement that somebody asks for.

    Attributes
    ----------
    variants : tuple of str
        Full names.
    settings : BenchmarkSettings
        With the baseline's full name.
    recording : str or None
        Id of the recording whose windows are given to the variants; simulated ones if ``None``.
    """

    variants: tuple[str, ...]
    settings: BenchmarkSettings
    recording: str | None

    @classmethod
    def of(
        cls,
        variants: Sequence[str] | None,
        batches: Sequence[str] | None,
        threads: Sequence[str] | None,
        baseline: str | None,
        rounds: str | None,
        recording: str | None,
        runtimes: Sequence[str] | None = None,
    ) -> Self:
        """Build it from what the form holds.

        Raises
        ------
        BenchmarkError
            If something is missing or can't be.
        """
        if not variants:
            raise BenchmarkError("Nothing was chosen to be measured", "choose at least one variant")
        if baseline not in variants:
            raise BenchmarkError("The baseline is not among the chosen variants", "choose it too, or another baseline")
        typed = (rounds or "").strip()
        if not typed.isdecimal():
            raise BenchmarkError(f"{typed[:20] or 'Nothing'} is no number of rounds", "give a whole number such as 200")
        if runtimes == []:
            raise BenchmarkError("No runtime was chosen", "choose at least one")
        settings = BenchmarkSettings(
            batches=numbers("batch", batches),
            threads=numbers("threads", threads),
            rounds=int(typed[:9]),
            baseline=baseline,
            runtimes=asked_runtimes(runtimes),
        )
        return cls(tuple(variants), settings, None if recording in (None, SIMULATED) else recording)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the job that does it (`workspace.jobs.kinds`)."""
        return {
            "variants": list(self.variants),
            "batches": list(self.settings.batches),
            "threads": list(self.settings.threads),
            "rounds": self.settings.rounds,
            "baseline": self.settings.baseline,
            "runtimes": list(self.settings.runtimes),
            "processes": self.settings.processes,
            "recording": self.recording,
        }

    def command(self) -> list[str]:
        """Return the command that does the same, in parts between which a line may break; only what is no default."""
        usual, wanted = BenchmarkSettings(), self.settings
        parts = [["vibench", "benchmark"], *([name] for name in self.variants)]
        if wanted.batches != usual.batches:
            parts.append(["--batch", ",".join(map(str, wanted.batches))])
        if wanted.threads != usual.threads:
            parts.append(["--threads", ",".join(map(str, wanted.threads))])
        if wanted.runtimes != usual.runtimes:
            parts.append(["--runtime", ",".join(wanted.runtimes)])
        if wanted.rounds != usual.rounds:
            parts.append(["--rounds", str(wanted.rounds)])
        if wanted.baseline is not None:
            parts.append(["--baseline", wanted.baseline])
        if self.recording is not None:
            parts.append(["--recording", self.recording])
        return [shlex.join(part) for part in parts]


def numbers(name: str, chosen: Sequence[str] | None) -> tuple[int, ...]:
    """Return chosen numbers in their order; raises `BenchmarkError` if there are none."""
    if not chosen:
        what = {"batch": "batch size", "threads": "number of threads"}[name]
        raise BenchmarkError(f"No {what} was chosen", "choose at least one")
    return tuple(sorted(int(number) for number in chosen))


def asked_runtimes(chosen: Sequence[str] | None) -> tuple[str, ...]:
    """Return the runtimes that somebody chose; none where they are those that variants are measured on anyway."""
    return () if chosen is None or set(chosen) == set(USUAL) else tuple(chosen)


def parameters_again(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to ask for to measure again what a job measured: its variants as they are by now."""
    return {name: value for name, value in parameters.items() if name != "digests"}


def least_seconds(request: Request, earlier: Sequence[Benchmark]) -> float:
    """Return what the measurement takes at least, loading left out.

    In each round every variant, and the baseline once more, runs for a slot or for one call, whichever is longer;
    how long a call takes is known from ``earlier`` measurements, the newest first.
    """
    known: dict[tuple[str, str, int, int], float] = {}
    for measured in earlier:
        for row in measured.rows:
            known.setdefault((row.full_name, row.runtime, row.batch, row.threads), row.p50_ms / 1e3)
    settings = request.settings
    baseline = settings.baseline or request.variants[0]
    seconds = 0.0
    for shape in product(settings.batches, settings.threads):
        for name in (*request.variants, baseline):
            # Which runtimes take a variant is not known here; the one that it was measured on is as good a guess.
            slots = [known.get((name, runtime, *shape), 0.0) for runtime in settings.runtimes or USUAL]
            slot = max(SLOT_NS / 1e9, *slots)
            seconds += settings.processes * WARM_UP_NS / 1e9 + settings.rounds * slot
    return seconds
