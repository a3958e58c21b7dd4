"""What this installation is made of and what its machine can do, as `vibench doctor` and the page System tell it.

What is slow is imported inside functions, so that ``vibench --help`` is not.
"""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from engine import __version__
from engine.machine import this_machine

if TYPE_CHECKING:
    from workspace.settings import Settings
    from workspace.workspace import Workspace

PACKAGES = ("numpy", "scipy", "onnx", "safetensors", "dash", "plotly", "sqlalchemy", "gunicorn")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report.

    Attributes
    ----------
    group : str
        ``version``, ``machine``, ``workspace`` or ``setting``.
    name : str
        What was looked at.
    value : str
        What was found; of a secret, only whether it is set.
    missing : str or None
        What to do, where something that is needed is missing.
    """

    group: str
    name: str
    value: str
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class SettingFact:
    """A setting as it is.

    Attributes
    ----------
    name : str
        As it is set: ``VIBENCH_PORT``.
    value : str
        ``none`` where there is none; of a secret, only whether it is set.
    is_default : bool
        Whether nobody has set it.
    help : str
        What it does, in one line.
    """

    name: str
    value: str
    is_default: bool
    help: str


@dataclass(frozen=True, slots=True)
class StorageUse:
    """What a workspace takes, in bytes.

    Attributes
    ----------
    blobs_bytes, limit_bytes : int
        Of recordings and variants, and what they may take.
    cache_bytes : int
        Of what can be computed again.
    uploads_bytes : int
        Of uploads that are not finished.
    database_bytes : int
        Of SQLite's files; 0 where the database is elsewhere.
    free_bytes : int
        Left on the disk.
    """

    blobs_bytes: int
    limit_bytes: int
    cache_bytes: int
    uploads_bytes: int
    database_bytes: int
    free_bytes: int


def versions(*, load: bool) -> Iterator[Finding]:
    """Tell the versions of Vibench, Python, the libraries and the runtimes.

    ``load`` tries whether each runtime can really be loaded, which takes seconds and much memory.
    """
    from engine.runtimes import RUNTIMES

    yield Finding("version", "vibench", __version__)
    yield Finding("version", "python", platform.python_version())
    for package in PACKAGES:
        yield checked(package, partial(version, package))
    for name, runtime in RUNTIMES.items():
        if runtime.extra and not runtime.available():
            yield Finding("version", name, f"not installed; optional: pip install .[{runtime.extra}]")
        else:
            yield checked(name, runtime.version, runtime.import_libraries if load else None)


def checked(name: str, find: Callable[[], str], load: Callable[[], None] | None = None) -> Finding:
    """Return a package's version, or that it is missing; ``load`` tries whether it runs here."""
    try:
        found = find()
        if load:
            load()
    except PackageNotFoundError:
        return Finding("version", name, "not installed", missing="run make run, which installs it")
    except (ImportError, OSError) as error:
        return Finding("version", name, "does not load", missing=f"{error}; remove .venv and run make run")
    return Finding("version", name, found)


def machine() -> Iterator[Finding]:
    """Tell processor, its instruction sets, threads, clock and memory."""
    found = this_machine()
    yield Finding("machine", "system", found.system)
    yield Finding("machine", "processor", found.cpu)
    yield Finding("machine", "instruction sets", " ".join(found.flags) or "none of those that speed networks up")
    yield Finding("machine", "threads", f"{found.threads} of {os.cpu_count()} for this process")
    yield Finding("machine", "clock governor", found.governor or "not told by the system")
    yield Finding("machine", "memory", f"{found.memory_bytes / 1e9:.1f} GB")


def settings_told(settings: "Settings") -> Iterator[SettingFact]:
    """Tell every setting; of a secret, only whether it is set."""
    from workspace.settings import PREFIX

    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        shown = "set, not shown" if hasattr(value, "get_secret_value") else str(value)
        told = "none" if value in (None, ()) else shown
        is_default = name not in settings.model_fields_set
        yield SettingFact(f"{PREFIX}{name.upper()}", told, is_default, field.description or "")


def storage_use(workspace: "Workspace") -> StorageUse:
    """Measure what a workspace takes."""
    folder = workspace.folder
    return StorageUse(
        blobs_bytes=workspace.blobs.size(),
        limit_bytes=workspace.settings.storage_limit_bytes,
        cache_bytes=size_of(folder / "cache"),
        uploads_bytes=size_of(folder / "uploads"),
        database_bytes=sum(path.stat().st_size for path in folder.glob("vibench.db*")),
        free_bytes=shutil.disk_usage(folder).free,
    )


def size_of(folder: Path) -> int:
    """Return what the files below a folder take, in bytes; 0 where there is none."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # it went while we looked
            continue
    return total
