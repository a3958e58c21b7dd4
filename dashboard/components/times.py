"""How moments and durations are written: moments by the clock of whoever looks at the page."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from flask import has_request_context, request

#: Cookie in which ``assets/frame.js`` tells the browser's time zone: ``Europe/Berlin``.
ZONE_COOKIE = "zone"


def zone() -> tzinfo | None:
    """Return the time zone of the browser that asks; ``None``, this machine's own, where it does not say."""
    named = request.cookies.get(ZONE_COOKIE) if has_request_context() else None
    if not named:
        return None
    try:
        return ZoneInfo(named)
    except (OSError, ValueError, KeyError):  # a browser may send anything, and know more zones than this machine
        return None


def clock_text(moment: datetime, now: datetime | None = None) -> str:
    """Write a moment: ``14:36:02`` today, ``3 Nov, 14:36`` this year, ``3 Nov 2025, 14:36`` before."""
    there = moment.astimezone(zone())
    today = (now or datetime.now(UTC)).astimezone(zone())
    if there.date() == today.date():
        return f"{there:%H:%M:%S}"
    year = "" if there.year == today.year else f" {there.year}"
    return f"{there.day} {there:%b}{year}, {there:%H:%M}"


def duration_text(seconds: float) -> str:
    """Write how long something takes: ``0.4 s``, ``41 s``, ``1 min 18 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    for large, small, factor, step in (("d", "h", 86_400, 3600), ("h", "min", 3600, 60), ("min", "s", 60, 1)):
        if whole >= factor:
            rest = whole % factor // step
            return f"{whole // factor} {large}" + (f" {rest} {small}" if rest else "")
    return f"{whole} s"
