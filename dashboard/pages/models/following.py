"""The jobs that make variants, as the page follows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import JobNotFoundError, VibenchError
from engine.variant import Variant
from optimization.recipe import Recipe
from workspace.jobs.job import ENDED, Job
from workspace.kernels import kept_kernels
from workspace.workspace import Workspace

KIND = "optimize"
KERNELS = "kernels"


@dataclass(frozen=True, slots=True)
class Making:
    """A variant that a job is about to add.

    Attributes
    ----------
    name : str
        That it will have within its network, unless it is taken by then.
    parent : str
        Full name of what it is made from.
    job : Job
        Which waits or runs.
    """

    name: str
    parent: str
    job: Job

    @property
    def share(self) -> str:
        """How much of what the job does at the moment is done; empty where nobody knows."""
        progress = self.job.progress
        if self.job.state != "running" or progress is None or not progress.total:
            return ""
        return f"{progress.done / progress.total:.0%}".replace("%", " %")


def being_made(workspace: Workspace, variants: Sequence[Variant]) -> list[Making]:
    """Return what is being made of the variants that are kept, in the order in which the jobs take their turn."""
    found = []
    for job in (*workspace.jobs.list("running", kind=KIND), *workspace.jobs.list("queued", kind=KIND)):
        parent = source_of(job, variants)
        if parent is not None:
            found.append(Making(name_of(job, parent), parent.full_name, job))
    return found


def source_of(job: Job, variants: Sequence[Variant]) -> Variant | None:
    """Return the variant that a job starts from; ``None`` if it is not kept under that name."""
    asked = job.parameters.get("variant"), job.parameters.get("digest")
    return next((variant for variant in variants if (variant.full_name, variant.digest) == asked), None)


def name_of(job: Job, source: Variant) -> str:
    """Return the name that somebody chose for a job's result, or else the one that its recipe gives."""
    if job.parameters.get("name"):
        return str(job.parameters["name"])
    try:
        return Recipe.from_json(job.parameters["recipe"]).check(source)[-1]
    except VibenchError:  # a job of another Vibench, whose passes were others
        return str(job.parameters["recipe"][-1]["pass"])


def jobs_of(workspace: Workspace, variant: Variant, followed: Sequence[str], variants: Sequence[Variant]) -> list[Job]:
    """Return the jobs to show beside a variant: those that make one from its network, and those that are followed.

    Parameters
    ----------
    workspace : Workspace
        Which runs them.
    variant : Variant
        That the page shows.
    followed : sequence of str
        Ids of jobs to show even when they have ended; those that nobody knows any more are left out.
    variants : sequence of Variant
        All that are kept.
    """
    network = variant.card.name
    active = [one.job for one in being_made(workspace, variants) if one.parent.partition("/")[0] == network]
    found = {job.id: job for job in active}
    for job_id in followed:
        job = found_job(workspace, job_id)
        if job is not None and job.state in ENDED:
            found[job.id] = job
    return list(found.values())


def found_job(workspace: Workspace, job_id: str) -> Job | None:
    """Return a job that makes a variant; ``None`` if there is none of that id."""
    try:
        job = workspace.jobs.get(job_id)
    except JobNotFoundError:
        return None
    return job if job.kind == KIND else None


def kernels_state(workspace: Workspace) -> str:
    """Say how this machine's kernels are: ``measured``, ``measuring`` while a job does or waits to, or ``unknown``."""
    if kept_kernels(workspace.folder) is not None:
        return "measured"
    return "measuring" if workspace.jobs.list("running", "queued", kind=KERNELS) else "unknown"
