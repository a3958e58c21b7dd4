"""The rows of jobs: read as `Job`, written under the one rule that the attempt which writes must be the running one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from engine.errors import VibenchError
from workspace.jobs.job import Job, JobProgress, LogLine
from workspace.schema import job as table
from workspace.schema import job_log, job_revision

#: Lines of a job's log that are kept, the newest ones, and characters of each.
LOG_LINES = 1000
LOG_LINE_LENGTH = 2000

#: What every job that waits has in common, whether for the first time or again.
WAITING: dict[str, Any] = {"state": "queued", "cancelling": False, "progress": None}


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at a job; what it writes counts as long as no other one has begun and nobody ended it."""

    job_id: str
    attempt: int


def job_of(row: Row[Any]) -> Job:
    """Return a row as the job that it holds."""
    return Job(
        id=row.id,
        kind=row.kind,
        title=row.title,
        subject=row.subject,
        parameters=row.parameters,
        state=row.state,
        alone=row.alone,
        cancelling=row.cancelling,
        attempt=row.attempt,
        progress=None if row.progress is None else JobProgress(**row.progress),
        result=row.result,
        error=row.error,
        queued_at=row.queued_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def line_of(row: Row[Any]) -> LogLine:
    """Return a row of the log as a line."""
    return LogLine(row.at, row.attempt, row.text)


def advance(connection: Connection) -> int:
    """Increase the revision of all jobs and return it; the first thing that a transaction which changes one does.

    From here to its end no other transaction changes a job, in databases with many writers too.
    """
    connection.execute(update(job_revision).values(value=job_revision.c.value + 1))
    return int(connection.scalar(select(job_revision.c.value)) or 0)


def is_running(claim: Claim) -> ColumnElement[bool]:
    """Return the condition under which an attempt may write."""
    return (table.c.id == claim.job_id) & (table.c.attempt == claim.attempt) & (table.c.state == "running")


def change_running(connection: Connection, claim: Claim, **values: Any) -> bool:
    """Write values into the row of a running attempt; return whether it is the running one."""
    return connection.execute(update(table).where(is_running(claim)).values(**values)).rowcount == 1


def end(connection: Connection, claim: Claim, state: str, text: str, **values: Any) -> bool:
    """End a running attempt and say so in the log; return whether it was the running one."""
    values |= {"state": state, "cancelling": False, "progress": None, "ended_at": datetime.now(UTC)}
    changed = change_running(connection, claim, **values)
    if changed:
        write_log(connection, claim, text)
    return changed


def fail(connection: Connection, claim: Claim, code: str, message: str) -> bool:
    """End a running attempt as failed; return whether it was the running one."""
    return end(connection, claim, "failed", f"Failed: {message}", error={"code": code, "message": message})


def fail_known(connection: Connection, claim: Claim, error: VibenchError) -> bool:
    """End a running attempt as failed with an error that Vibench expects."""
    return fail(connection, claim, error.code, str(error))


def write_log(connection: Connection, claim: Claim, text: str) -> None:
    """Add a line to a job's log, and let go of the oldest ones where there are too many."""
    line = {"job_id": claim.job_id, "at": datetime.now(UTC), "attempt": claim.attempt, "text": text[:LOG_LINE_LENGTH]}
    connection.execute(insert(job_log).values(line))
    mine = job_log.c.job_id == claim.job_id
    oldest = select(job_log.c.number).where(mine).order_by(job_log.c.number.desc()).offset(LOG_LINES).limit(1)
    too_many = connection.scalar(oldest)
    if too_many is not None:
        connection.execute(delete(job_log).where(mine & (job_log.c.number <= too_many)))
