"""Serving the dashboard: one gunicorn process with threads, warm before it says where it is, and a worker for jobs."""

import errno
import logging
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from dashboard.app import create_app
from dashboard.logs import UNLOGGED, configure_logs
from dashboard.watching import WatchedWorker, WatchingArbiter
from engine.errors import SettingsError
from workspace.settings import Settings
from workspace.workspace import Workspace

logger = logging.getLogger(__name__)

THREADS = 16
GRACE_S = 10
BACKLOG = 128
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where there is one, gunicorn's heartbeat never waits for a disk
WARMED = ("/", "/_dash-layout", "/_dash-dependencies")


def serve(
    settings: Settings,
    open_workspace: Callable[[Settings], Workspace],
    announce: Callable[[str], object],
    worker: Sequence[str] | None = None,
) -> None:
    """Serve the dashboard until the process is told to stop.

    Parameters
    ----------
    settings : Settings
        Where to listen, and who may come in.
    open_workspace : callable
        Opens the workspace; called in the serving process, because threads and connections don't outlive a fork.
    announce : callable
        Is told the sentence with the address, once it answers.
    worker : sequence of str, optional
        Command that starts the worker, which is watched then; without one, jobs are somebody else's to run.

    Raises
    ------
    SettingsError
        If the address can't be listened on.
    """
    configure_logs(settings.log_format)
    listener = listen(settings.host, settings.port)

    def load() -> Flask:
        server: Flask = create_app(settings, open_workspace(settings)).server
        warm_up(server, settings)
        return server

    sentence = f"Vibench is at {address_of(listener, settings.host)}"
    watched = None if worker is None else WatchedWorker(worker, settings.workspace)
    Server(load, listener.detach(), lambda: announce(sentence), watched).run()


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address, with a sentence where that is impossible.

    Raises
    ------
    SettingsError
        If the port is taken, needs more rights, or the host is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"Port {port} is taken by another program: stop it, or choose another with --port.",
            errno.EACCES: f"Port {port} needs more rights: choose one above 1023 with --port.",
        }
        unusable = f"{host} is no address of this machine that can be listened on ({error.strerror or error})."
        raise SettingsError(reasons.get(error.errno or 0, unusable)) from error


def address_of(listener: socket.socket, host: str) -> str:
    """Return the address as a browser takes it."""
    port = listener.getsockname()[1]
    # Of every address that reaches this machine, only loopback is let in without being named in the settings.
    shown = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def warm_up(server: Flask, settings: Settings) -> None:
    """Ask for the first page once, so that the first visitor doesn't wait for what is built on demand."""
    headers = {"Host": "localhost"}
    if settings.token is not None:
        headers["Authorization"] = f"Bearer {settings.token.get_secret_value()}"
    client = server.test_client()
    for address in WARMED:
        client.get(address, headers=headers, environ_overrides={UNLOGGED: True})


class Server(BaseApplication):
    """Gunicorn, told everything from here and nothing from files or the environment."""

    def __init__(
        self,
        load: Callable[[], Flask],
        listener: int,
        ready: Callable[[], object],
        worker: WatchedWorker | None,
    ) -> None:
        self._load, self._listener, self._ready, self._worker = load, listener, ready, worker
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        options: dict[str, Any] = {
            "bind": f"fd://{self._listener}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "graceful_timeout": GRACE_S,
            "control_socket_disable": True,
            "logger_class": StandardLogger,
            "post_worker_init": lambda worker: self._ready(),  # noqa: ARG005 - gunicorn passes the worker
        }
        if SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK):
            options["worker_tmp_dir"] = str(SHARED_MEMORY)
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the application, in the worker's process."""
        return self._load()

    def run(self) -> None:
        """Serve, and have the worker run beside."""
        arbiter = Arbiter(self) if self._worker is None else WatchingArbiter(self, self._worker)
        arbiter.run()


class StandardLogger(Logger):
    """Gunicorn's own lines go where all others go; only warnings and errors are worth one."""

    def setup(self, cfg: Any) -> None:  # noqa: ARG002 - gunicorn's own settings for logs don't apply
        """Hand everything to the root logger."""
        self.error_log.propagate = True
        self.error_log.handlers[:] = []
        self.error_log.setLevel(logging.WARNING)
        self.access_log.disabled = True
