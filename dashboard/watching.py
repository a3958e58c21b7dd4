"""The process that runs the jobs, started beside the server and watched by it."""

import logging
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gunicorn.arbiter import Arbiter

from engine.readers.child import die_with
from workspace.jobs.children import same_imports
from workspace.jobs.presence import worker_runs

logger = logging.getLogger(__name__)

#: A worker that lived longer than this is started again soon, others after a pause that doubles each time.
STEADY_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0
#: What it is given to end its children.
GRACE_S = 5.0


class WatchedWorker:
    """Keeps a worker running for a workspace, unless somebody else's is there.

    Parameters
    ----------
    command : sequence of str
        Starts it.
    folder : Path
        The workspace's.
    clock : callable
        Returns seconds.
    """

    def __init__(self, command: Sequence[str], folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._command, self._folder, self._clock = command, folder, clock
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = self._next_start = clock()
        self._pause_s = FIRST_PAUSE_S

    def keep_running(self) -> None:
        """Start the worker if none is there; called once a second or so, from a process with a single thread."""
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._process = None
            self._see_to_pause()
        if self._clock() >= self._next_start and not worker_runs(self._folder):
            self._start()

    def _start(self) -> None:
        self._started_at = self._clock()
        self._process = subprocess.Popen(  # noqa: S603 - it is Vibench itself
            self._command,
            stdin=subprocess.DEVNULL,
            env=same_imports(os.environ),
            start_new_session=True,  # Ctrl-C is for the server, which passes it on
            # Not even a killed server leaves a worker behind; safe, because this process has no other thread.
            preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509
        )

    def _see_to_pause(self) -> None:
        lived_s = self._clock() - self._started_at
        pause_s = FIRST_PAUSE_S if lived_s > STEADY_S else self._pause_s
        self._next_start = self._clock() + pause_s
        self._pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        logger.warning("The worker ended after %.0f s; another one starts in %.0f s", lived_s, pause_s)

    def stop(self) -> None:
        """Ask the worker to end."""
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> None:
        """Wait until it has ended; it is killed if it takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class WatchingArbiter(Arbiter):
    """Gunicorn's main process, which watches the worker as it watches the process that answers requests."""

    def __init__(self, app: Any, worker: WatchedWorker) -> None:
        self._worker = worker
        super().__init__(app)

    def manage_workers(self) -> None:
        """See to both; gunicorn calls this once a second."""
        super().manage_workers()
        self._worker.keep_running()

    def stop(self, graceful: bool = True) -> None:
        """Stop both at the same time."""
        self._worker.stop()
        super().stop(graceful)
        self._worker.wait()
