"""The recipe that a search found, as a file."""

from flask import Flask, Response

from dashboard.errors import json_error
from dashboard.pages.optimise.found import KIND, Answer
from engine.errors import JobNotFoundError
from workspace.workspace import Workspace


def register_downloads(server: Flask, workspace: Workspace) -> None:
    """Serve ``/searches/JOB.yaml`` as an attachment."""

    @server.get("/searches/<job_id>.yaml")
    def download_recipe(job_id: str) -> Response:
        try:
            job = workspace.jobs.get(job_id)
        except JobNotFoundError as error:
            return json_error(error.code, str(error), 404)
        answer = Answer.of(job) if job.kind == KIND else None
        text = None if answer is None else answer.told["ship"]["yaml"]
        if answer is None or text is None:
            return json_error("search-impossible", f"Job {job_id} has found no recipe.", 404)
        response = Response(text, mimetype="application/yaml")
        name = f"{str(answer.told['ship']['variant']).replace('/', '-')}.yaml"
        response.headers.set("Content-Disposition", "attachment", filename=name)
        return response
