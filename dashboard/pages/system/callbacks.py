"""What connects the page to the workspace: the worker's state as it changes, and the report."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dash import Dash, Input, Output
from flask import Response

from dashboard.pages.system import layout as page
from dashboard.work import WORK, jobs_now
from workspace.facts import machine, settings_told, storage_use, versions
from workspace.workspace import Workspace


def register(app: Dash, workspace: Workspace) -> None:
    """Connect the page to the workspace; ``create_app`` calls this once."""

    @app.callback(Output(page.WORKER, "children"), Input(WORK, "data"), prevent_initial_call=True)
    def follow_worker(work: Mapping[str, Any]) -> object:
        return page.worker_facts(workspace, work)

    @app.server.get(page.REPORT)
    def download_report() -> Response:
        response = Response(json.dumps(report(workspace), indent=1, ensure_ascii=False), mimetype="application/json")
        response.headers.set("Content-Disposition", "attachment", filename="vibench-system.json")
        return response


def report(workspace: Workspace) -> dict[str, Any]:
    """Return what the page tells, to be sent along with a question; no secret is in it."""
    return {
        "schema": "vibench.system/1",
        "versions": {finding.name: finding.value for finding in versions(load=False)},
        "machine": {finding.name: finding.value for finding in machine()},
        "jobs": jobs_now(workspace)[1],
        "storage": asdict(storage_use(workspace)),
        "settings": {fact.name: fact.value for fact in settings_told(workspace.settings)},
    }
