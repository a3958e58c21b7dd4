"""Uploads that are on their way: a file of bytes, a JSON file of facts, and a lock for each."""

import fcntl
import json
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

ID = re.compile(r"[0-9a-f]{48}")


class Refused(Exception):  # noqa: N818 - a refusal is no error of ours
    """An answer other than success: ``status``, a ``code`` for programs and a sentence for people."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}


class UploadStore:
    """A folder of uploads that are on their way.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    expiry_s : int
        Seconds after its last byte when an upload is forgotten.
    """

    def __init__(self, folder: Path, expiry_s: int) -> None:
        self.folder, self.expiry_s = folder, expiry_s
        folder.mkdir(parents=True, exist_ok=True)

    def create(self, length: int, name: str) -> str:
        """Begin an upload of ``length`` bytes, return its id of 192 random bits."""
        upload = secrets.token_hex(24)
        self.write_facts(upload, {"length": length, "name": name})
        self.data(upload).touch(exist_ok=False)
        return upload

    def data(self, upload: str) -> Path:
        """Where the bytes lie; ``upload`` is an id and nothing else."""
        return self._path(upload, "part")

    def facts(self, upload: str) -> dict[str, Any]:
        """Return length, name and, once complete, the outcome; raises 404 where there is no such upload."""
        try:
            expired = time.time() > self.expires(upload)
            facts: dict[str, Any] = json.loads(self._path(upload, "json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            unknown()
        if expired:
            unknown()  # and swept when the next upload begins
        return facts

    def write_facts(self, upload: str, facts: dict[str, Any]) -> None:
        """Replace what is known of an upload, whole or not at all."""
        path = self._path(upload, "json")
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(facts), encoding="utf-8")
        draft.replace(path)

    def promised(self) -> int:
        """Bytes that the unfinished uploads will take once they are recordings."""
        lengths = 0
        for path in self.folder.glob("*.json"):
            try:
                facts = self.facts(path.stem)
            except Refused:
                continue  # expired, or terminated just now
            lengths += 0 if "outcome" in facts else int(facts["length"])
        return lengths

    def offset(self, upload: str, facts: dict[str, Any]) -> int:
        """Bytes that are kept of an upload."""
        if "outcome" in facts:
            return int(facts["length"])  # its bytes have moved on
        try:
            return self.data(upload).stat().st_size
        except FileNotFoundError:
            unknown()

    def remove(self, upload: str) -> None:
        """Forget an upload."""
        for ending in ("json", "part", "new"):
            self._path(upload, ending).unlink(missing_ok=True)
        self._path(upload, "lock").unlink(missing_ok=True)

    @contextmanager
    def locked(self, upload: str) -> Iterator[None]:
        """Keep every other request off an upload; raises 423 where another holds it."""
        with self._path(upload, "lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel frees it when a process dies
            except BlockingIOError:
                raise Refused(423, "upload-busy", "Another request is writing this upload; try again.") from None
            yield

    def expires(self, upload: str) -> float:
        """Seconds since 1970 when the upload is forgotten, unless it goes on."""
        path = self.data(upload) if self.data(upload).exists() else self._path(upload, "json")
        return path.stat().st_mtime + self.expiry_s

    def sweep(self) -> None:
        """Forget the uploads that nobody has continued."""
        for path in self.folder.glob("*.json"):
            upload = path.stem
            try:
                if time.time() > self.expires(upload):
                    with self.locked(upload):
                        self.remove(upload)
            except (FileNotFoundError, Refused):
                continue  # another request was faster, or is writing it
        for lock in self.folder.glob("*.lock"):
            if not lock.with_suffix(".json").exists():
                lock.unlink(missing_ok=True)  # taken just when its upload was removed

    def _path(self, upload: str, ending: str) -> Path:
        if not ID.fullmatch(upload):
            unknown()
        return self.folder / f"{upload}.{ending}"


def unknown() -> NoReturn:
    """Refuse an id that names no upload; tus clients then begin a new one."""
    raise Refused(404, "upload-unknown", "There is no such upload; it may have expired. Choose the file again.")
