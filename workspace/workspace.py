"""The workspace: one folder, one database, and the services that pages and commands call."""

import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Self

from sqlalchemy import URL

from engine.diagnosis import Diagnosis, diagnose, facts_of
from engine.errors import RecordingNotFoundError, WorkspaceError
from engine.runtimes import runtime_for
from engine.runtimes.pool import SessionPool
from engine.variant import Variant
from workspace.blobs import BlobStore
from workspace.cache import DiagnosisCache, cache_key
from workspace.database import Database
from workspace.jobs.queue import JobQueue
from workspace.locking import file_lock
from workspace.recordings import RecordingStore
from workspace.settings import Settings
from workspace.signals import SignalFiles
from workspace.variants import VariantStore

#: All of cache may be deleted at any time; what nobody has touched for a while is swept from scratch.
FOLDERS = ("blobs", "cache/signals", "cache/diagnoses", "jobs/scratch")
DATABASE = "vibench.db"
#: Longer than anything that needs scratch takes, so that what is older was left by a killed process.
SCRATCH_EXPIRY_S = 3600


class Workspace:
    """Everything that is kept; safe to use from several threads and processes. Made by `open`.

    Attributes
    ----------
    settings : Settings
        As it was opened.
    folder : Path
        Where it lies.
    database : Database
        Rows of everything.
    blobs : BlobStore
        Files, by their content.
    recordings : RecordingStore
        What is to be diagnosed.
    variants : VariantStore
        What can diagnose.
    sessions : SessionPool
        Variants loaded, so many and no more.
    jobs : JobQueue
        Work that outlives a click.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.folder = settings.workspace
        self.database = database
        self.blobs = BlobStore(self.folder / "blobs", settings.storage_limit_bytes)
        self.variants = VariantStore(database, self.blobs)
        self._diagnoses = DiagnosisCache(self.folder / "cache" / "diagnoses")
        self.recordings = RecordingStore(
            database,
            self.blobs,
            SignalFiles(self.folder / "cache" / "signals", self.scratch),
            self._diagnoses,
            scratch=self.scratch,
            limits=settings.reader_limits,
        )
        self.sessions = SessionPool(settings.sessions, settings.threads)
        self.jobs = JobQueue(self)

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Make the workspace if there is none, bring it to the newest schema, and tidy up after killed processes.

        Raises
        ------
        WorkspaceError
            If the folder or the database can't be used, belongs to something else, or to a newer Vibench.
        """
        folder = settings.workspace
        refuse_foreign_folder(folder)
        given = settings.database_url
        address = given.get_secret_value() if given else URL.create("sqlite", database=str(folder / DATABASE))
        try:
            for name in FOLDERS:
                (folder / name).mkdir(parents=True, exist_ok=True)
            database = Database(address)
            with file_lock(folder / ".lock"):
                database.migrate()
            workspace = cls(settings, database)
            workspace.blobs.sweep(database.names_blob)
            sweep_scratch(workspace.scratch)
        except OSError as error:
            raise WorkspaceError(
                f"The workspace {folder} can't be used ({error.strerror}): make the folder writable, or choose "
                "another with VIBENCH_WORKSPACE."
            ) from error
        return workspace

    @property
    def scratch(self) -> Path:
        """Folder for what is needed for a moment, on the file system of the blobs."""
        return self.folder / "jobs" / "scratch"

    def diagnose(self, recording_id: str, variant: Variant) -> Diagnosis:
        """Return a variant's diagnosis of a recording, made now or, of the very same things, before.

        Raises
        ------
        RecordingNotFoundError
            If there is no recording of that id.
        SignalError
            If something must still be said of it, or it can't be diagnosed.
        ModelError
            If the variant can't be loaded.
        """
        begun = time.perf_counter()
        row = self.recordings.get(recording_id)
        signal, description = self.recordings.signal(recording_id)
        read_ms = (time.perf_counter() - begun) * 1e3
        runtime = runtime_for(variant)
        key = cache_key(
            {
                "recording": facts_of(signal, description, row.name, row.sha256) | {"rig": description.rig},
                "reading": asdict(row.reading),
                "variant": [variant.full_name, variant.digest, variant.backend, variant.card.digest_text()],
                "runtime": [runtime.name, runtime.version()],
            }
        )
        kept = self._diagnoses.get(row.sha256, key)
        if kept is not None:
            return kept
        session = self.sessions.get(variant)
        made = diagnose(signal, description, session, name=row.name, sha256=row.sha256, read_ms=read_ms)
        self._diagnoses.put(row.sha256, key, made)
        try:
            self.recordings.get(recording_id)
        except RecordingNotFoundError:  # deleted meanwhile, and its diagnoses with it; this one came too late
            self._diagnoses.forget(row.sha256)
            raise
        return made

    def close(self) -> None:
        """Close the connections to the database; what was got from the workspace stays usable."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def refuse_foreign_folder(folder: Path) -> None:
    """Raise `WorkspaceError` unless the folder is missing, empty, or a workspace already."""
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError(f"The workspace {folder} is a file: choose a folder with VIBENCH_WORKSPACE.")
    if not folder.is_dir() or (folder / "blobs").is_dir():
        return
    try:
        # A fresh disk holds lost+found, and hidden files are somebody's marks on an empty folder.
        others = sorted(
            path.name for path in folder.iterdir() if not path.name.startswith(".") and path.name != "lost+found"
        )
    except OSError as error:
        raise WorkspaceError(f"The workspace {folder} can't be read ({error.strerror}): choose another.") from error
    if others:
        raise WorkspaceError(
            f"The folder {folder} holds something else ({others[0]}): choose an empty one with VIBENCH_WORKSPACE."
        )


def sweep_scratch(scratch: Path) -> None:
    """Remove what killed processes left behind."""
    for path in scratch.iterdir():
        if time.time() - path.stat().st_mtime > SCRATCH_EXPIRY_S:
            shutil.rmtree(path, ignore_errors=True)
