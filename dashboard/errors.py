"""How errors are answered: sentences in JSON for programs, a number for what nobody foresaw."""

import logging

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, InternalServerError

from dashboard.logs import report

logger = logging.getLogger(__name__)

CALLBACKS = "/_dash-update-component"
#: Addresses of programs, which are answered in JSON.
PROGRAMS = ("/api/", "/uploads", "/blobs/", CALLBACKS)


def answer_errors(server: Flask) -> None:
    """Answer programs in JSON, and unexpected errors with the number under which the log has the trace."""
    server.logger.disabled = True  # Flask would log every failure once more, without its number

    @server.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response | HTTPException:
        if not request.path.startswith(PROGRAMS):
            return error
        code = (error.name or "error").lower().replace(" ", "-")
        response = json_error(code, error.description or error.name, error.code or 500)
        if "Allow" in (headers := error.get_response().headers):
            response.headers["Allow"] = headers["Allow"]
        return response

    @server.errorhandler(InternalServerError)
    def failed(error: InternalServerError) -> Response:
        cause = error.original_exception or error
        # What callbacks raise is caught by Dash (`show_problem`), so here the request itself made no sense to it.
        if request.path == CALLBACKS and isinstance(cause, LookupError | TypeError | AttributeError | ValueError):
            logger.warning("a request to a callback made no sense: %r", cause)
            return json_error("bad-request", "This is no request that a page of Vibench makes.", 400)
        number = report(cause, request.path)
        sentence = f"Vibench made a mistake here. Its log tells more under the number {number}."
        if request.path.startswith(PROGRAMS):
            return json_error("unexpected", sentence, 500)
        return Response(sentence, 500, mimetype="text/plain")


def json_error(code: str, message: str, status: int) -> Response:
    """Answer with the one form that errors have in JSON."""
    response = jsonify({"schema": "vibench.error/1", "error": {"code": code, "message": message}})
    response.status_code = status
    return response
