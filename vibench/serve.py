"""``vibench serve``: the dashboard."""

import os
import sys
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from engine import interrupts
from vibench.parser import Parser
from vibench.progress import Progress

if TYPE_CHECKING:
    from workspace.settings import Settings

SUMMARY = "Start the dashboard in the browser."
EXAMPLE = "vibench serve --port 9000"


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench serve``; each has a setting of the same name, which it overrides."""
    parser.add_argument("--host", metavar="H", help="address to listen on (default: 127.0.0.1); others need a token")
    parser.add_argument("--port", type=int, metavar="P", help="port to listen on (default: 8050)")
    parser.add_argument("--workspace", metavar="DIR", type=Path, help="folder in which everything is kept")
    parser.add_argument(
        "--no-worker", action="store_true", help="leave jobs to a `vibench worker` that is started apart"
    )


def run(arguments: Namespace) -> int:
    """Prepare the workspace, then serve until told to stop."""
    from dashboard.server import serve
    from engine.readers.child import die_with
    from workspace.settings import load_settings
    from workspace.workspace import Workspace

    settings = load_settings(host=arguments.host, port=arguments.port, workspace=arguments.workspace)
    # In a process of its own: the threads of ONNX Runtime, which tries the networks there, don't outlive a fork,
    # and the server forks.
    tied = partial(die_with, os.getpid())
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=tied) as process:
        with interrupts.held_back():
            prepared = process.submit(prepare, settings)
        prepared.result()
    serve(settings, Workspace.open, partial(print, flush=True), None if arguments.no_worker else worker_of(settings))
    return 0


def worker_of(settings: "Settings") -> list[str]:
    """Return the command that starts the worker of the same workspace; other settings are in the environment."""
    return [sys.executable, "-P", "-m", "vibench", "worker", "--workspace", str(settings.workspace)]


def prepare(settings: "Settings") -> None:
    """Make the workspace, with the networks that come with Vibench and a few simulated recordings."""
    from workspace.seeding import seed
    from workspace.workspace import Workspace

    with interrupts.let_through(), Workspace.open(settings) as workspace:
        seed(workspace, recordings=True, progress=Progress().step)
