"""The worker: takes the jobs of a workspace one after the other and runs each in a process of its own."""

import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.errors import WorkspaceError
from workspace.jobs.children import CHILD, Child
from workspace.jobs.claims import Claims, Waiting
from workspace.jobs.measuring import try_measuring
from workspace.jobs.presence import become_worker
from workspace.jobs.rows import Claim
from workspace.settings import plain_settings
from workspace.workspace import Workspace

logger = logging.getLogger(__name__)

#: A folder for each attempt, on the file system of the blobs; all of it is the worker's.
SCRATCH = Path("jobs", "attempts")
POLL_S = 0.1
#: What the worker waits where the database can't be used, before it tries again.
TROUBLE_S = 1.0


@dataclass(slots=True)
class Running:
    """An attempt that goes on.

    Attributes
    ----------
    claim : Claim
        Which one.
    child : Child
        Its process.
    folder : Path
        Its scratch.
    alone : bool
        Whether no other job may run beside it.
    due : float
        When it has taken too long, by the monotonic clock.
    out_of_time : bool
        Whether it was ended for that.
    """

    claim: Claim
    child: Child
    folder: Path
    alone: bool
    due: float
    out_of_time: bool = False


class Worker:
    """Runs the jobs of a workspace; there is one a workspace, as a lock sees to.

    Parameters
    ----------
    workspace : Workspace
        Whose jobs it runs.
    command : sequence of str
        What a job's process is started with.
    """

    def __init__(self, workspace: Workspace, command: Sequence[str] = CHILD) -> None:
        self._workspace = workspace
        self._settings = workspace.settings
        self._command = command
        self._claims = Claims(workspace.database)
        self._folders = workspace.folder / SCRATCH
        self._running: list[Running] = []
        self._held_up: Waiting | None = None
        self._stopping = False

    def run(self) -> None:
        """Run jobs until `stop` is called; from the main thread, with which the kernel ends the children too.

        Raises
        ------
        JobError
            If another worker is there already.
        WorkspaceError
            If the database can't be used at the start; later on that is logged and waited for.
        """
        with become_worker(self._workspace.folder) as lock:
            self._take_over()
            logger.info("the worker of %s is ready", self._workspace.folder)
            trouble = ""
            while not self._stopping:
                try:
                    self._tend()
                    self._start_next(lock)
                    trouble = ""
                except WorkspaceError as error:
                    if str(error) != trouble:  # said once: a full disk may last a night, and hold the log as well
                        trouble = str(error)
                        logger.error("No job can be started or ended: %s", trouble)
                    time.sleep(TROUBLE_S)
                time.sleep(POLL_S)
            self._put_all_back()

    def stop(self) -> None:
        """Have `run` end, and what it runs wait for the next worker; may be called by a signal handler."""
        self._stopping = True

    def _take_over(self) -> None:
        """Clear up after a worker that was killed; its children died before this one could begin."""
        shutil.rmtree(self._folders, ignore_errors=True)
        for claim in self._claims.running():
            self._claims.died(claim, "the worker ended")

    def _tend(self) -> None:
        """See which attempts have ended, and end those that must."""
        unwanted = self._claims.running(cancelling=True) if self._running else ()
        for running in list(self._running):
            self._pass_on_output(running)
            if running.child.has_ended():
                self._bury(running)
            elif running.claim in unwanted:
                running.child.kill()
            elif time.monotonic() > running.due:
                running.out_of_time = True
                running.child.kill()

    def _start_next(self, lock: BinaryIO) -> None:
        """Start the job that has waited longest, if it may run beside those that run."""
        if any(running.alone for running in self._running) or len(self._running) >= self._settings.jobs_at_once:
            return
        waiting = self._claims.next()
        if waiting is None or (waiting.alone and self._running):
            return
        turn = try_measuring(self._workspace.folder, alone=waiting.alone)
        if turn is None:
            if self._held_up != waiting:  # said once
                self._held_up = waiting
                self._claims.held_up(waiting)
            return
        with turn:
            claim = self._claims.claim(waiting.job_id)
            if claim is not None:
                self._start(claim, [lock, turn], alone=waiting.alone)

    def _start(self, claim: Claim, locks: Sequence[BinaryIO], *, alone: bool) -> None:
        folder = self._folders / f"{claim.job_id}-{claim.attempt}"
        order = {
            "settings": plain_settings(self._settings),
            "job": claim.job_id,
            "attempt": claim.attempt,
            "folder": str(folder),
        }
        try:
            child = Child(self._command, order, locks)
        except OSError as error:
            self._claims.died(claim, f"it can't be started: {error.strerror}")
            return
        due = time.monotonic() + self._settings.job_time_limit_s
        self._running.append(Running(claim, child, folder, alone, due))
        logger.info("job %s begins, attempt %d", claim.job_id, claim.attempt)

    def _bury(self, running: Running) -> None:
        """Put down how an attempt ended, and remove what it left."""
        self._pass_on_output(running)
        if running.out_of_time:
            self._claims.ran_out_of_time(running.claim, self._settings.job_time_limit_s)
        else:
            self._claims.died(running.claim, running.child.cause_of_death())
        self._forget(running)
        logger.info("job %s: attempt %d has ended", running.claim.job_id, running.claim.attempt)

    def _put_all_back(self) -> None:
        """End what runs, without taking an attempt from it."""
        for running in self._running:
            running.child.kill()
        for running in list(self._running):
            running.child.wait()
            self._pass_on_output(running)
            try:
                self._claims.put_back(running.claim)
            except WorkspaceError as error:  # the next worker finds it interrupted
                logger.error("A job can't be put back: %s", error)
            self._forget(running)

    def _forget(self, running: Running) -> None:
        running.child.close()
        shutil.rmtree(running.folder, ignore_errors=True)
        self._running.remove(running)

    def _pass_on_output(self, running: Running) -> None:
        for line in running.child.output():
            logger.info("job %s: %s", running.claim.job_id, line)
