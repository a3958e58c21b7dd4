"""Diagnoses made before, as JSON files that may be deleted at any time."""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from cachelib.file import FileSystemCache
from cachelib.serializers import JSONSerializer

import engine
from engine.diagnosis import Diagnosis
from workspace.blobs import DIGEST

logger = logging.getLogger(__name__)

#: One of a minute of signal takes some 50 kB; beyond this number the oldest go.
ENTRIES = 2000
EXPIRY_S = 90 * 24 * 3600


class JsonFiles(FileSystemCache):
    """Files of JSON; cachelib's own default are pickles, which run code when they are read."""

    serializer = JSONSerializer()  # type: ignore[assignment]  # declared as the pickling one


class FileName:
    """Stands where cachelib hashes a key into the name of its file: our keys are such names already."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hexdigest(self) -> str:
        """Return the key itself."""
        return self._key.decode("ascii")


class DiagnosisCache:
    """Keeps diagnoses under their recording's digest and everything that they follow from, both SHA-256 in hex.

    Parameters
    ----------
    folder : Path
        Belongs to the cache alone, which removes whatever else lies there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with without_traces():
            self._files = JsonFiles(str(folder), threshold=ENTRIES, default_timeout=EXPIRY_S, hash_method=FileName)

    def get(self, sha256: str, key: str) -> Diagnosis | None:
        """Return the diagnosis kept of a recording under ``key``, ``None`` if there is none that can be understood."""
        with without_traces():
            found = self._files.get(file_name(sha256, key))
        try:
            return None if found is None else Diagnosis.from_json(found)
        except (KeyError, TypeError, ValueError) as error:
            logger.warning("A cached diagnosis is made again, because its file makes no sense: %s", error)
            return None

    def put(self, sha256: str, key: str, diagnosis: Diagnosis) -> None:
        """Keep a diagnosis; a full disk only costs the time of making it again."""
        with without_traces():
            kept = self._files.set(file_name(sha256, key), diagnosis.to_json())
        if not kept:
            logger.warning("A diagnosis can't be kept in %s, and will be made again: check its disk", self._folder)

    def forget(self, sha256: str) -> None:
        """Remove every diagnosis of a recording: it tells its name and what is wrong with the machine."""
        for path in self._folder.glob(f"{sha256}-*"):
            with without_traces():
                self._files.delete(path.name)


@contextmanager
def without_traces() -> Iterator[None]:
    """Keep cachelib from telling every file that it can't read or write with a trace, through the root logger."""

    def is_not_its_own(record: logging.LogRecord) -> bool:
        return Path(record.pathname).parent.name != "cachelib"

    root = logging.getLogger()
    root.addFilter(is_not_its_own)
    try:
        yield
    finally:
        root.removeFilter(is_not_its_own)


def file_name(sha256: str, key: str) -> str:
    """Return the name of a diagnosis's file, which begins with its recording's digest."""
    assert DIGEST.fullmatch(sha256)
    assert DIGEST.fullmatch(key)
    return f"{sha256}-{key}"


def cache_key(facts: Mapping[str, Any]) -> str:
    """Return the same text for the same facts (plain JSON) and the same code of the engine, and for no others."""
    text = json.dumps({"code": code_version(), **facts}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_version() -> str:
    """Return the SHA-256 of the engine's source: a diagnosis by other code is another diagnosis."""
    digest = hashlib.sha256()
    folder = Path(engine.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return digest.hexdigest()
