"""What a job works with, in its own process: progress, log and result, written as long as its attempt counts."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Connection, select

from engine.errors import WorkspaceError
from workspace.database import Database
from workspace.jobs.job import JobProgress
from workspace.jobs.rows import Claim, advance, change_running, end, is_running, write_log
from workspace.schema import job as table

logger = logging.getLogger(__name__)

#: Seconds between two writes of progress, and seconds of work before a rate means something.
PROGRESS_S = 0.25
RATE_AFTER_S = 0.5


class Fenced(Exception):  # noqa: N818 - nothing went wrong here
    """The attempt counts no longer: the job was cancelled, or another attempt has begun."""


class Pace:
    """How fast the work goes that is being done, whatever was done before it.

    Parameters
    ----------
    clock : callable
        Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._what: str | None = None
        self._begun, self._done_then, self._done = 0.0, 0, 0

    def at(self, what: str, done: int, total: int) -> JobProgress:
        """Return the progress with its rate and the seconds left, as soon as they can be known."""
        if what != self._what or done < self._done:
            self._what, self._begun, self._done_then = what, self._clock(), done
        self._done = done
        elapsed, more = self._clock() - self._begun, done - self._done_then
        if elapsed < RATE_AFTER_S or more == 0:
            return JobProgress(what, done, total)
        per_s = more / elapsed
        return JobProgress(what, done, total, per_s, max(total - done, 0) / per_s if total else None)


class RunningJob:
    """The `workspace.jobs.kinds.base.JobContext` of one attempt.

    Parameters
    ----------
    database : Database
        Holds the job's row.
    claim : Claim
        The attempt.
    folder : Path
        Its scratch.
    """

    def __init__(self, database: Database, claim: Claim, folder: Path) -> None:
        self.folder = folder
        self.finished = False
        self._database = database
        self._claim = claim
        self._pace = Pace()
        self._told: str | None = None
        self._told_at = 0.0

    def progress(self, what: str, done: int, total: int) -> None:
        """Say how far the job is; written a few times a second, so it may be called as often as one likes.

        Raises
        ------
        Fenced
            If this attempt counts no longer.
        """
        progress = self._pace.at(what, done, total)
        begins_or_ends = what != self._told or (total > 0 and done >= total)
        if not begins_or_ends and monotonic() - self._told_at < PROGRESS_S:
            return
        self._told, self._told_at = what, monotonic()
        try:
            with self._database.write() as connection:
                advance(connection)
                self._keep(change_running(connection, self._claim, progress=asdict(progress)))
        except WorkspaceError as error:  # work that goes on is worth more than telling of it
            logger.warning("Progress was not kept: %s", error)

    def log(self, line: str) -> None:
        """Add a line to the job's log; raises `Fenced` as `progress` does, `WorkspaceError` if it can't be kept."""
        with self._database.write() as connection:
            advance(connection)
            self._keep(connection.scalar(select(table.c.id).where(is_running(self._claim))) is not None)
            write_log(connection, self._claim, line)

    def finish(self, result: Mapping[str, Any]) -> None:
        """Keep the result, and with it that the job succeeded; raises as `log` does."""
        with self._database.write() as connection:
            self.finishing(result)(connection)

    def finishing(self, result: Mapping[str, Any]) -> Callable[[Connection], None]:
        """Return what does the same inside somebody else's transaction, so that a result and its rows are one."""

        def keep(connection: Connection) -> None:
            advance(connection)
            wanted = select(table.c.id).where(is_running(self._claim) & ~table.c.cancelling)
            self._keep(connection.scalar(wanted) is not None)
            end(connection, self._claim, "succeeded", "Done.", result=dict(result))
            self.finished = True

        return keep

    def _keep(self, counts: bool) -> None:
        """Raise `Fenced`, which undoes the transaction, unless this attempt counts."""
        if not counts:
            raise Fenced(f"attempt {self._claim.attempt} at job {self._claim.job_id} counts no longer")
