"""Files read under the ending that their user knows them by, wherever and under whatever name they lie."""

import re
import shutil
import tempfile
from pathlib import Path

from engine.readers.contents import Contents, ReadOptions
from engine.readers.limits import Limits
from engine.readers.sandbox import read_contents
from workspace.blobs import readable_errors

#: Blobs and uploads lie without an ending, and readers go by it; nothing else of a user's name becomes a path.
ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
LONGEST_NAME = 200


def read_named(path: Path, name: str, options: ReadOptions, limits: Limits, scratch: Path) -> Contents:
    """Read a file in the sandbox.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What its user calls it; errors do so too.
    options : ReadOptions
        How a text file is laid out, where somebody said so.
    limits : Limits
        Memory and time that reading may take.
    scratch : Path
        A folder in which the file gets a second name for as long as it is read.

    Raises
    ------
    SignalError
        As `engine.readers.sandbox.read_contents`.
    WorkspaceError
        If the disk is full.
    """
    ending = ENDING.search(name)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        alias = Path(folder) / f"recording{ending.group() if ending else ''}"
        try:
            alias.hardlink_to(path)
        except OSError:  # it lies on another file system, or belongs to somebody else
            with readable_errors(scratch):
                shutil.copyfile(path, alias)
        return read_contents(alias, options, limits, name=name)


def plain_name(name: str) -> str:
    """Return a file name that came from outside as one short line of text, without the folders before it."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(character if character.isprintable() else " " for character in last).strip()
    return printable[-LONGEST_NAME:] or "recording"
