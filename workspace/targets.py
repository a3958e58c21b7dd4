"""What bundles found on their targets, kept as files: ``targets/SHA256.json``, each whole or not there."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import BundleError
from optimization.bundle.target_result import document_digest, read_target
from workspace.blobs import readable_errors

FOLDER = "targets"


def keep(workspace: Path, document: Mapping[str, Any]) -> Path:
    """Keep what `read_target` returned, in a workspace's folder; the same document twice is kept once.

    Raises
    ------
    WorkspaceError
        If the disk is full or can't be written; nothing half-written stays.
    """
    folder = workspace / FOLDER
    place = folder / f"{document_digest(document)}.json"
    with readable_errors(folder):
        folder.mkdir(exist_ok=True)
        part = folder / f".{secrets.token_hex(8)}.part"
        try:
            with part.open("x", encoding="utf-8") as file:
                json.dump(document, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return place


def kept_of(workspace: Path, digest: str) -> list[dict[str, Any]]:
    """Return what was found on targets of the variant with that digest, the newest first.

    A file that somebody has altered into something else is left out.
    """
    found = []
    for path in sorted((workspace / FOLDER).glob("*.json")):
        try:
            document = read_target(path)
        except BundleError:
            continue
        if any(candidate["digest"] == digest for candidate in document["candidates"]):
            found.append(document)
    return sorted(found, key=lambda document: str(document["measured_at"]), reverse=True)
