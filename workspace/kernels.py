"""The table of this machine's kernels, measured once and kept until the machine or its ONNX Runtime is another."""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from engine.errors import BenchmarkError
from engine.variant import Variant
from optimization.forecast import forecaster
from optimization.forecasting.kernels import Kernels, fingerprint, measured_kernels
from optimization.measuring.measurement import BenchmarkSettings
from optimization.progress import Progress, silent

logger = logging.getLogger(__name__)


def place_of(workspace: Path) -> Path:
    """Return where a workspace keeps the table of the machine that this runs on."""
    text = json.dumps(fingerprint(), sort_keys=True)
    return workspace / "cache" / "kernels" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"


def kept_kernels(workspace: Path) -> Kernels | None:
    """Return the table that a workspace keeps of this machine, ``None`` if there is none that can be understood."""
    try:
        return Kernels.from_json(json.loads(place_of(workspace).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, BenchmarkError) as error:
        logger.warning("The table of kernels is measured again, because its file makes no sense: %s", error)
        return None


def kernels_here(workspace: Path, progress: Progress = silent) -> Kernels:
    """Return the table of this machine, measured now where the workspace keeps none.

    Parameters
    ----------
    workspace : Path
        Its folder.
    progress : callable
        Told how far measuring is, which takes some 15 seconds.

    Raises
    ------
    BenchmarkError
        If the process that measures dies.
    """
    kept = kept_kernels(workspace)
    if kept is not None:
        return kept
    measured = measured_kernels(progress)
    keep(measured, place_of(workspace))
    return measured


def forecaster_for(
    workspace: Path, baseline: Variant, rounds: int, progress: Progress = silent
) -> Callable[[Variant, str, int], float | None] | None:
    """Return what a benchmark asks for the ratios to expect to its baseline, ``None`` without a table of this machine.

    A missing table is measured unless the benchmark is to be a short one, which measuring would outlast.

    Raises
    ------
    BenchmarkError
        If the process that measures dies.
    """
    kernels = kept_kernels(workspace)
    if kernels is None and rounds >= BenchmarkSettings().rounds and baseline.format == "onnx":
        kernels = kernels_here(workspace, progress)
    return None if kernels is None else forecaster(kernels, baseline)


def keep(kernels: Kernels, place: Path) -> None:
    """Write a table whole or not at all; a full disk only costs the time of measuring it again."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kernels.to_json(), file)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        logger.warning("The table of kernels can't be kept and will be measured again: %s", error)
