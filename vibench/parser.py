"""How commands take their arguments: argparse, with its errors as one line that says what to do."""

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from engine.errors import UsageError

WIDTH = 80


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of examples, and fits a screen of 80 columns however wide the terminal is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=WIDTH)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` where argparse would print its usage and leave.

    Attributes
    ----------
    retell : callable or None
        Makes of the ordinary help the one that is printed, for help that takes a moment to put together, or depends
        on the options before it.
    """

    retell: Callable[[str], str] | None = None

    def __init__(self, prog: str | None = None, *, example: str, **options: Any) -> None:
        super().__init__(
            prog,
            epilog=f"example:\n  {example}",
            formatter_class=HelpFormatter,
            allow_abbrev=False,  # an abbreviation that works today means something else tomorrow
            **options,
        )

    def format_help(self) -> str:
        """Return the help, as `retell` wants it."""
        told = super().format_help()
        return told if self.retell is None else self.retell(told)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` with argparse's message and the way to the help."""
        raise UsageError(message, f"{self.prog} --help")
