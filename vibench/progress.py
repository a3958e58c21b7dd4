"""How far a command has come, on standard error."""

import sys
from time import monotonic

from vibench.output import one_line

BAR = 24
#: Between two plain lines on the same piece of work.
EVERY_S = 10.0


class Progress:
    """A bar where standard error is a terminal, plain lines otherwise.

    Parameters
    ----------
    total : int or None
        Number of steps; ``None`` where nobody can know it, and then each step is a line.
    quiet_s : float
        Seconds before the first plain line, so that short work stays silent in scripts.
    """

    def __init__(self, total: int | None = None, *, quiet_s: float = 0.0) -> None:
        self._total, self._done = total, 0
        self._bar = total is not None and sys.stderr.isatty()
        self._silent_until = monotonic() + quiet_s

    def step(self, doing: str) -> None:
        """Say what is done now; the step before it is complete."""
        self._done += 1
        if self._bar and self._total:
            filled = BAR * (self._done - 1) // self._total
            bar = f"[{'#' * filled}{'.' * (BAR - filled)}] {self._done}/{self._total}"
            print(f"\r\x1b[K{bar} {one_line(doing)[:40]}", end="", file=sys.stderr, flush=True)
        elif monotonic() >= self._silent_until:
            counted = f"{self._done}/{self._total} " if self._total else ""
            print(f"{counted}{one_line(doing)}", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the bar off the line, before something else is printed or at the end."""
        if self._bar:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


class WorkProgress:
    """Shows what `optimization.progress.Progress` is told.

    On a terminal that is a bar, otherwise a line where other work begins, and one every `EVERY_S` while it lasts.
    """

    def __init__(self) -> None:
        self._bar = sys.stderr.isatty()
        self._what: str | None = None
        self._silent_until = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show how much of the work is done."""
        counted = f"{done}/{total} " if total else ""
        if self._bar:
            filled = BAR * done // total if total else 0
            bar = f"[{'#' * filled}{'.' * (BAR - filled)}] {counted}{one_line(what)[:40]}"
            print(f"\r\x1b[K{bar}", end="", file=sys.stderr, flush=True)
        elif what != self._what or monotonic() >= self._silent_until:
            self._what, self._silent_until = what, monotonic() + EVERY_S
            print(f"{counted}{one_line(what)}", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the bar off the line, before something else is printed or at the end."""
        if self._bar:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
