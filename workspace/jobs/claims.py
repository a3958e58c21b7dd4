"""What the worker does with rows: take the next job, and put down how an attempt ended that can't say it itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from engine.errors import JobCrashedError, JobLimitError
from workspace.database import Database
from workspace.jobs.job import ATTEMPTS
from workspace.jobs.rows import WAITING, Claim, advance, change_running, end, fail_known, is_running, write_log
from workspace.schema import job as table


@dataclass(frozen=True, slots=True)
class Waiting:
    """The job whose turn it is."""

    job_id: str
    attempt: int
    alone: bool


class Claims:
    """The worker's view of the jobs.

    Parameters
    ----------
    database : Database
        Holds their rows.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def next(self) -> Waiting | None:
        """Return the job that has waited longest."""
        query = (
            select(table.c.id, table.c.attempt, table.c.alone)
            .where(table.c.state == "queued")
            .order_by(table.c.turn)
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Waiting(row.id, row.attempt, row.alone)

    def held_up(self, waiting: Waiting) -> None:
        """Put down that a job's turn has come, and that it waits for somebody's command."""
        command = "a command that works in this workspace" if waiting.alone else "a command that measures"
        with self._database.write() as connection:
            advance(connection)
            write_log(connection, Claim(waiting.job_id, waiting.attempt), f"It waits for {command} to end.")

    def claim(self, job_id: str) -> Claim | None:
        """Begin the next attempt at a job that waits; ``None`` if it waits no longer."""
        waits = (table.c.id == job_id) & (table.c.state == "queued")
        with self._database.write() as connection:
            advance(connection)
            before = connection.scalar(select(table.c.attempt).where(waits))
            if before is None:
                return None
            claim = Claim(job_id, before + 1)
            started = {"state": "running", "attempt": claim.attempt, "started_at": datetime.now(UTC)}
            connection.execute(update(table).where(waits).values(started))
            write_log(connection, claim, f"Attempt {claim.attempt} begins.")
        return claim

    def running(self, *, cancelling: bool = False) -> Sequence[Claim]:
        """Return the attempts that count as running, all of them or those that somebody wants to end."""
        query = select(table.c.id, table.c.attempt).where(table.c.state == "running")
        if cancelling:
            query = query.where(table.c.cancelling)
        with self._database.read() as connection:
            return [Claim(row.id, row.attempt) for row in connection.execute(query)]

    def died(self, claim: Claim, reason: str) -> None:
        """Put down that an attempt's process died; without effect on one that had come to its end.

        Parameters
        ----------
        claim : Claim
            The attempt.
        reason : str
            Why, as part of a sentence.
        """
        with self._database.write() as connection:
            row = ended_early(connection, claim)
            if row is None:
                return
            deaths = row.deaths + 1
            if deaths >= ATTEMPTS:
                fail_known(connection, claim, JobCrashedError(ATTEMPTS, reason))
                return
            change_running(connection, claim, deaths=deaths, **WAITING)
            write_log(connection, claim, f"Its process died ({reason}); it will be started again.")

    def ran_out_of_time(self, claim: Claim, limit_s: int) -> None:
        """Put down that an attempt was ended because it took too long."""
        error = JobLimitError(f"It took more than {limit_s} s", "raise VIBENCH_JOB_TIME_LIMIT_S, or ask for less")
        with self._database.write() as connection:
            if ended_early(connection, claim) is not None:
                fail_known(connection, claim, error)

    def put_back(self, claim: Claim) -> None:
        """Let a job wait again at its old place because the worker stops, as if this attempt had not been made."""
        with self._database.write() as connection:
            if ended_early(connection, claim) is not None:
                change_running(connection, claim, **WAITING)
                write_log(connection, claim, "The worker was stopped; the job waits for the next one.")


def ended_early(connection: Connection, claim: Claim) -> Row[Any] | None:
    """Return the row of an attempt that ended without saying how.

    ``None`` if it said so after all, was started anew, or was to be cancelled, which is put down here.
    """
    advance(connection)
    row = connection.execute(select(table).where(is_running(claim))).one_or_none()
    if row is not None and row.cancelling:
        end(connection, claim, "cancelled", "Cancelled.")
        return None
    return row
