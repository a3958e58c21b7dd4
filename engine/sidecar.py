"""What is said of a recording beside it: in its sidecar ``FILE.json``, or in a ``recordings.csv``."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from engine.description import Description, combine
from engine.errors import DescriptionError, FileAccessError

RECORDINGS_CSV = "recordings.csv"


def describe_file(
    path: Path, option: Description, recordings_csv: Path | None = None, channels: Sequence[str] = ()
) -> Description:
    """Collect what is said of a file: by the user's options, by its sidecar, by a ``recordings.csv``.

    Parameters
    ----------
    path : Path
        The recording.
    option : Description
        What the user says; believed before all else.
    recordings_csv : Path, optional
        A table to use; otherwise the first ``recordings.csv`` that lists the file, in its folder or the two above.
    channels : sequence of str
        Names of the file's channels, as `combine` takes them.

    Raises
    ------
    DescriptionError
        If the sidecar or the file's row can't be understood.
    """
    sidecar = read_sidecar(path) or Description()
    return combine(option, sidecar, _row_of(path, recordings_csv) or Description(), channels=channels)


def read_sidecar(path: Path) -> Description | None:
    """Read ``FILE.json`` beside a recording, an object with the columns of ``recordings.csv``.

    Raises
    ------
    DescriptionError
        If it is no such object.
    """
    sidecar = path.with_name(path.name + ".json")
    if not sidecar.is_file():
        return None
    try:
        said = json.loads(sidecar.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileAccessError(sidecar.name, error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise DescriptionError(sidecar.name, f"it is no JSON ({error})") from error
    if not isinstance(said, dict):
        raise DescriptionError(sidecar.name, 'it must be an object such as {"sampling_rate_hz": 12000}')
    return Description.from_mapping(said, origin="sidecar", name=sidecar.name)


def read_recordings_csv(path: Path) -> dict[str, Description]:
    """Read a table of recordings.

    Returns
    -------
    dict of str to Description
        By the path in column ``file``, which starts at the table's folder.

    Raises
    ------
    DescriptionError
        If the table has no column ``file``, lists a file twice, or a row can't be understood.
    """
    described: dict[str, Description] = {}
    for file, row in _rows(path):
        if file in described:
            raise DescriptionError(path.name, f"it lists {file} twice")
        described[file] = _understand(path, file, row)
    return described


def _row_of(path: Path, table: Path | None) -> Description | None:
    """Find the row of a file, in the given table or in the tables of its folder and the two above."""
    path = path.absolute()
    tables = [table.absolute()] if table is not None else [folder / RECORDINGS_CSV for folder in path.parents[:3]]
    for candidate in tables:
        if table is None and not _lists_files(candidate):
            continue
        rows = dict(_rows(candidate))
        inside = path.is_relative_to(candidate.parent)
        listed = path.relative_to(candidate.parent).as_posix() if inside else path.name
        for file in (listed, path.name) if table is not None else (listed,):
            if file in rows:
                return _understand(candidate, file, rows[file])
    return None


def _lists_files(path: Path) -> bool:
    """Whether this is a table of recordings, and not somebody's other file of that name."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            return "file" in next(csv.reader(text), [])
    except (OSError, csv.Error, UnicodeDecodeError):
        return False


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Return each row of a table with the path in its column ``file``."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, strict=True)
            if "file" not in (reader.fieldnames or ()):
                raise DescriptionError(path.name, "it has no column file")
            for row in reader:
                if None in row:
                    raise DescriptionError(path.name, f"line {reader.line_num} has more cells than the header")
                if row["file"]:
                    yield PurePosixPath(row["file"].strip()).as_posix(), row
    except OSError as error:
        raise FileAccessError(path.name, error.strerror or str(error)) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DescriptionError(path.name, f"it is no table of recordings ({error})") from error


def _understand(table: Path, file: str, row: Mapping[str, Any]) -> Description:
    return Description.from_mapping(row, origin="recordings.csv", name=f"{table.name}, row {file}")
