"""A zip that is the same, byte for byte, whenever and wherever the same files are packed."""

import hashlib
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path

from engine.errors import FileAccessError
from optimization.bundle.target.checksums import SUMS

#: Zip knows no time before.
TIME = (1980, 1, 1, 0, 0, 0)
UNIX, PERMISSIONS = 3, 0o100644


def with_checksums(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files with a list of their SHA-256, as ``sha256sum -c`` reads it."""
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return {**files, SUMS: "".join(lines).encode()}


def write_zip(files: Mapping[str, bytes], out: Path) -> None:
    """Write files, by their paths in the zip, whole or not at all; what was there before is replaced.

    Raises
    ------
    FileAccessError
        If it can't be written.
    """
    # Beside its place, so that the renaming can't cross to another disk and stays one step.
    part = out.with_name(f".{out.name}.{secrets.token_hex(8)}.part")
    try:
        try:
            with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                for name in sorted(files):
                    archive.writestr(entry_of(name), files[name])
            part.replace(out)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FileAccessError(str(out), (error.strerror or str(error)).lower()) from error


def entry_of(name: str) -> zipfile.ZipInfo:
    """Return the head of a file in the zip, without anything of this machine or moment."""
    entry = zipfile.ZipInfo(name, TIME)
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, UNIX, PERMISSIONS << 16
    return entry
