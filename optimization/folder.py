"""A folder of recordings as a set: which files it means, and what is said of them."""

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from engine.description import Description, make_signal
from engine.errors import CalibrationError, DamagedFileError, DescriptionError, FileAccessError, UnknownFormatError
from engine.proposals import propose
from engine.readers.limits import Limits
from engine.readers.sandbox import read_contents
from engine.sidecar import RECORDINGS_CSV, describe_file, read_recordings_csv
from engine.signal import Signal
from engine.variant import sha256_of
from optimization.recording_set import RecordingSet, SetRecording, described_recording

USUAL = Limits()


def folder_set(folder: Path, *, recordings_csv: Path | None = None, limits: Limits = USUAL) -> RecordingSet:
    """Make a set of the recordings in a folder.

    Every file is read once, so that one that can't be used is told before any work begins, and again when its
    signal is needed.

    Parameters
    ----------
    folder : Path
        Where they are. A ``recordings.csv`` in it, or in one of the two folders above, says which of its files are
        recordings; without one they are all files that a reader claims.
    recordings_csv : Path, optional
        A table to use instead.
    limits : Limits
        What reading one file may cost.

    Raises
    ------
    FileAccessError
        If there is no such folder, it can't be listed, or a listed file is not there.
    DescriptionError
        If the table can't be understood, or lists a file outside of its folder.
    CalibrationError
        If no recording is in the folder.
    SignalError
        If a file can't be read, or something must still be said of it.
    """
    folder = absolute(folder)
    recordings_csv = None if recordings_csv is None else absolute(recordings_csv)
    if not folder.is_dir():
        raise FileAccessError(folder.name, "it is no folder" if folder.exists() else "there is no such folder")
    listed = listed_files(folder, recordings_csv)
    files = plain_files(folder) if listed is None else [must_exist(file, recordings_csv) for file in listed]
    found = []
    for file in files:
        try:
            found.append(recording_of(file, folder, recordings_csv, limits))
        except UnknownFormatError:
            if listed is not None:
                raise
            # A picture or a manual beside the recordings: nobody said that it is one.
    if not found:
        raise CalibrationError(
            f"The folder {folder.name} holds no recording",
            f"name one with recordings, or list them in {RECORDINGS_CSV}",
        )
    return RecordingSet("recordings", tuple(found))


def absolute(path: Path) -> Path:
    """Return a path from the root on, without dots, so that what lies above and below it can be told by its parts."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - `Path.resolve` would follow links, and a folder may be one


def listed_files(folder: Path, recordings_csv: Path | None) -> list[Path] | None:
    """Return the files in a folder that a table lists, in the table's order, there or not; ``None`` without a table.

    Parameters
    ----------
    folder : Path
        `absolute`.
    recordings_csv : Path or None
        The table; ``None`` for a ``recordings.csv`` in the folder or in one of the two above it.

    Raises
    ------
    DescriptionError
        If the table can't be understood, or lists a file outside of its folder.
    FileAccessError
        If the table is not there.
    """
    above = [parent / RECORDINGS_CSV for parent in (folder, *folder.parents[:2])]
    tables = [recordings_csv] if recordings_csv is not None else [one for one in above if one.is_file()]
    for table in tables:
        names = list(read_recordings_csv(table))
        files = within(folder, (table.parent / inside_its_folder(table, name) for name in names))
        if not files and recordings_csv is not None:  # a table kept elsewhere names the files themselves
            files = [folder / name for name in names if (folder / name).exists()]
        if files or table.parent == folder:
            return files
    return None


def inside_its_folder(table: Path, name: str) -> PurePosixPath:
    """Return a path of a table; raises `DescriptionError` if it leaves the table's folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise DescriptionError(table.name, f"it lists {name}, which is outside of its folder")
    return path


def within(folder: Path, files: Iterable[Path]) -> list[Path]:
    """Return the files that lie in a folder or below it."""
    return [file for file in files if file.is_relative_to(folder)]


def must_exist(file: Path, recordings_csv: Path | None) -> Path:
    """Return a listed file; raises `FileAccessError` if it is not there."""
    if not file.is_file():
        table = RECORDINGS_CSV if recordings_csv is None else recordings_csv.name
        raise FileAccessError(file.name, f"{table} lists it, but there is no such file")
    return file


def plain_files(folder: Path) -> list[Path]:
    """Return the files in a folder that may be recordings: neither hidden nor a description.

    Raises
    ------
    FileAccessError
        If the folder can't be listed.
    """
    # Sorted, because directory order differs between systems and would change which windows are chosen.
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise FileAccessError(folder.name, (error.strerror or str(error)).lower()) from error
    return [
        file
        for file in inside
        if file.is_file() and not file.name.startswith(".") and file.suffix != ".json" and file.name != RECORDINGS_CSV
    ]


def recording_of(file: Path, folder: Path, recordings_csv: Path | None, limits: Limits) -> SetRecording:
    """Read a file once, to know its rate, and make it a member of a set; raises as `folder_set` does."""
    digest = sha256_of_readable(file)
    signal, description = signal_of(file, recordings_csv, limits)

    def load() -> Signal:
        if sha256_of_readable(file) != digest:
            raise DamagedFileError(file.name, "it was changed while it was being used")
        return signal_of(file, recordings_csv, limits)[0]

    return described_recording(os.path.relpath(file, folder), digest, load, signal, description)


def signal_of(file: Path, recordings_csv: Path | None, limits: Limits) -> tuple[Signal, Description]:
    """Read a file in a child with limits and make its one vibration channel a signal, as its description says."""
    contents = read_contents(file, limits=limits)
    names = [channel.name for channel in contents.channels]
    description = describe_file(file, Description(), recordings_csv, names)
    return make_signal(file.name, contents, description, propose(contents, file.name))


def sha256_of_readable(file: Path) -> str:
    """Return the digest of a file; raises `FileAccessError` if it can't be opened."""
    try:
        return sha256_of(file)
    except OSError as error:
        raise FileAccessError(file.name, (error.strerror or str(error)).lower()) from error
