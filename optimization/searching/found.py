"""The answer of a search: what to ship and why, the front, and all that was tried."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from engine.machine import Machine
from engine.variant import Variant
from optimization.calibration import WINDOWS
from optimization.command import name_option
from optimization.measuring.candidate import Candidate
from optimization.measuring.measurement import Benchmark, Row
from optimization.measuring.recommendation import flips_told, speed_told, times_faster
from optimization.passes import Pass
from optimization.passes.parameters import parameters_of
from optimization.recipe import Recipe
from optimization.searching.candidates import Tried
from optimization.searching.choice import Missed
from optimization.searching.question import Question
from optimization.verification import Verification

SCHEMA = "vibench.search/1"


@dataclass(frozen=True, slots=True)
class Ship:
    """The one to ship, or the nearest to it.

    Attributes
    ----------
    candidate : Candidate
        Variant and runtime.
    chain : tuple of Variant
        Those on the way to it and itself, proofs included; empty for the network as it was given.
    tried : Tried
        What the search knows of it.
    recipe : Recipe or None
        What makes it; ``None`` for the network as it was given.
    start : Variant
        What the recipe starts from.
    missed : tuple of Missed
        Limits that it does not keep.
    measured : Benchmark
        It beside the network in float32, on recordings that the search did not see.
    row : Row
        Its row of that.
    verification : Verification or None
        Against the network as it was given, on the same recordings; ``None`` for that network.
    reason : str
        Why it was chosen, in a sentence or two.
    """

    candidate: Candidate
    chain: tuple[Variant, ...]
    tried: Tried
    recipe: Recipe | None
    start: Variant
    missed: tuple[Missed, ...]
    measured: Benchmark
    row: Row
    verification: Verification | None
    reason: str

    def command(self, path: str, *, recordings: bool) -> str | None:
        """Return the command that makes it again from a recipe at a path; ``None`` where there is nothing to make."""
        import shlex

        if self.recipe is None:
            return None
        words = ["vibench", "optimize", self.start.full_name, "--recipe", path]
        if recordings:
            words += ["--calibration", "DIR"]
        if self.recipe.calibrates and self.tried.windows != WINDOWS:
            words += ["--windows", str(self.tried.windows)]
        if self.tried.name != self.recipe.check(self.start)[-1]:
            words += name_option(self.tried.name)
        return shlex.join(words)

    def yaml(self, path: str = "FILE.yaml", *, recordings: bool) -> str | None:
        """Return the recipe as a file that ``vibench optimize --recipe`` reads; ``None`` where there is none."""
        import yaml

        if self.recipe is None:
            return None
        steps = [{"pass": made_by.name, **unusual(made_by)} for made_by in self.recipe.passes]
        head = [f"Makes {self.candidate.title}:", f"  {self.command(path, recordings=recordings)}"]
        if self.recipe.learns:
            head.append("It trains, so that another machine may come to other weights.")
        lines = "".join(f"# {line}\n" for line in head)
        return lines + yaml.safe_dump(steps, sort_keys=False, default_flow_style=None, allow_unicode=True)


def unusual(made_by: Pass) -> dict[str, Any]:
    """Return the parameters of a pass that are not as usual."""
    usual = {known.name: known.default for known in parameters_of(type(made_by))}
    asked: Mapping[str, Any] = made_by.step()["parameters"]
    return {name: value for name, value in asked.items() if value != usual[name]}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes
    ----------
    question : Question
        What was asked.
    network : Variant
        The network in float32 that ratios are to.
    candidates : tuple of Tried
        All that were tried.
    front : tuple of Tried
        Those that nothing beats in latency, error and size alike, the fastest first.
    ship : Ship
        The one to ship.
    finalists : tuple of Tried
        Of the last heat, with its ratios, the fastest first.
    recordings : mapping
        Whose: ``source``, and how many were learned from, chosen by and proven with.
    noisy : bool
        Whether the control of the last heat, or of the last benchmark, was no tie.
    seconds : float
        How long it took, earlier searches that it went on from not included.
    machine : Machine
        Where it was made.
    """

    question: Question
    network: Variant
    candidates: tuple[Tried, ...]
    front: tuple[Tried, ...]
    ship: Ship
    finalists: tuple[Tried, ...]
    recordings: Mapping[str, Any]
    noisy: bool
    seconds: float
    machine: Machine

    @property
    def own_recordings(self) -> bool:
        """Whether somebody's own recordings were calibrated on."""
        return bool(self.recordings["source"] != "simulated")

    def kept(self, chain: Sequence[Variant]) -> Self:
        """Return the answer with the variants of the one to ship as they are kept somewhere."""
        candidate = Candidate(chain[-1], self.ship.candidate.runtime)
        return replace(self, ship=replace(self.ship, chain=tuple(chain), candidate=candidate))

    def sentence(self) -> str:
        """Say in one sentence what to ship and why, or which limit even the nearest misses."""
        ship = self.ship
        name = ship.candidate.full_name
        where = f"{name} on {runtime_title(ship.candidate.runtime)}"
        if ship.missed:
            return f"Nothing keeps all limits. {where} comes nearest, but {'; '.join(map(str, ship.missed))}."
        if ship.recipe is None and ship.row.verdict == "baseline":
            return f"Keep {name}: of {len(self.candidates)} candidates none that keeps the limits is faster."
        flips = "the network itself" if not ship.tried.proof.get("recordings") else flips_told(ship.tried.proof)
        if ship.row.verdict == "faster":
            return f"Ship {where}: {times_faster(ship.row)} than {self.network.full_name}, {flips}."
        size = f"{100 * ship.tried.size_ratio:.0f} % of its size"
        slower = ship.row.verdict == "slower"  # but small enough, where the size has a limit
        speed = f"{speed_told(ship.row)} than" if slower else "as fast as"
        return f"Ship {where}: {speed} {self.network.full_name}, {size}, {flips}."

    def to_json(self) -> dict[str, Any]:
        """As ``vibench search --json`` prints it: ``vibench.search/1``."""
        ship = self.ship
        made = ship.candidate.variant
        return {
            "schema": SCHEMA,
            "sentence": self.sentence(),
            "question": {"model": self.network.full_name, "digest": self.network.digest, **self.question.to_json()},
            "candidates": [each.to_json() for each in self.candidates],
            "front": [each.number for each in self.front],
            "finalists": [each.to_json() for each in self.finalists],
            "ship": {
                "number": ship.tried.number,
                "variant": made.full_name,
                "digest": made.digest,
                "runtime": ship.candidate.runtime,
                "size_bytes": ship.tried.size_bytes,
                "size_ratio": ship.tried.size_ratio,
                "recipe": [] if ship.recipe is None else ship.recipe.to_json(),
                "windows": ship.tried.windows,
                "start": ship.start.full_name,
                "yaml": ship.yaml(recordings=self.own_recordings),
                "command": ship.command("FILE.yaml", recordings=self.own_recordings),
                "deterministic": ship.recipe is None or ship.recipe.deterministic,
                "learns": ship.recipe is not None and ship.recipe.learns,
                "reason": ship.reason,
                "keeps_limits": not ship.missed,
                "missed": [asdict(one) | {"told": str(one)} for one in ship.missed],
                "benchmark": ship.measured.to_json(),
                "verification": None if ship.verification is None else ship.verification.to_json(),
            },
            "recordings": dict(self.recordings),
            "noisy": self.noisy,
            "seconds": self.seconds,
            "machine": asdict(self.machine) | {"flags": list(self.machine.flags)},
        }


def runtime_title(name: str) -> str:
    """Return a runtime's name for people."""
    from engine.runtimes import RUNTIMES

    return RUNTIMES[name].title


def reason_of(chosen: Tried, finalists: Sequence[Tried], resolution: float) -> str:
    """Say why one was chosen among those of the last heat."""
    ratio = chosen.ratio
    assert ratio is not None
    found = f"{chosen.name} took {ratio.median:.2f} [{ratio.low:.2f} to {ratio.high:.2f}] of the network's time"
    faster = [each for each in finalists if each.ratio is not None and each.ratio.median < ratio.median]
    if chosen.key not in {each.key for each in finalists}:
        return f"{found}; those that are faster did not keep the limits on recordings they had not seen."
    ahead = [each for each in faster if each.ratio is not None and each.ratio.median * (1 + resolution) < ratio.median]
    if ahead:
        return f"{found}; {', '.join(each.name for each in ahead)} ran faster, but not within the limits."
    if faster:
        told = f"{found}, as fast as {faster[0].name} within {100 * resolution:.0f} %"
        return f"{told}, which flips more, is larger, errs more or takes more steps."
    if len(finalists) == 1:
        return f"{found}; nothing else came near."
    return f"{found}, less than any other of the last {len(finalists)}."
