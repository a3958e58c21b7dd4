"""The dashboard as one WSGI application: pages in a frame, behind one guard."""

import logging
import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dash import Dash
from flask import Flask, Response, request

from dashboard.components.icons import ASSETS
from dashboard.compression import compress_files
from dashboard.downloads import register_downloads
from dashboard.errors import PROGRAMS, answer_errors, json_error
from dashboard.frame import find_page, frame_layout, register_frame, show_problem
from dashboard.health import register_health
from dashboard.login import Sessions, register_login
from dashboard.logs import log_requests
from dashboard.pages import PAGES, Page
from dashboard.security import guard_requests, send_headers
from dashboard.upload_store import UploadStore
from dashboard.uploads import register_uploads
from workspace.settings import Settings
from workspace.workspace import Workspace

logger = logging.getLogger(__name__)

INDEX = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
{%css%}
<script src="/assets/theme.js"></script>
</head>
<body>
{%app_entry%}
<footer>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>
"""


def create_app(settings: Settings, workspace: Workspace, pages: Sequence[Page] = PAGES) -> Dash:
    """Build the dashboard; ``app.server`` is the WSGI application.

    Parameters
    ----------
    settings : Settings
        Who may reach it, and its limits.
    workspace : Workspace
        What it shows.
    pages : sequence of Page
        In the order of the navigation; the first is also what ``/`` shows.

    Examples
    --------
    >>> create_app(settings, workspace).server.test_client().get("/health").json["status"]  # doctest: +SKIP
    'ok'
    """
    server = Flask("vibench")
    server.secret_key = secrets.token_bytes(32)  # signs nothing that outlives this process
    sessions = Sessions()
    compress_files(server)
    log_requests(server)
    guard_requests(server, settings, sessions)
    register_login(server, settings, sessions)
    register_health(server, workspace)
    register_uploads(
        server,
        UploadStore(settings.workspace / "uploads", settings.upload_expiry_s),
        lambda path, name: keep_recording(workspace, path, name),
        workspace.blobs.check_room,
        settings.upload_limit_bytes,
    )
    register_downloads(server, workspace)
    app = Dash(
        server=server,  # type: ignore[arg-type] # Dash's annotation leaves Flask out
        title="Vibench",
        update_title=None,  # type: ignore[arg-type] # documented: keeps the title while callbacks run
        index_string=INDEX,
        assets_folder=str(ASSETS),
        assets_url_path="/assets",
        assets_path_ignore=["vendor"],
        assets_ignore=r"^theme\.js$",  # the head loads it, before anything is drawn
        external_scripts=["/assets/vendor/plotly-cartesian-4.1.1.min.js", "/assets/vendor/tus-4.3.1.min.js"],
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
        ],
        suppress_callback_exceptions=True,  # the pages' components come and go with the address
        on_error=show_problem,
        add_log_handler=False,
        enable_mcp=False,
    )
    app.layout = partial(frame_layout, workspace)
    register_frame(app, workspace, pages)
    for page in pages:
        page.register(app, workspace)
    refuse_unknown_addresses(app, pages)
    answer_errors(server)
    send_headers(server, app.csp_hashes())
    return app


def refuse_unknown_addresses(app: Dash, pages: Sequence[Page]) -> None:
    """Answer an address that leads nowhere with 404; Dash alone would show its first page everywhere."""

    @app.server.before_request
    def refuse() -> Response | tuple[str, int] | None:
        if not (request.endpoint or "").endswith("<path:path>") or find_page(pages, request.path):
            return None
        if request.path.startswith(PROGRAMS) or not request.accept_mimetypes.accept_html:
            return json_error("not-found", f"There is nothing at {request.path}.", 404)
        return app.index(), 404


def keep_recording(workspace: Workspace, path: Path, name: str) -> dict[str, Any]:
    """Make a recording of an uploaded file, and return what `components.uploads_store` tells the page of it."""
    added = workspace.recordings.add(path, name, move=True)
    return {"recording": added.row.id, "name": added.row.name, "duplicate": added.duplicate}
