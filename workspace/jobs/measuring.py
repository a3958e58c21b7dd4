"""Measurements exclude each other and all other jobs, whether a worker runs them or a command."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def measuring(folder: Path, *, alone: bool) -> Iterator[None]:
    """Wait for one's turn, and hold it; the kernel frees it when the process dies.

    Parameters
    ----------
    folder : Path
        The workspace's.
    alone : bool
        Whether to be alone, in order to measure, rather than beside others who don't.
    """
    with lock_file(folder).open("ab") as file:
        fcntl.flock(file, mode(alone=alone))
        yield


def try_measuring(folder: Path, *, alone: bool) -> BinaryIO | None:
    """Return the file that holds one's turn until every process that has it open closes it; ``None`` if one must wait.

    See `measuring`.
    """
    file = lock_file(folder).open("ab")
    try:
        fcntl.flock(file, mode(alone=alone) | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def lock_file(folder: Path) -> Path:
    """Return the file that is locked, in a workspace's folder."""
    return folder / "jobs" / "measuring.lock"


def mode(*, alone: bool) -> int:
    """Return how it is locked."""
    return fcntl.LOCK_EX if alone else fcntl.LOCK_SH
