"""Who may ask for what: one guard before every request, and the headers of every response."""

import hmac
import logging
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from dashboard.login import COOKIE, Attempts, Sessions
from workspace.settings import Settings

logger = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "::1")
READING = ("GET", "HEAD", "OPTIONS")
#: What may be had without a token: whether it lives, the way in, and what the way in looks like.
OPEN = ("/health", "/ready", "/login", "/favicon.ico")
OPEN_FOLDER = "/assets/"
BODY_LIMIT_BYTES = 4 * 2**20

# Inline styles are admitted because Dash and Plotly bring their own; no script but ours and Dash's hashed ones runs.
POLICY = (
    "default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
ONE_YEAR = "public, max-age=31536000, immutable"


def guard_requests(server: Flask, settings: Settings, sessions: Sessions) -> None:
    """Ask every request, in this order: by which name, from which site, with which token."""
    hosts = {*LOOPBACK, settings.host, *settings.allowed_hosts}
    token = None if settings.token is None else settings.token.get_secret_value()
    attempts = Attempts()
    server.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT_BYTES

    @server.before_request
    def guard() -> WerkzeugResponse | None:
        if urlsplit(f"//{request.host}").hostname not in hosts:
            # A page of a stranger may point its own name at this machine; its browser still sends that name.
            abort(421, "This server is not known by that name; add it to VIBENCH_ALLOWED_HOSTS.")
        if request.method not in READING and is_cross_site():
            abort(403, "A page of another site may not write here.")
        if token is None or request.path in OPEN or request.path.startswith(OPEN_FOLDER):
            return None
        if sessions.knows(request.cookies.get(COOKIE)) or shows_token(token, attempts):
            return None
        if request.method == "GET" and request.accept_mimetypes.accept_html:
            wanted = request.full_path.rstrip("?")
            return redirect(f"/login?next={quote(wanted, safe='')}", 303)
        return Response("Unauthorized", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")


def is_cross_site() -> bool:
    """Whether the browser says that the request comes from a page of another site; programs say nothing."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    # The scheme is left out, because a proxy before us may speak https for our http.
    return site not in ("same-origin", "none") or (origin is not None and urlsplit(origin).netloc != request.host)


def shows_token(token: str, attempts: Attempts) -> bool:
    """Whether the request carries the token; a wrong one counts as an attempt to guess it."""
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    address = request.remote_addr or ""
    if scheme.lower() != "bearer" or attempts.exhausted(address):
        return False
    # WSGI hands on the bytes of a header as Latin-1, whatever they mean.
    if hmac.compare_digest(shown.strip().encode("latin-1"), token.encode()):
        return True
    attempts.failed(address)
    return False


def send_headers(server: Flask, script_hashes: Sequence[str]) -> None:
    """Send with every response what a browser may do with it and how long it may keep it."""
    policy = POLICY.format(hashes=" ".join(script_hashes))

    @server.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if is_versioned() and response.status_code in (200, 304):
            response.headers["Cache-Control"] = ONE_YEAR
        elif "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


def is_versioned() -> bool:
    """Whether the address changes when the file does: Dash stamps our own, vendored ones carry their version."""
    return request.path.startswith(OPEN_FOLDER) and ("m" in request.args or "/vendor/" in request.path)
