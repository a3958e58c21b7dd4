"""Kinds of jobs that do what a test wants, and a worker for them: ``python trial.py [worker FOLDER]``."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

from engine.errors import RecipeError

#: What the process of one of these jobs is started with.
COMMAND = (sys.executable, "-P", __file__)


def check(workspace, parameters):
    if parameters.get("impossible"):
        raise RecipeError("impossible", True, allowed="leave it out")
    return {"do": "finish", "number": 0, **parameters}


def run(workspace, parameters, context):
    (context.folder / "half-done").write_text("scratch")
    ACTIONS[parameters["do"]](parameters, context)


def wait(parameters, context):
    """Wait until the file that the test names is there."""
    begun = time.monotonic()
    while not Path(parameters["until"]).exists() and time.monotonic() - begun < 60:
        context.progress("waiting", int(time.monotonic() - begun), 60)
        time.sleep(0.02)
    context.finish({"number": parameters["number"]})


def start_another(parameters, context):
    """Start a process of its own, tell its number, and wait."""
    process = subprocess.Popen(["sleep", "60"])
    context.log(f"started {process.pid}")
    process.wait()


def die(parameters, context):
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(parameters, context):
    mark = Path(parameters["until"])
    if not mark.exists():
        mark.touch()
        die(parameters, context)
    context.finish({"number": parameters["number"]})


def leave(parameters, context):
    sys.stdout.write("these are my last words\n")
    sys.stdout.flush()
    os._exit(7)


def refuse(parameters, context):
    raise RecipeError("sparsity", 3, allowed="between 0 and 1")


def stumble(parameters, context):
    raise ValueError("nobody thought of this")


def fill_disk(parameters, context):
    raise OSError(errno.ENOSPC, "No space left on device")


def fill_memory(parameters, context):
    raise MemoryError


def finish(parameters, context):
    sys.stdout.write("a line of output\n")
    context.finish({"number": parameters["number"]})


ACTIONS = {
    action.__name__: action
    for action in (wait, start_another, die, die_once, leave, refuse, stumble, fill_disk, fill_memory, finish)
} | {"nothing": lambda parameters, context: None}


def kind(*, alone):
    return SimpleNamespace(
        ALONE=alone,
        check=check,
        told=lambda workspace, parameters: ("Trial", f"of {parameters['number']}"),
        run_key=lambda parameters: None if alone else repr(sorted(parameters.items())),
        still_there=lambda workspace, result: not (workspace.folder / f"gone-{result['number']}").exists(),
        run=run,
    )


KINDS = MappingProxyType({"trial": kind(alone=False), "measure": kind(alone=True)})


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        from workspace.jobs.worker import Worker
        from workspace.settings import Settings
        from workspace.workspace import Workspace

        Worker(Workspace.open(Settings(_env_file=None, workspace=sys.argv[2])), COMMAND).run()
    else:
        from workspace.jobs.child import main

        main(KINDS)
