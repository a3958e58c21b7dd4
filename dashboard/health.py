"""What a supervisor asks: does it live, and can it work."""

import logging

from flask import Flask, Response, jsonify

from engine import __version__
from engine.errors import VibenchError
from workspace.workspace import Workspace

logger = logging.getLogger(__name__)


def register_health(server: Flask, workspace: Workspace) -> None:
    """Serve ``/health`` and ``/ready``."""

    @server.get("/health")
    def health() -> Response:
        return jsonify(status="ok", version=__version__)

    @server.get("/ready")
    def ready() -> tuple[Response, int]:
        reason = unready(workspace)
        if reason is None:
            return jsonify(status="ready"), 200
        return jsonify(status="not ready", reason=reason), 503


def unready(workspace: Workspace) -> str | None:
    """Return why something can't be done here, ``None`` where all is well."""
    try:
        if not workspace.variants.list():
            return "The workspace holds no network yet; `vibench serve` adds the bundled ones when it starts."
    except VibenchError as error:
        logger.error("Not ready: %s", error)
        return "The database can't be used; the log says why."  # anybody may ask, so neither path nor address
    if not workspace.jobs.worker_alive():
        return "No worker runs, so jobs wait; `vibench serve` starts one, and so does `vibench worker`."
    return None
