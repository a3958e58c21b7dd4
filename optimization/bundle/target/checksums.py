"""Whether the files of a bundle are those that were packed. They prove no origin: who alters a file can alter a sum."""

import hashlib
from pathlib import Path, PurePosixPath

from .errors import InputError

SUMS = "SHA256SUMS"


def check(folder: Path) -> tuple[int, list[str]]:
    """Return how many files the bundle has, and what is wrong: ``model.onnx is altered``.

    Raises
    ------
    InputError
        If there is no list of sums, or it is damaged.
    """
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{SUMS} is missing: unpack the bundle again, all of it into one folder") from error
    wrong = []
    for line in lines:
        expected, _, name = line.partition("  ")
        path = PurePosixPath(name)
        if not name or path.is_absolute() or ".." in path.parts:
            raise InputError(f"{SUMS} is damaged: unpack the bundle again")
        try:
            found = digest(folder / name)
        except OSError:
            wrong.append(f"{name} is missing")
            continue
        if found != expected:
            wrong.append(f"{name} is altered")
    return len(lines), wrong


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    sums = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            sums.update(part)
    return sums.hexdigest()
