"""The one way in for a model file from somebody else: refused or, after a trial in a limited process, a variant.

Such a file may be made to fill the memory, to compute for ever or to crash what parses it. So nothing but a process
of its own (`optimization.admission.child`) reads it before it has answered windows there, and what that process says is
checked as if the file itself had written it.
"""

import json
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine import interrupts
from engine.errors import DamagedModelError, FileAccessError, ModelError, ModelRefusedError
from engine.readers.limits import Limits
from engine.variant import DESCRIPTION, FORMATS, Variant
from optimization.admission.child import examine
from optimization.admission.description import check_description, read_description

#: Reading these runs whatever their writer put into them.
PICKLES = frozenset({".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".joblib", ".torchscript", ".ts"})
LARGEST_BYTES = 2**31  #: what a protobuf message can hold
ANSWER_BYTES = 2**23
USUAL = Limits(memory_bytes=4 * 2**30, time_s=60, wall_s=180.0)
#: What the trial process may answer with.
ERRORS: dict[str, type[ModelError]] = {kind.code: kind for kind in (DamagedModelError, ModelRefusedError)}


def admit(path: Path, limits: Limits = USUAL) -> Variant:
    """Return the variant that somebody else's file or folder holds, after it has proven that it can answer.

    Parameters
    ----------
    path : Path
        A variant's folder, its ``variant.json`` or weight file, or an ``.onnx`` file that carries its card.
    limits : Limits
        What trying it may cost, beyond what the libraries take that try it.

    Returns
    -------
    Variant
        Its weight file where it was found.

    Raises
    ------
    FileAccessError
        If it may not be read.
    DamagedModelError
        If it is cut, altered, or contradicts itself.
    ModelRefusedError
        If it is a pickle, has weights elsewhere or operators that are not ONNX's or Microsoft's own, takes more
        than the limits, or answers its card's windows with other than finite logits.
    """
    path = path.absolute()  # "." has no name of its own
    weights, description = found_in(path)
    try:
        weights.open("rb").close()
    except OSError as error:
        raise FileAccessError(path.name, (error.strerror or str(error)).lower()) from error
    if weights.stat().st_size > LARGEST_BYTES:
        raise ModelRefusedError(path.name, f"it is larger than {LARGEST_BYTES / 2**30:.0f} GiB")
    answer = examine_in_child(weights, description, path.name, limits)
    return check_description(answer, weights, path.name)


def found_in(path: Path) -> tuple[Path, dict[str, Any] | None]:
    """Return the weight file that is meant, and what is written of it beside; ``None`` where it stands alone.

    Raises
    ------
    DamagedModelError, ModelRefusedError
        As `admit`.
    """
    if path.suffix.lower() in PICKLES:
        raise ModelRefusedError(
            path.name,
            "a pickle can run anything while it is read; save its weights with safetensors, and give the folder of "
            f"model.safetensors and {DESCRIPTION}, or export it as ONNX with its card",
        )
    folder = path if path.is_dir() else path.parent
    if (path.is_dir() or path.name in {DESCRIPTION, *(f"model.{form}" for form in FORMATS)}) and (
        path.is_dir() or (folder / DESCRIPTION).is_file()
    ):
        if not (folder / DESCRIPTION).is_file():
            raise DamagedModelError(path.name, f"the folder holds no {DESCRIPTION}, so it is no variant's")
        description = read_description(folder / DESCRIPTION, path.name)
        weights = folder / f"model.{description.get('format')}"
        if description.get("format") not in FORMATS or not weights.is_file():
            raise DamagedModelError(path.name, f"it lacks the weight file that its {DESCRIPTION} describes")
        return weights, description
    if path.suffix.lower() == ".onnx" and path.is_file():
        return path, None
    if not path.exists():
        raise DamagedModelError(path.name, "there is no such file or folder")
    raise ModelRefusedError(
        path.name, f"it is neither the folder of a variant, with its {DESCRIPTION}, nor an .onnx file with its card"
    )


def examine_in_child(weights: Path, description: dict[str, Any] | None, name: str, limits: Limits) -> dict[str, Any]:
    """Have a process of its own read and try the file; return its description, completed.

    Raises
    ------
    DamagedModelError, ModelRefusedError
        As `admit`.
    """
    context = multiprocessing.get_context("spawn")
    answers, sending = context.Pipe(duplex=False)
    arguments = (str(weights.absolute()), description, name, limits, sending, os.getpid())
    child = context.Process(target=examine, args=arguments, daemon=True)
    with interrupts.held_back():
        child.start()
    sending.close()  # the child holds the only other end, so its death ends the waiting
    try:
        answer = received(answers, limits)
    finally:
        child.kill()
        child.join()
        answers.close()
    if answer is None:
        raise ModelRefusedError(name, f"trying it takes more than {limits.time_s} s or {limits.memory_text}")
    if "error" in answer:
        raise ERRORS[answer["error"]](name, str(answer["reason"]))
    return answer


def received(answers: "Connection[bytes, bytes]", limits: Limits) -> dict[str, Any] | None:
    """Return what the child says, as JSON and never as a pickle; ``None`` if it says nothing, or not in time."""
    try:
        answer = json.loads(answers.recv_bytes(ANSWER_BYTES)) if answers.poll(limits.wall_s) else None
    except (EOFError, OSError, ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
