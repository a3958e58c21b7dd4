"""The process of one attempt at a job: ``python -m workspace.jobs.child``, started by the worker alone."""

import gc
import json
import os
import secrets
import sys
import tempfile
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from engine.errors import JobLimitError, VibenchError
from engine.readers.child import die_with
from workspace.blobs import readable_errors
from workspace.jobs.context import Fenced, RunningJob
from workspace.jobs.kinds import KINDS
from workspace.jobs.kinds.base import JobKind
from workspace.jobs.rows import Claim, advance, fail, fail_known
from workspace.settings import load_settings
from workspace.workspace import Workspace

#: Among processes that could be ended for want of memory, the kernel takes this one rather than the server.
OOM_SCORE = Path("/proc/self/oom_score_adj")
FIRST_TO_GO = "500"


def main(kinds: Mapping[str, JobKind] = KINDS) -> None:
    """Do the job that standard input names, and keep what came of it."""
    order = json.load(sys.stdin)
    die_with(order["parent"])
    for lock in order["locks"]:
        os.set_inheritable(lock, False)  # what this process starts shall not hold them for longer
    with suppress(OSError):
        OOM_SCORE.write_text(FIRST_TO_GO)
    claim = Claim(order["job"], order["attempt"])
    with Workspace.open(load_settings(**order["settings"])) as workspace:
        run_job(workspace, claim, Path(order["folder"]), kinds)


def run_job(workspace: Workspace, claim: Claim, folder: Path, kinds: Mapping[str, JobKind]) -> None:
    """Run a claimed job in this process, to its result or to the error that is kept in its place.

    Parameters
    ----------
    workspace : Workspace
        Whose job it is.
    claim : Claim
        The attempt.
    folder : Path
        Scratch, made here.
    kinds : mapping
        The kinds of jobs.
    """
    context = RunningJob(workspace.database, claim, folder)
    job = workspace.jobs.get(claim.job_id)
    try:
        with readable_errors(workspace.folder):
            prepare_scratch(folder)
            kinds[job.kind].run(workspace, job.parameters, context)
        if not context.finished:
            raise RuntimeError(f"a job of kind {job.kind} ended without a result")
    except Fenced:
        return
    except VibenchError as error:
        keep_error(workspace, claim, error)
    except MemoryError:
        gc.collect()
        keep_error(workspace, claim, JobLimitError("It needs more memory than there is", "ask for less at a time"))
    except Exception as error:  # noqa: BLE001 - whatever nobody expected ends here, once, as a sentence
        keep_bug(workspace, claim, error)


def prepare_scratch(folder: Path) -> None:
    """Make the folder of an attempt, and have every library put its temporary files there: the worker removes it."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def keep_error(workspace: Workspace, claim: Claim, error: VibenchError) -> None:
    """Keep an error that Vibench expects; trying again would come to the same."""
    with workspace.database.write() as connection:
        advance(connection)
        fail_known(connection, claim, error)


def keep_bug(workspace: Workspace, claim: Claim, error: Exception) -> None:
    """Keep the sentence for an error that nobody expected; its trace goes to the worker's log."""
    number = secrets.token_hex(4)
    print("".join([f"bug {number}\n", *traceback.format_exception(error)]), file=sys.stderr, flush=True)  # noqa: T201
    message = (
        f"This is a bug in Vibench, not your mistake: {type(error).__name__}: {error}. Please report it with the "
        f"trace that the worker logged as {number}."
    )
    with workspace.database.write() as connection:
        advance(connection)
        fail(connection, claim, "bug", message)


if __name__ == "__main__":
    main()
    sys.stderr.flush()
    os._exit(0)  # all is kept: what libraries do at the end of a process takes a while, and may crash it
