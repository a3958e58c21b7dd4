"""Files that never change are compressed once, not at every request."""

import gzip
from threading import Lock

from flask import Flask, Response, request

FOLDERS = ("/assets/", "/_dash-component-suites/")
TYPES = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")
SMALLEST = 1024
LEVEL = 6
KEPT = 200


def compress_files(server: Flask) -> None:
    """Answer scripts and style sheets compressed, keeping each in memory until its file changes.

    Nothing else is compressed: what a page and a secret share in one response can be guessed from its length.
    """
    kept: dict[str, tuple[str | None, bytes]] = {}
    lock = Lock()

    @server.after_request
    def compress(response: Response) -> Response:
        wanted = request.path.startswith(FOLDERS) and response.mimetype in TYPES
        if not wanted or response.status_code != 200 or request.method != "GET":
            return response
        response.vary.add("Accept-Encoding")
        if not request.accept_encodings.quality("gzip") or (response.content_length or 0) < SMALLEST:
            return response
        stamp = response.headers.get("ETag") or response.headers.get("Last-Modified")
        with lock:
            known, body = kept.get(request.path, (None, b""))
            if not body or known != stamp:
                if len(kept) >= KEPT:
                    kept.clear()  # addresses of one file may be varied without end
                response.direct_passthrough = False
                body = gzip.compress(response.get_data(), LEVEL, mtime=0)
                kept[request.path] = (stamp, body)
        response.call_on_close(getattr(response.response, "close", lambda: None))  # the file that is not sent
        response.direct_passthrough = False
        response.set_data(body)
        response.headers["Content-Encoding"] = "gzip"
        return response
