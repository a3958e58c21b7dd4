"""Locks on files, for what several processes or threads must not do at the same time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold ``path`` locked; the kernel frees it when a process dies.

    Every use opens the file anew, so that threads of one process exclude each other too.

    Parameters
    ----------
    path : Path
        Made if it is missing; its folder is there.
    wait : bool
        Wait for whoever holds it; otherwise go on at once without it.

    Yields
    ------
    bool
        Whether the lock is held: always, if it was waited for.
    """
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
