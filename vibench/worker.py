"""``vibench worker``: runs the jobs of a workspace, apart from the server."""

import signal
from argparse import Namespace
from pathlib import Path

from vibench.parser import Parser

SUMMARY = "Run the jobs of a workspace, as `vibench serve` does by itself."
EXAMPLE = "vibench worker --workspace /srv/vibench"


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench worker``."""
    parser.add_argument("--workspace", metavar="DIR", type=Path, help="folder in which everything is kept")


def run(arguments: Namespace) -> int:
    """Run jobs until told to stop; what runs then waits for the next worker."""
    from dashboard.logs import configure_logs
    from workspace.jobs.worker import Worker
    from workspace.settings import load_settings
    from workspace.workspace import Workspace

    # This process listens nowhere, so an address that would need a token is no reason to refuse.
    settings = load_settings(host="127.0.0.1", workspace=arguments.workspace)
    configure_logs(settings.log_format)
    with Workspace.open(settings) as workspace:
        worker = Worker(workspace)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        worker.run()
    return 0
