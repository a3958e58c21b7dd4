"""Commands and measurements take turns: nothing is measured while something else computes in the same workspace."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vibench.progress import WorkProgress


@contextmanager
def turn(workspace: Path, progress: WorkProgress, *, alone: bool) -> Iterator[None]:
    """Wait for one's turn among commands and the worker's jobs, saying so, and keep others waiting meanwhile.

    Parameters
    ----------
    workspace : Path
        Its folder.
    progress : WorkProgress
        Told what is waited for.
    alone : bool
        Whether to measure, while nothing else is done; otherwise nothing may be measured.
    """
    from workspace.jobs.measuring import measuring, try_measuring

    held = try_measuring(workspace, alone=alone)
    if held is not None:
        with held:
            yield
        return
    progress("Waiting for a job of this workspace to end" if alone else "Waiting for a measurement to end", 0, 0)
    with measuring(workspace, alone=alone):
        yield
