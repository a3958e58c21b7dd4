"""The token, shown once and exchanged for a cookie that holds nothing but a random session id."""

import hmac
import secrets
import threading
from collections import OrderedDict, deque
from time import monotonic

from flask import Flask, make_response, redirect, render_template_string, request
from werkzeug.wrappers import Response as WerkzeugResponse

from workspace.settings import Settings

COOKIE = "vibench-session"
LIFETIME_S = 7 * 24 * 3600
SESSIONS_KEPT = 1000
ADDRESSES_KEPT = 1000
FAILURES_ALLOWED = 5
FAILURES_WINDOW_S = 60.0

PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vibench: sign in</title>
<link rel="icon" href="/assets/favicon.svg">
{% for sheet in ("tokens", "frame", "components", "icons") %}<link rel="stylesheet" href="/assets/{{ sheet }}.css">
{% endfor %}<script src="/assets/theme.js"></script>
</head>
<body class="login">
<main class="card">
<h1><span class="icon icon-soundwave" aria-hidden="true"></span>Vibench</h1>
<form method="post" action="/login">
<input type="hidden" name="next" value="{{ wanted }}">
<div class="field"><label for="token">Token</label>
<div class="control"><input class="form-control" id="token" name="token" type="password" required autofocus
 autocomplete="current-password" aria-describedby="token-help"></div>
<div class="help" id="token-help">Set by whoever started this server, as VIBENCH_TOKEN.</div></div>
{% if problem %}<p class="tone-bad" role="alert">{{ problem }}</p>{% endif %}
<button class="button button-primary" type="submit">Sign in</button>
</form>
</main>
</body>
</html>
"""


class Sessions:
    """Ids of the browsers that have shown the token; forgotten when the server stops or after a week."""

    def __init__(self) -> None:
        self._ends: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def start(self) -> str:
        """Return a new id of 256 random bits; the oldest is forgotten where there are too many."""
        session = secrets.token_urlsafe(32)
        with self._lock:
            self._ends[session] = monotonic() + LIFETIME_S
            while len(self._ends) > SESSIONS_KEPT:
                self._ends.popitem(last=False)
        return session

    def knows(self, session: str | None) -> bool:
        """Whether ``session`` was started here and is not over."""
        return session is not None and self._ends.get(session, 0.0) > monotonic()


class Attempts:
    """Counts wrong tokens by address, so that guessing is slow; keeps the last `ADDRESSES_KEPT` addresses only."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def failed(self, address: str) -> None:
        """Count one more wrong token from ``address``."""
        with self._lock:
            self._failures.setdefault(address, deque(maxlen=FAILURES_ALLOWED)).append(monotonic())
            self._failures.move_to_end(address)
            while len(self._failures) > ADDRESSES_KEPT:
                self._failures.popitem(last=False)

    def exhausted(self, address: str) -> bool:
        """Whether ``address`` has to wait before it may try again."""
        times = self._failures.get(address)
        return times is not None and len(times) == FAILURES_ALLOWED and monotonic() - times[0] < FAILURES_WINDOW_S


def register_login(server: Flask, settings: Settings, sessions: Sessions) -> None:
    """Serve ``/login``, where a browser shows the token once; without a token there is nothing to show."""
    attempts = Attempts()
    token = None if settings.token is None else settings.token.get_secret_value()

    @server.get("/login")
    def show_login() -> WerkzeugResponse | str:
        return redirect("/", 303) if token is None else login_page(request.args.get("next", "/"))

    @server.post("/login")
    def log_in() -> WerkzeugResponse:
        wanted, address = request.form.get("next", "/"), request.remote_addr or ""
        if token is None:
            return redirect("/", 303)
        if attempts.exhausted(address):
            problem = "Too many wrong tokens from your address. Wait a minute, then try again."
            return make_response(login_page(wanted, problem), 429, {"Retry-After": str(int(FAILURES_WINDOW_S))})
        if not hmac.compare_digest(request.form.get("token", "").encode(), token.encode()):
            attempts.failed(address)
            return make_response(login_page(wanted, "That is not the token."), 401)
        response = redirect(safe_path(wanted), 303)
        response.set_cookie(
            COOKIE, sessions.start(), max_age=LIFETIME_S, httponly=True, samesite="Strict", secure=request.is_secure
        )
        return response


def login_page(wanted: str, problem: str = "") -> str:
    """Return the form, which leads to ``wanted`` afterwards."""
    return render_template_string(PAGE, wanted=safe_path(wanted), problem=problem)


def safe_path(wanted: str) -> str:
    """Return ``wanted`` if it is an address of this server, else the first page."""
    local = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if local else "/"
