"""How a pass leaves its result: weight file and description together, or nothing."""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.errors import NoEffect
from engine.variant import Variant
from optimization.passes.base import Pass


@contextmanager
def scratch_beside(folder: Path, room_bytes: int = 0) -> Iterator[Path]:
    """Give a folder on the same disk as ``folder``, and take it away in the end, whatever happens.

    Parameters
    ----------
    folder : Path
        Its parents are made where they are missing.
    room_bytes : int
        What will be written there at most, where the writer is one that cuts files short on a full disk and says
        nothing, as ONNX's shape inference does.

    Raises
    ------
    OSError
        If there is less room than that, or the disk may not be written to.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder.parent).free < room_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder.parent))
    with TemporaryDirectory(prefix=".making-", dir=folder.parent) as scratch:
        yield Path(scratch)


def write_result(
    made_by: Pass,
    parent: Variant,
    folder: Path,
    content: bytes,
    *,
    packages: Sequence[str],
    calibration: Mapping[str, Any] | None = None,
    learned_from: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    bound_to: Mapping[str, Any] | None = None,
) -> Variant:
    """Write the variant that a pass made.

    Parameters
    ----------
    made_by : Pass
        Gives name, format and backend, and is the last of its steps.
    parent : Variant
        What it was made from.
    folder : Path
        Empty or missing; appears with both files in it, or not at all.
    content : bytes
        Of the weight file.
    packages : sequence of str
        Distributions that decide what the content looks like.
    calibration : mapping or None
        What ranges were read from; the parent's if ``None``.
    learned_from : mapping or None
        What was learned from, in the form of ``calibration``; its step keeps it, so that no proof rests on it.
    notes : sequence of str
        Sentences on how the run went, which its step keeps; see also `Pass.notes`.
    bound_to : mapping or None
        Plain JSON: ``runtime`` that alone can execute the result, and ``flags`` of the instruction sets that a machine
        must have; the step keeps it, and `engine.runtimes` refuses the variant elsewhere.

    Raises
    ------
    NoEffect
        If the content is the parent's.
    OSError
        If the disk is full, or may not be written to.
    """
    digest = sha256(content).hexdigest()
    if digest == parent.digest:
        raise NoEffect(made_by.name, "weights and graph come out as they were")
    told = {"notes": list(notes), "learned_from": learned_from, "bound_to": bound_to}
    told = {what: value for what, value in told.items() if value}
    kind, backend = made_by.form_after(parent)
    file_name = f"model.{kind}"
    with scratch_beside(folder) as scratch:
        building = scratch / "variant"
        building.mkdir()
        (building / file_name).write_bytes(content)
        made = Variant(
            name=made_by.name_after(parent),
            backend=backend,
            format=kind,
            weights=building / file_name,
            digest=digest,
            card=parent.card,
            parent=parent.digest,
            steps=(*parent.steps, made_by.step() | told),
            producer={package: version(package) for package in packages},
            calibration=parent.calibration if calibration is None else calibration,
        )
        made.write_description()
        building.rename(folder)  # one step: nobody finds a weight file without its description
    return replace(made, weights=folder / file_name)
