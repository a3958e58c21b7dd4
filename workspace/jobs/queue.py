"""What pages and commands ask of jobs."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, case, func, insert, or_, select, update

from engine import __version__
from engine.errors import JobLimitError, JobNotFoundError, JobStateError
from workspace.jobs.job import STATES, Job, LogLine, State
from workspace.jobs.kinds import KINDS
from workspace.jobs.kinds.base import JobKind
from workspace.jobs.presence import worker_runs
from workspace.jobs.rows import WAITING, Claim, advance, end, job_of, line_of, write_log
from workspace.schema import job as table
from workspace.schema import job_log, job_revision

if TYPE_CHECKING:
    from workspace.workspace import Workspace

#: How a sentence goes on after "Job ID has".
HAPPENED: Mapping[State, str] = {
    "queued": "been queued",
    "running": "been started",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "been cancelled",
}


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a job that somebody asked for.

    Attributes
    ----------
    job : Job
        The job.
    found : bool
        Whether the same work was waiting, running or done already, so that nothing new was started.
    """

    job: Job
    found: bool


class JobQueue:
    """The jobs of a workspace; safe to use from several threads and processes. ``workspace.jobs``.

    Parameters
    ----------
    workspace : Workspace
        Whose jobs they are.
    kinds : mapping
        The kinds of jobs that may be asked for.
    """

    def __init__(self, workspace: "Workspace", kinds: Mapping[str, JobKind] = KINDS) -> None:
        self._workspace = workspace
        self._database = workspace.database
        self._kinds = kinds

    def submit(self, kind: str, parameters: Mapping[str, Any]) -> Submitted:
        """Ask for work; the same work asked for twice is found, not made again.

        Raises
        ------
        JobLimitError
            If as many jobs wait as may.
        VibenchError
            If the kind refuses the parameters: a variant or a recording that is not there, an impossible recipe.
        """
        module = self._kinds[kind]
        full = module.check(self._workspace, parameters)
        title, subject = module.told(self._workspace, full)
        key = hashed(kind, module.run_key(full))
        with self._database.write() as connection:
            turn = advance(connection)
            found = self._same_work(connection, module, key)
            if found is not None:
                return Submitted(found, found=True)
            self._check_room(connection)
            job_id = secrets.token_hex(5)
            values = {
                "id": job_id,
                "kind": kind,
                "title": title,
                "subject": subject,
                "parameters": full,
                "run_key": key,
                "alone": module.ALONE,
                "turn": turn,
                "attempt": 0,
                "deaths": 0,
                "queued_at": datetime.now(UTC),
            }
            connection.execute(insert(table).values(values | WAITING))
            return Submitted(self._row(connection, job_id), found=False)

    def get(self, job_id: str) -> Job:
        """Return a job; raises `JobNotFoundError` if there is none of that id."""
        with self._database.read() as connection:
            return self._row(connection, job_id)

    def list(self, *states: State, kind: str | None = None, limit: int = 200) -> Sequence[Job]:
        """Return jobs, of those states or of all: waiting ones in the order of their turn, others the newest first.

        Running ones stand before waiting ones, and those before all that have ended.
        """
        place = case({"running": 0, "queued": 1}, value=table.c.state, else_=2)
        turn = case((table.c.state == "queued", table.c.turn), else_=-table.c.turn)
        query = select(table).order_by(place, turn).limit(limit)
        if states:
            query = query.where(table.c.state.in_(states))
        if kind is not None:
            query = query.where(table.c.kind == kind)
        with self._database.read() as connection:
            return [job_of(row) for row in connection.execute(query)]

    def log(self, job_id: str) -> Sequence[LogLine]:
        """Return a job's log, the oldest line first; raises `JobNotFoundError` if there is no such job."""
        query = select(job_log).where(job_log.c.job_id == job_id).order_by(job_log.c.number)
        with self._database.read() as connection:
            self._row(connection, job_id)
            return [line_of(row) for row in connection.execute(query)]

    def cancel(self, job_id: str) -> Job:
        """End a job: at once if it waits, within 2 s if it runs.

        Raises
        ------
        JobNotFoundError, JobStateError
            If there is none, or it has ended.
        """
        with self._database.write() as connection:
            advance(connection)
            found = self._row(connection, job_id)
            claim = Claim(job_id, found.attempt)
            if found.state == "queued":
                values = {"state": "cancelled", "ended_at": datetime.now(UTC)}
                connection.execute(update(table).where(table.c.id == job_id).values(values))
                write_log(connection, claim, "Cancelled while it waited.")
            elif found.state != "running":
                raise JobStateError(job_id, HAPPENED[found.state], "cancelled")
            elif not worker_runs(self._workspace.folder):  # it was interrupted, and nobody is there to end it
                end(connection, claim, "cancelled", "Cancelled.")
            elif not found.cancelling:
                connection.execute(update(table).where(table.c.id == job_id).values(cancelling=True))
                write_log(connection, claim, "Somebody wants it to end.")
            return self._row(connection, job_id)

    def retry(self, job_id: str) -> Job:
        """Put a failed or cancelled job at the end of the queue, with all its attempts.

        Raises
        ------
        JobNotFoundError, JobStateError, JobLimitError
            If there is none, it has not failed, or as many wait as may.
        """
        with self._database.write() as connection:
            turn = advance(connection)
            found = self._row(connection, job_id)
            if found.state not in {"failed", "cancelled"}:
                raise JobStateError(job_id, HAPPENED[found.state], "tried again")
            self._check_room(connection)
            anew = {"turn": turn, "deaths": 0, "error": None, "queued_at": datetime.now(UTC)}
            anew |= WAITING | {"started_at": None, "ended_at": None}
            connection.execute(update(table).where(table.c.id == job_id).values(anew))
            write_log(connection, Claim(job_id, found.attempt), "Somebody wants it tried again.")
            return self._row(connection, job_id)

    def revision(self) -> int:
        """Return a number that grows with every change of a job, so that a page asks for no more than that."""
        with self._database.read() as connection:
            return int(connection.scalar(select(job_revision.c.value)) or 0)

    def counts(self) -> Mapping[State, int]:
        """Return how many jobs are in each state."""
        query = select(table.c.state, func.count()).group_by(table.c.state)
        with self._database.read() as connection:
            counted = {state: int(count) for state, count in connection.execute(query)}
        return {state: counted.get(state, 0) for state in STATES}

    def worker_alive(self) -> bool:
        """Whether a worker is there to run what is queued."""
        return worker_runs(self._workspace.folder)

    def _same_work(self, connection: Connection, module: JobKind, key: str | None) -> Job | None:
        """Return the newest job of a key that waits, runs, or made what is still kept."""
        if key is None:
            return None
        goes_on = (table.c.state == "queued") | ((table.c.state == "running") & ~table.c.cancelling)
        wanted = (table.c.run_key == key) & or_(goes_on, table.c.state == "succeeded")
        for row in connection.execute(select(table).where(wanted).order_by(table.c.turn.desc())).all():
            if row.state != "succeeded" or module.still_there(self._workspace, row.result):
                return job_of(row)
        return None

    def _check_room(self, connection: Connection) -> None:
        """Raise `JobLimitError` if as many jobs wait as may."""
        limit = self._workspace.settings.queued_jobs_limit
        waiting = connection.scalar(select(func.count()).select_from(table).where(table.c.state == "queued"))
        if (waiting or 0) >= limit:
            raise JobLimitError(
                f"{limit} jobs wait already, and more may not",
                "wait until one is done, cancel one, or raise VIBENCH_QUEUED_JOBS_LIMIT",
            )

    def _row(self, connection: Connection, job_id: str) -> Job:
        row: Row[Any] | None = connection.execute(select(table).where(table.c.id == job_id)).one_or_none()
        if row is None:
            raise JobNotFoundError(job_id)
        return job_of(row)


def hashed(kind: str, run_key: str | None) -> str | None:
    """Return what is kept of a run key; other versions of the code may come to other results."""
    if run_key is None:
        return None
    return hashlib.sha256(json.dumps([kind, __version__, run_key]).encode()).hexdigest()
