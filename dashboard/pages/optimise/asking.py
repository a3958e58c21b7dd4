"""What is asked for with the form: checked, said as a job and as a command."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from engine.errors import SearchError
from optimization.searching.question import Limits, Question
from workspace.jobs.job import Job


@dataclass(frozen=True, slots=True)
class Request:
    """A search that somebody asks for.

    Attributes
    ----------
    network : str
        Full name of the variant in float32 to start from.
    question : Question
        Cell, limits, time.
    recordings : tuple of str
        Ids of those to calibrate on and to prove with; none for simulated ones alone.
    resample : bool
        Whether recordings of other rates may be taken.
    """

    network: str
    question: Question
    recordings: tuple[str, ...] = ()
    resample: bool = False

    @classmethod
    def of(
        cls,
        network: str | None,
        batch: str | None,
        threads: str | None,
        flips: str | None,
        latency: str | None,
        size: str | None,
        minutes: str | None,
        *,
        recordings: Sequence[str] | None,
        resample: bool,
    ) -> Self:
        """Build it from what the form holds; ``recordings`` are ``None`` for simulated ones.

        Raises
        ------
        SearchError
            If something is missing or can't be.
        """
        if not network:
            raise SearchError("No network was chosen", "choose one")
        if recordings is not None and not recordings:
            raise SearchError("No recording was chosen", "choose some, or use simulated ones")
        share = number("share of flipped verdicts", (flips or "").strip().removesuffix("%"))
        latency_ratio, size_ratio = (
            number(name, text) if (text or "").strip() else None
            for name, text in (("latency", latency), ("size", size))
        )
        limits = Limits(share / 100, latency_ratio, size_ratio)
        question = Question(int(batch or 1), int(threads or 1), limits, minutes=number("time", minutes))
        chosen = tuple(recordings or ())
        return cls(network, question, chosen, resample and bool(chosen))

    @classmethod
    def of_job(cls, job: Job) -> Self | None:
        """Return what a job was asked for; ``None`` of a job of another Vibench whose questions were others."""
        said = job.parameters
        try:
            question = Question.from_json(said["question"])
            return cls(said["variant"], question, tuple(said["recordings"]), bool(said["resample"]))
        except (KeyError, TypeError, SearchError):
            return None

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the job that does it (`workspace.jobs.kinds`)."""
        return {
            "variant": self.network,
            "question": self.question.to_json(),
            "recordings": list(self.recordings),
            "resample": self.resample,
        }

    def command(self) -> list[str]:
        """Return the command that does the same, in parts between which a line may break; only what is no default."""
        usual, wanted = Question(), self.question
        limits = wanted.limits
        parts = [["vibench", "search", self.network]]
        if wanted.batch != usual.batch:
            parts.append(["--batch", str(wanted.batch)])
        if wanted.threads != usual.threads:
            parts.append(["--threads", str(wanted.threads)])
        if limits.flips_share != usual.limits.flips_share:
            parts.append(["--max-flips", f"{100 * limits.flips_share:.10g}%"])
        if limits.latency_ratio is not None:
            parts.append(["--max-latency", f"{limits.latency_ratio:.10g}"])
        if limits.size_ratio is not None:
            parts.append(["--max-size", f"{limits.size_ratio:.10g}"])
        if self.recordings:
            parts.append(["--workspace-recordings", ",".join(self.recordings)])
        if self.resample:
            parts.append(["--resample"])
        if wanted.minutes != usual.minutes:
            parts.append(["--minutes", f"{wanted.minutes:.10g}"])
        return [shlex.join(part) for part in parts]


def number(name: str, typed: str | None) -> float:
    """Return a typed number; raises `SearchError` if it is none."""
    text = (typed or "").strip()
    try:
        return float(text)
    except ValueError as error:
        raise SearchError(f"{text[:20] or 'Nothing'} is no {name}", "type a number such as 0.5") from error
