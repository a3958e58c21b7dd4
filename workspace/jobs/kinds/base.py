"""The contract of every kind of job."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection

if TYPE_CHECKING:
    from workspace.workspace import Workspace


class JobContext(Protocol):
    """What a job works with, in its own process."""

    folder: Path  #: scratch of this attempt, removed afterwards; on the file system of the blobs

    def progress(self, what: str, done: int, total: int) -> None:
        """Say how far the job is, as `optimization.progress.Progress`."""
        ...

    def log(self, line: str) -> None:
        """Add a line to the job's log."""
        ...

    def finish(self, result: Mapping[str, Any]) -> None:
        """Keep the result, and with it that the job succeeded."""
        ...

    def finishing(self, result: Mapping[str, Any]) -> Callable[[Connection], None]:
        """Return what does the same inside somebody else's transaction, so that a result and its rows are one.

        It raises where the job has been cancelled or started anew meanwhile, which undoes that transaction.
        """
        ...


class JobKind(Protocol):
    """One kind of job; a module fulfils it, and one row in `workspace.jobs.kinds.KINDS` registers it."""

    ALONE: bool  #: whether it measures, and no other job may run beside it

    def check(self, workspace: "Workspace", parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters in full: defaults filled in, variants by digest.

        Raises a `VibenchError` if they can't be. Called by `JobQueue.submit`, so it is quick and loads nothing heavy.
        """
        ...

    def told(self, workspace: "Workspace", parameters: Mapping[str, Any]) -> tuple[str, str]:
        """Return title and subject for people."""
        ...

    def run_key(self, parameters: Mapping[str, Any]) -> str | None:
        """Return what two jobs share whose results are the same; ``None`` where each is to be run."""
        ...

    def still_there(self, workspace: "Workspace", result: Mapping[str, Any]) -> bool:
        """Whether what an earlier job made is still kept."""
        ...

    def run(self, workspace: "Workspace", parameters: Mapping[str, Any], context: JobContext) -> None:
        """Do the work and end with ``context.finish`` or ``context.finishing``; in a process of the job's own."""
        ...
