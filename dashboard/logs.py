"""Log lines that people and programs can read, and the numbers by which a failure on the page is found in them."""

import logging
import secrets
import sys
from time import perf_counter
from typing import Literal

import structlog
from flask import Flask, Response, g, request
from structlog.typing import Processor

logger = logging.getLogger(__name__)

#: Paths that are asked too often to be worth a line.
QUIET = ("/assets/", "/_dash-component-suites/", "/health", "/ready")
#: Key in the WSGI environment of requests not worth a line: Vibench's own, and those that an open page makes by itself.
UNLOGGED = "vibench.unlogged"
#: Libraries that tell at length what goes well.
TALKATIVE = ("alembic", "werkzeug")


def configure_logs(log_format: Literal["console", "json"], level: int = logging.INFO) -> None:
    """Send every log line of the process to standard error, with what is given as ``extra`` beside the sentence."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if log_format == "json":
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        colours = sys.stderr.isatty()
        last += [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)]
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def log_requests(server: Flask) -> None:
    """Log method, path, status and milliseconds of every request; never its query, which may hold what is private."""

    @server.before_request
    def begin() -> None:
        g.begun = perf_counter()

    @server.after_request
    def end(response: Response) -> Response:
        quiet = request.path.startswith(QUIET) or UNLOGGED in request.environ
        level = logging.DEBUG if quiet else logging.INFO
        elapsed = round((perf_counter() - g.begun) * 1e3, 1)
        facts = {"method": request.method, "path": request.path, "status": response.status_code, "ms": elapsed}
        logger.log(level, "request", extra=facts)
        return response


def report(error: BaseException, where: str) -> str:
    """Log an unexpected error with its trace, and return the number under which the page may name it."""
    number = secrets.token_hex(4)
    logger.error("unexpected error in %s", where, exc_info=error, extra={"correlation": number})
    return number
