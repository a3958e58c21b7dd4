"""Whether a worker is there: it holds a lock as long as it or one of its children lives."""

import fcntl
import time
from pathlib import Path
from typing import BinaryIO

from engine.errors import JobError

#: A worker that was killed frees the lock a moment after its last child; who asks for a worker holds it for less.
PATIENCE_S = 3.0
PAUSE_S = 0.02


def worker_runs(folder: Path) -> bool:
    """Whether a worker is there for the workspace in ``folder``, on this machine or in another container on it."""
    try:
        with lock_file(folder).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: those who ask don't see each other
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def become_worker(folder: Path) -> BinaryIO:
    """Return the file that makes this process the worker of the workspace until every process closes it.

    Raises
    ------
    JobError
        If there is one already.
    """
    file = lock_file(folder).open("ab")
    patient_until = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > patient_until:
                file.close()
                raise JobError(
                    f"A worker runs the jobs of {folder} already, and one is enough; `vibench jobs` shows them."
                ) from None
            time.sleep(PAUSE_S)
        else:
            return file


def lock_file(folder: Path) -> Path:
    """Return the file that is locked, in a workspace's folder."""
    return folder / "jobs" / "worker.lock"
