"""The command ``vibench``: finds the command asked for, and turns every outcome into an exit status."""

import io
import logging
import os
import sys
import tempfile
import traceback
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from engine import __version__
from engine.errors import VibenchError
from vibench import (
    benchmark,
    bundle,
    diagnose,
    doctor,
    explain,
    jobs,
    models,
    optimize,
    search,
    sensitivity,
    serve,
    simulate,
    verify,
    worker,
)
from vibench.output import print_error, print_known_error
from vibench.parser import Parser

DONE, BAD_INPUT, BUG, INTERRUPTED = 0, 2, 3, 130


class Command(Protocol):
    """What each command's module holds; it imports what is slow inside `run`, so that ``--help`` is not."""

    SUMMARY: str
    EXAMPLE: str

    def add_arguments(self, parser: Parser) -> None:
        """Declare the command's arguments."""
        ...

    def run(self, arguments: Namespace) -> int:
        """Do the work, print the answer, return the exit status."""
        ...


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "serve": serve,
        "worker": worker,
        "diagnose": diagnose,
        "simulate": simulate,
        "models": models,
        "optimize": optimize,
        "verify": verify,
        "benchmark": benchmark,
        "explain": explain,
        "search": search,
        "sensitivity": sensitivity,
        "bundle": bundle,
        "jobs": jobs,
        "doctor": doctor,
    }
)


def main(words: Sequence[str] | None = None) -> int:
    """Run ``vibench`` with the words of the command line and return its exit status."""
    words = sys.argv[1:] if words is None else words
    as_json = "--json" in words
    logging.basicConfig(format="vibench: %(message)s", level=logging.WARNING)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may hold what the terminal can't show
    try:
        arguments = build_parser().parse_args(words)
        status = COMMANDS[arguments.command].run(arguments)
        sys.stdout.flush()
    except VibenchError as error:
        print_known_error(error, as_json=as_json)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("vibench: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # noqa: BLE001 - whatever nobody expected ends here, once, as a sentence
        print_error("bug", report_bug(error), as_json=as_json)
        return BUG
    return status


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        "vibench",
        description="Diagnose rotating machines from vibration.",
        example="vibench diagnose 105.mat --sampling-rate 12000 --channel DE_time",
    )
    parser.add_argument("--version", action="version", version=f"vibench {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, title="commands, each with its own --help"
    )
    for name, command in COMMANDS.items():
        described = commands.add_parser(
            name, help=command.SUMMARY, description=command.SUMMARY, example=command.EXAMPLE
        )
        command.add_arguments(described)
    return parser


def report_bug(error: Exception) -> str:
    """Keep the trace of an error that nobody expected, and return the sentence that says where it is."""
    trace = "".join(traceback.format_exception(error))
    summary = f"This is a bug in Vibench, not your mistake: {type(error).__name__}: {error}"
    try:
        handle, name = tempfile.mkstemp(prefix="vibench-", suffix=".trace")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(trace)
    except OSError:  # a full or read-only disk may be the very reason
        print(trace, file=sys.stderr)
        return f"{summary}. Please report it with the trace above."
    return f"{summary}. Please report it with the trace in {Path(name)}."
