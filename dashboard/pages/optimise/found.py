"""What an address selects, and what the workspace holds of it: networks, searches done, searches under way."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import urlencode

from engine.errors import BenchmarkError, JobNotFoundError, ModelNotFoundError, SearchError, VibenchError
from engine.variant import Variant
from optimization.measuring.measurement import Benchmark
from optimization.search import require_searchable
from optimization.searching.candidates import Tried
from optimization.searching.found import SCHEMA
from optimization.searching.question import Question
from workspace.jobs.job import Job
from workspace.workspace import Workspace

PATH = "/optimise"
KIND = "search"
#: The network for whoever names none.
DEFAULT_NETWORK = "wdcnn"
#: What the front can be drawn against.
AGAINST = ("size", "error")


@dataclass(frozen=True, slots=True)
class Selection:
    """What an address selects.

    Attributes
    ----------
    model : str
        Full name of a variant, of whose network the searches are; it is also what other pages are shown with.
    job : str
        Id of a search; the network's newest one that has an answer where it is empty.
    recording : str
        Id of the recording that other pages show.
    against : str
        Which of `AGAINST` the front is drawn against, as the address has it.
    """

    model: str = ""
    job: str = ""
    recording: str = ""
    against: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Build it from an address's query or from what a ``dcc.Store`` brought back, which may be anything."""
        return cls(*(str(data.get(name) or "") for name in ("model", "job", "recording", "against")))

    @property
    def network(self) -> str:
        """Name of the network."""
        return self.model.partition("/")[0]

    @property
    def axis(self) -> str:
        """Which of `AGAINST` is shown."""
        return self.against if self.against in AGAINST else AGAINST[0]

    @property
    def address(self) -> str:
        """The page's path with its query."""
        return PATH + self.query

    @property
    def query(self) -> str:
        """As an address has it: ``?model=wdcnn/onnx&job=ID&against=error``."""
        return "?" + urlencode({name: value for name, value in asdict(self).items() if value}, safe="/")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found, as its job keeps it.

    Attributes
    ----------
    job : Job
        Which made it.
    sentence, reason : str
        What to ship, and why.
    question : Question
        What was asked.
    network : str
        Full name of the variant in float32 that ratios are to.
    candidates, front : tuple of Tried
        All that were tried; those that nothing beats, the fastest first.
    ship : Tried
        The one to ship, or the nearest to it.
    measured : Benchmark
        It beside the network, on recordings that the search did not see.
    told : mapping
        All of it, as `optimization.searching.found.Found.to_json`.
    """

    job: Job
    sentence: str
    reason: str
    question: Question
    network: str
    candidates: tuple[Tried, ...]
    front: tuple[Tried, ...]
    ship: Tried
    measured: Benchmark
    told: Mapping[str, Any]

    @classmethod
    def of(cls, job: Job) -> Self | None:
        """Read a job's result; ``None`` if it has none, or one of another Vibench that can't be read here."""
        result = job.result
        try:
            if result is None or result["schema"] != SCHEMA:
                return None
            tried = {one["number"]: Tried.from_json(one) for one in result["candidates"]}
            asked = {name: value for name, value in result["question"].items() if name not in ("model", "digest")}
            ship = result["ship"]
            return cls(
                job=job,
                sentence=result["sentence"],
                reason=ship["reason"],
                question=Question.from_json(asked),
                network=result["question"]["model"],
                candidates=tuple(tried.values()),
                front=tuple(tried[number] for number in result["front"]),
                ship=tried[ship["number"]],
                measured=Benchmark.from_json(ship["benchmark"]),
                told=result,
            )
        except (KeyError, TypeError, ValueError, AttributeError, BenchmarkError, SearchError):
            return None


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that the page shows, gathered before anything is drawn.

    Attributes
    ----------
    selection : Selection
        With a variant that can be searched from.
    networks : sequence of Variant
        Those that can be searched from.
    kept : sequence of Variant
        All variants of the network.
    live : sequence of Job
        Searches of the network that wait or run.
    lost : Job or None
        The newest search of the network, if it failed or was cancelled and no other waits or runs.
    past : sequence of Answer
        Of the network, the newest first.
    shown : Answer or None
        The one that the page is about.
    asked : Job or None
        The search that the address names, whatever became of it: the form is filled as it was asked for.
    worker : bool
        Whether there is one to run what waits.
    """

    selection: Selection
    networks: Sequence[Variant]
    kept: Sequence[Variant]
    live: Sequence[Job]
    lost: Job | None
    past: Sequence[Answer]
    shown: Answer | None
    asked: Job | None
    worker: bool

    @property
    def network(self) -> Variant:
        """The variant that is searched from."""
        return next(variant for variant in self.networks if variant.full_name == self.selection.model)

    @property
    def came_to_none(self) -> bool:
        """Whether the search that the address names has ended without an answer."""
        return self.asked is not None and self.asked.state in ("failed", "cancelled")


def find(workspace: Workspace, asked: Selection) -> Found:
    """Gather what an address asks for.

    Raises
    ------
    ModelNotFoundError
        If it names a network that is not there or can't be searched from.
    JobNotFoundError
        If it names a job that is not there, or is no search.
    """
    networks = searchable(workspace)
    selection = completed(workspace, asked, networks)
    jobs = [job for job in workspace.jobs.list(kind=KIND) if network_of(job) == selection.network]
    past = [answer for job in jobs if (answer := Answer.of(job)) is not None]
    named = next((answer for answer in past if answer.job.id == selection.job), None)
    live = [job for job in jobs if job.state in ("queued", "running")]
    ended = max((job for job in jobs if job.ended_at), key=lambda job: job.queued_at, default=None)
    return Found(
        selection=selection,
        networks=networks,
        kept=workspace.variants.list(selection.network),
        live=live,
        lost=ended if ended is not None and ended.state in ("failed", "cancelled") and not live else None,
        past=past,
        shown=named or (past[0] if past else None),
        asked=next((job for job in jobs if job.id == selection.job), None),
        worker=workspace.jobs.worker_alive(),
    )


def searchable(workspace: Workspace) -> list[Variant]:
    """Return the variants that a search can start from: networks in float32 as ONNX, one a network."""
    found: dict[str, Variant] = {}
    for variant in workspace.variants.list():
        try:
            require_searchable(variant, Question())
        except VibenchError:
            continue
        found.setdefault(variant.card.name, variant)
    return list(found.values())


def completed(workspace: Workspace, asked: Selection, networks: Sequence[Variant]) -> Selection:
    """Return the selection with a variant that can be searched from, and without a job of another network."""
    job = asked.job
    network = asked.network
    if job:
        of_job = workspace.jobs.get(job)
        if of_job.kind != KIND:
            raise JobNotFoundError(job)
        network = network or network_of(of_job)
        job = job if network == network_of(of_job) else ""
    names = {variant.card.name: variant.full_name for variant in networks}
    network = network or (DEFAULT_NETWORK if DEFAULT_NETWORK in names else next(iter(names), ""))
    if network not in names:
        raise ModelNotFoundError(f"{network}/onnx", list(names.values()))
    return Selection(names[network], job, asked.recording, asked.against)


def network_of(job: Job) -> str:
    """Return the name of the network that a job searches for."""
    return str(job.parameters["variant"]).partition("/")[0]
