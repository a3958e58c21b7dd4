"""Diagnoses made before, as JSON files that may be deleted at any time."""

import hashlib
import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cachelib.file import FileSystemCache
from cachelib.serializers import JSONSerializer

import engine
from engine.diagnosis import Diagnosis

logger = logging.getLogger(__name__)

#: One of a minute of signal takes some 50 kB; beyond this number the oldest go.
ENTRIES = 2000
EXPIRY_S = 90 * 24 * 3600


class JsonFiles(FileSystemCache):
    """Files of JSON; cachelib's own default are pickles, which run code when they are read."""

    serializer = JSONSerializer()  # type: ignore[assignment]  # declared as the pickling one


class DiagnosisCache:
    """Keeps diagnoses under everything that they follow from.

    Parameters
    ----------
    folder : Path
        Belongs to the cache alone, which removes whatever else lies there.
    """

    def __init__(self, folder: Path) -> None:
        self._files = JsonFiles(str(folder), threshold=ENTRIES, default_timeout=EXPIRY_S)

    def get(self, key: str) -> Diagnosis | None:
        """Return the diagnosis kept under ``key``, ``None`` if there is none that can be understood."""
        found = self._files.get(key)
        try:
            return None if found is None else Diagnosis.from_json(found)
        except (KeyError, TypeError, ValueError) as error:
            logger.warning("A cached diagnosis is made again, because its file makes no sense: %s", error)
            return None

    def put(self, key: str, diagnosis: Diagnosis) -> None:
        """Keep a diagnosis; a full disk only costs the time of making it again."""
        self._files.set(key, diagnosis.to_json())


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
