"""The recordings of a workspace: their rows, their files as blobs, their samples as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, delete, func, insert, select, update

from engine.description import Description, make_signal
from engine.errors import (
    ChannelUnknownError,
    DamagedFileError,
    NotVibrationError,
    RecordingNotFoundError,
    SamplingRateInvalidError,
    ShaftSpeedInvalidError,
    SignalError,
)
from engine.readers.contents import Contents, ReadOptions
from engine.readers.limits import Limits
from engine.signal import Signal
from engine.variant import sha256_of
from workspace.blobs import BlobStore
from workspace.cache import DiagnosisCache
from workspace.database import Database
from workspace.reading import plain_name, read_named
from workspace.recording import (
    AS_FOUND,
    RecordingRow,
    assess,
    contents_of,
    new_values,
    read_values,
    row_of,
    samples_key,
)
from workspace.schema import recording as table
from workspace.signals import SignalFiles

#: What nobody may say of a recording; other errors lie in the recording itself.
CANNOT_BE_SAID = (ChannelUnknownError, SamplingRateInvalidError, ShaftSpeedInvalidError)


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a file.

    Attributes
    ----------
    row : RecordingRow
        The recording that holds its content.
    duplicate : bool
        Whether the workspace had it already; its name and description are as they were.
    """

    row: RecordingRow
    duplicate: bool


class RecordingStore:
    """What is to be diagnosed; safe to use from several threads and processes.

    Parameters
    ----------
    database : Database
        Holds a row for each recording.
    blobs : BlobStore
        Holds their files, up to its limit.
    signals : SignalFiles
        Holds their samples, as long as nobody deletes the cache.
    diagnoses : DiagnosisCache
        Holds what they were diagnosed as, which goes with them.
    scratch : Path
        Folder for what is needed while something is read.
    limits : Limits
        Of the child process that reads a file.
    """

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        signals: SignalFiles,
        diagnoses: DiagnosisCache,
        *,
        scratch: Path,
        limits: Limits,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._signals = signals
        self._diagnoses = diagnoses
        self._scratch = scratch
        self._limits = limits

    def add(self, path: Path, name: str, description: Description | None = None, *, move: bool = False) -> Added:
        """Read a file and keep it, unless its content is here already.

        Parameters
        ----------
        path : Path
            The file, whole.
        name : str
            What its user calls it.
        description : Description or None
            What is known of it beside the file, from a sidecar for instance.
        move : bool
            Take the file instead of copying it; nobody may write it any more. It stays where it is until its
            row is kept, or if the workspace has no room for it, and is removed where it can't be read or is here
            already.

        Raises
        ------
        SignalError
            If the file can't be read; nothing of it stays.
        StorageLimitError, WorkspaceError
            If it does not fit under the limit, or on the disk.
        """
        name = plain_name(name)
        digest = sha256_of(path)
        row = self._find(table.c.sha256 == digest)
        if row is None:
            try:
                contents = read_named(path, name, AS_FOUND, self._limits, self._scratch)
            except SignalError:
                if move:
                    path.unlink()
                raise
            values = new_values(name, contents, description or Description())
            values |= {"sha256": digest, "size_bytes": path.stat().st_size}
            with self._blobs.changing(digest):
                row = self._find(table.c.sha256 == digest)  # somebody may have added the same meanwhile
                if row is None:
                    self._keep(path, move, values)
        if row is None:
            self._signals.write(digest, [channel.samples for channel in contents.channels])
        if move:
            path.unlink()  # not before its row is kept, or a kill in between would cost the only copy
        return Added(row or self.get(values["id"]), duplicate=row is not None)

    def get(self, recording_id: str) -> RecordingRow:
        """Return one recording; raises `RecordingNotFoundError` if there is none of that id."""
        row = self._find(table.c.id == recording_id)
        if row is None:
            raise RecordingNotFoundError(recording_id)
        return row

    def list(self, search: str = "", label: str | None = None) -> list[RecordingRow]:
        """Return the recordings whose name holds ``search``, the newest first; of one label, or of all."""
        query = select(table).where(table.c.name.icontains(search, autoescape=True))
        if label is not None:
            query = query.where(table.c.description["label"].as_string() == label)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(table.c.added_at.desc(), table.c.id)).all()
        return [row_of(row) for row in found]

    def count(self) -> int:
        """Return how many recordings there are."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0

    def describe(self, recording_id: str, description: Description) -> RecordingRow:
        """Say what is known of a recording, in place of all that was said before.

        Raises
        ------
        RecordingNotFoundError
            If there is none of that id.
        SignalError
            If what is said can't be: an impossible rate or speed, a channel that the file does not hold.
        """
        row = self.get(recording_id)
        # A file that holds a temperature alone is no mistake of who describes it; choosing the temperature is.
        refuse = CANNOT_BE_SAID if description.channel is None else (*CANNOT_BE_SAID, NotVibrationError)
        values = assess(row.name, self._contents(row), description, refuse)
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.id == recording_id).values(values))
        return self.get(recording_id)

    def read_again(self, recording_id: str, options: ReadOptions) -> RecordingRow:
        """Read a recording's file as its user says it is laid out; what was said of it stays.

        A channel that was chosen, and is not there any more, is open again.

        Raises
        ------
        RecordingNotFoundError
            If there is none of that id.
        SignalError
            If the file can't be read so; then all stays as it was.
        """
        row = self.get(recording_id)
        contents = self._read(row, options)
        said = row.description
        if said.channel not in [channel.name for channel in contents.channels]:
            said = replace(said, channel=None)
        values = read_values(contents, options) | assess(row.name, contents, said)
        kept = samples_key(row.sha256, options)
        self._signals.write(kept, [channel.samples for channel in contents.channels])
        with self._database.write() as connection:
            # Asked anew, because somebody else may have read or deleted it meanwhile.
            before = connection.scalar(select(table.c.reading).where(table.c.id == recording_id))
            connection.execute(update(table).where(table.c.id == recording_id).values(values))
        if before is None:
            self._signals.delete(kept)
        elif ReadOptions(**before) != options:
            self._signals.delete(samples_key(row.sha256, ReadOptions(**before)))
        return self.get(recording_id)

    def delete(self, recording_id: str) -> None:
        """Remove a recording, its file, samples and diagnoses for good.

        Raises
        ------
        RecordingNotFoundError
            If there is none of that id.
        """
        row = self.get(recording_id)
        with self._blobs.changing(row.sha256):
            with self._database.write() as connection:
                connection.execute(delete(table).where(table.c.id == recording_id))
            if not self._database.names_blob(row.sha256):
                self._blobs.delete(row.sha256)
        self._signals.delete(samples_key(row.sha256, row.reading))
        self._diagnoses.forget(row.sha256)

    def signal(self, recording_id: str) -> tuple[Signal, Description]:
        """Return the signal to diagnose, its samples mapped from disk, and what is known of it from whom.

        Raises
        ------
        RecordingNotFoundError
            If there is none of that id.
        SignalError
            If something must still be said of it, or it can't be diagnosed as it is.
        """
        row = self.get(recording_id)
        return make_signal(row.name, self._contents(row), row.description, row.proposal)

    def channel(self, recording_id: str, name: str) -> NDArray[np.float32]:
        """Return the samples of one channel, of shape (N,), as the file holds them, mapped from disk.

        Raises
        ------
        RecordingNotFoundError
            If there is no recording of that id.
        ChannelUnknownError
            If it has no channel of that name.
        """
        row = self.get(recording_id)
        names = [channel.name for channel in row.channels]
        if name not in names:
            raise ChannelUnknownError(row.name, name, names)
        return self._samples(row)[names.index(name)]

    def _find(self, condition: ColumnElement[bool]) -> RecordingRow | None:
        with self._database.read() as connection:
            found = connection.execute(select(table).where(condition)).one_or_none()
        return None if found is None else row_of(found)

    def _keep(self, path: Path, move: bool, values: Mapping[str, Any]) -> None:
        self._blobs.check_room(values["name"], values["size_bytes"])
        kept = self._blobs.add(path, link=move)
        if kept != values["sha256"]:
            if not self._database.names_blob(kept):
                self._blobs.delete(kept)
            raise DamagedFileError(values["name"], "it changed while it was read")
        with self._database.write() as connection:
            connection.execute(insert(table).values(**values))

    def _contents(self, row: RecordingRow) -> Contents:
        return contents_of(row.format, row.channels, self._samples(row), row.record_number)

    def _samples(self, row: RecordingRow) -> Sequence[NDArray[np.float32]]:
        lengths = [channel.samples for channel in row.channels]
        key = samples_key(row.sha256, row.reading)
        mapped = [self._signals.open(key, number) for number in range(len(lengths))]
        found = [samples for samples in mapped if samples is not None]
        if [len(samples) for samples in found] == lengths:
            return found
        read = [channel.samples for channel in self._read(row, row.reading).channels]
        if [len(samples) for samples in read] != lengths:
            raise DamagedFileError(row.name, "its channels are not those that were found when it was added")
        self._signals.write(key, read)
        now = self._find(table.c.id == row.id)
        if now is None or now.reading != row.reading:
            self._signals.delete(key)  # deleted or read again meanwhile: nobody else would remove these
        return read

    def _read(self, row: RecordingRow, options: ReadOptions) -> Contents:
        return read_named(self._blobs.path(row.sha256), row.name, options, self._limits, self._scratch)
