"""Files named by the SHA-256 of their content: there is whole or not at all, and never changes."""

import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from engine.errors import StorageLimitError, WorkspaceError
from workspace.locking import file_lock

DIGEST = re.compile(r"[0-9a-f]{64}")
CHUNK_BYTES = 2**20
#: Files that are still being written lie beside the folders of finished ones, so that renaming is one step.
UNFINISHED = "unfinished-"


class BlobStore:
    """A folder of files named by their content: ``ab/abcdef…``.

    Parameters
    ----------
    root : Path
        Made if it is missing.
    limit_bytes : int
        What all blobs may take together, for those who ask `check_room` before they add; none if left out.
    """

    def __init__(self, root: Path, limit_bytes: int = sys.maxsize) -> None:
        self.root = root
        self._limit_bytes = limit_bytes
        self._marks = root / "changing"
        self._marks.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def changing(self, *digests: str) -> Iterator[None]:
        """Hold this while blobs and the rows that name them are added or deleted together.

        Nobody else then changes a blob, and should this process be killed half-way, `sweep` knows which blobs
        to look at. It looks at no other, so that a wrong or restored database does not cost a single file.
        """
        marks = [self._marks / self.path(digest).name for digest in digests]
        with file_lock(self.root / ".lock"):
            with readable_errors(self.root):
                for mark in marks:
                    mark.touch()
            yield
            for mark in marks:
                mark.unlink()

    def path(self, digest: str) -> Path:
        """Where the blob lies, or would lie.

        Raises
        ------
        ValueError
            If ``digest`` is no SHA-256 in lower-case hex, so that no name from outside becomes a path.
        """
        if not DIGEST.fullmatch(digest):
            raise ValueError(f"{digest!r} is no SHA-256")
        return self.root / digest[:2] / digest

    def add(self, source: Path, *, link: bool = False) -> str:
        """Keep the file's content, return its digest; called inside `changing`.

        Parameters
        ----------
        source : Path
            Stays where it is.
        link : bool
            Make the blob a second name of ``source``, which nobody may write from then on, instead of copying
            it. Where the file system can't, it is copied all the same.

        Raises
        ------
        WorkspaceError
            If the disk is full or can't be written; nothing half-written stays.
        """
        with source.open("rb") as stream:
            linked = self._linked(source) if link else None
            if linked is None:
                return self.add_stream(stream)
            try:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                with readable_errors(self.root):
                    os.fsync(stream.fileno())
                    self._place(linked, digest)
            finally:
                linked.unlink(missing_ok=True)  # renaming onto another name of the same file leaves both
        return digest

    def add_stream(self, stream: IO[bytes]) -> str:
        """Keep all that ``stream`` still holds, return its digest; raises as `add` does."""
        with readable_errors(self.root), self._unfinished() as file:
            digest = hashlib.sha256()
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            self._place(Path(file.name), digest.hexdigest())
        return digest.hexdigest()

    def delete(self, digest: str) -> None:
        """Free the space of a blob, inside `changing`; one that is gone already is no error."""
        self.path(digest).unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes that all blobs take together."""
        return sum(path.stat().st_size for path in self._blobs())

    def check_room(self, name: str, size_bytes: int, promised_bytes: int = 0) -> None:
        """Raise `StorageLimitError` unless a file fits under the limit.

        Parameters
        ----------
        name : str
            What its user calls it.
        size_bytes : int
            Its size.
        promised_bytes : int
            What other files will take that are on their way.
        """
        free = self._limit_bytes - self.size() - promised_bytes
        if size_bytes > free:
            raise StorageLimitError(name, size_bytes, max(free, 0))

    def sweep(self, is_named: Callable[[str], bool]) -> int:
        """Remove what a killed process left, unless another one is changing blobs just now.

        Parameters
        ----------
        is_named : callable
            Whether a row names the blob of a digest.

        Returns
        -------
        int
            Number of unfinished files and of half-added or half-deleted blobs that were removed.
        """
        with file_lock(self.root / ".lock", wait=False) as held:
            if not held:
                return 0
            marks = list(self._marks.iterdir())
            left = [self.path(mark.name) for mark in marks if not is_named(mark.name)]
            left += self.root.glob(f"{UNFINISHED}*")
            for path in [*left, *marks]:
                path.unlink(missing_ok=True)
        return len(left)

    def _blobs(self) -> Iterator[Path]:
        return (path for path in self.root.glob("??/*") if DIGEST.fullmatch(path.name))

    def _linked(self, source: Path) -> Path | None:
        linked = self.root / f"{UNFINISHED}{secrets.token_hex(8)}"
        try:
            linked.hardlink_to(source)
        except OSError:  # it lies on another file system, on one without such links, or belongs to somebody else
            return None
        return linked

    @contextmanager
    def _unfinished(self) -> Iterator[IO[bytes]]:
        with tempfile.NamedTemporaryFile(dir=self.root, prefix=UNFINISHED, delete=False) as file:
            try:
                yield file
            finally:
                Path(file.name).unlink(missing_ok=True)  # renamed by now, unless something failed

    def _place(self, finished: Path, digest: str) -> None:
        place = self.path(digest)
        if not place.parent.is_dir():
            place.parent.mkdir(exist_ok=True)
            sync_folder(self.root)
        finished.chmod(0o400)  # a blob never changes
        finished.replace(place)
        sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def readable_errors(folder: Path) -> Iterator[None]:
    """Turn what the system says of a full or unwritable disk into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            free = shutil.disk_usage(folder).free / 1e6
            message = f"The disk under {folder} is full ({free:.0f} MB left): make room on it and try again."
        elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}:
            message = f"The workspace in {folder} can't be written ({error.strerror}): check the folder and its disk."
        else:
            raise
        raise WorkspaceError(message) from error
