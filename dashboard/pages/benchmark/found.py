"""What an address selects, and what the workspace holds of it: variants, measurements, jobs under way."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from engine.errors import BackendMissingError, BenchmarkError, ModelNotFoundError
from engine.variant import BACKENDS, Variant
from optimization.measuring.measurement import Benchmark
from workspace.jobs.job import Job
from workspace.workspace import Workspace

PATH = "/benchmark"
KIND = "benchmark"
#: The network for whoever names none.
DEFAULT_NETWORK = "wdcnn"


@dataclass(frozen=True, slots=True)
class Selection:
    """What an address selects.

    Attributes
    ----------
    model : str
        Full name of a variant, of whose network the measurements are; it is also what other pages are shown with.
    job : str
        Id of a measurement; the network's newest one where it is empty.
    recording : str
        Id of the recording that other pages show, and whose windows the form offers first.
    batch, threads : str
        Which part of the measurement is shown, as the address has it.
    """

    model: str
    job: str = ""
    recording: str = ""
    batch: str = ""
    threads: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Build it from an address's query or from what a ``dcc.Store`` brought back, which may be anything."""
        return cls(*(str(data.get(name) or "") for name in ("model", "job", "recording", "batch", "threads")))

    @property
    def network(self) -> str:
        """Name of the network."""
        return self.model.partition("/")[0]

    @property
    def address(self) -> str:
        """The page's path with its query."""
        return PATH + self.query

    @property
    def query(self) -> str:
        """As an address has it: ``?model=wdcnn/onnx&job=ID&batch=32``."""
        return "?" + urlencode({name: value for name, value in asdict(self).items() if value}, safe="/")


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that the page shows, gathered before anything is drawn.

    Attributes
    ----------
    selection : Selection
        With a variant that is there.
    variants : sequence of Variant
        The network's, in the order of the backends.
    live : sequence of Job
        Measurements of the network that wait or run.
    lost : Job or None
        The selected or newest measurement of the network, if it failed or was cancelled; the newest only while
        no other waits or runs.
    past : sequence of (Job, Benchmark)
        Measurements of the network, the newest first.
    shown : (Job, Benchmark) or None
        The one that the page is about.
    worker : bool
        Whether there is one to run what waits.
    """

    selection: Selection
    variants: Sequence[Variant]
    live: Sequence[Job]
    lost: Job | None
    past: Sequence[tuple[Job, Benchmark]]
    shown: tuple[Job, Benchmark] | None
    worker: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Batch size and number of threads that are shown: the selected ones, where they were measured."""
        if self.shown is None:
            raise BenchmarkError("Nothing was measured yet", "measure first")
        measured = self.shown[1]
        shapes = [(control.batch, control.threads) for control in measured.controls]
        batch, threads = self.selection.batch, self.selection.threads
        fitting = [shape for shape in shapes if batch in ("", str(shape[0])) and threads in ("", str(shape[1]))]
        return (fitting or shapes)[0]


def find(workspace: Workspace, asked: Selection) -> Found:
    """Gather what an address asks for.

    Raises
    ------
    ModelNotFoundError
        If it names a variant that is not there, or there is none at all.
    JobNotFoundError
        If it names a job that is not there.
    """
    selection = completed(workspace, asked)
    jobs = [job for job in workspace.jobs.list(kind=KIND) if network_of(job) == selection.network]
    past = [(job, measured) for job in jobs if (measured := measured_by(job)) is not None]
    named = next((pair for pair in past if pair[0].id == selection.job), None)
    ended = sorted((job for job in jobs if job.ended_at), key=lambda job: (job.id == selection.job, job.queued_at))
    lost = ended[-1] if ended and ended[-1].state in ("failed", "cancelled") else None
    live = [job for job in jobs if job.state in ("queued", "running")]
    return Found(
        selection=selection,
        variants=sorted(workspace.variants.list(selection.network), key=lambda one: BACKENDS.index(one.backend)),
        live=live,
        lost=None if live and (lost is None or lost.id != selection.job) else lost,
        past=past,
        shown=named or (past[0] if past else None),
        worker=workspace.jobs.worker_alive(),
    )


def completed(workspace: Workspace, asked: Selection) -> Selection:
    """Return the selection with a variant that is there, and without a job of another network."""
    if asked.job:
        network = network_of(workspace.jobs.get(asked.job))
        if not asked.model:
            return replace(asked, model=default_variant(workspace, network))
        if asked.network != network:
            return replace(completed(workspace, replace(asked, job="")), batch="", threads="")
    return replace(asked, model=default_variant(workspace, asked.model))


def default_variant(workspace: Workspace, text: str) -> str:
    """Return the full name of the variant that ``text`` names: a variant, a network, or nothing."""
    variants = workspace.variants.list()
    names = [variant.full_name for variant in variants]
    networks = list(dict.fromkeys(variant.card.name for variant in variants))
    if text in names:
        return text
    if not text and networks:
        text = DEFAULT_NETWORK if DEFAULT_NETWORK in networks else networks[0]
    if text not in networks:
        raise ModelNotFoundError(text, names)
    try:
        return workspace.variants.find(text).full_name
    except BackendMissingError:
        return next(variant.full_name for variant in variants if variant.card.name == text)


def network_of(job: Job) -> str:
    """Return the name of the network whose variants a job measures."""
    return str(job.parameters["variants"][0]).partition("/")[0]


def measured_by(job: Job) -> Benchmark | None:
    """Return what a job measured, ``None`` if it has not, or if an older Vibench wrote what can't be read here."""
    if job.result is None:
        return None
    try:
        return Benchmark.from_json(job.result)
    except BenchmarkError:
        return None
