"""What mends a slow variant: passes on its float form, and what they gain."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.variant import Variant
from optimization.command import pass_options
from optimization.explaining.causes import Finding
from optimization.explaining.compared import Compared, compared, measured_by_turns
from optimization.passes import Pass
from optimization.passes.parameters import parameters_of, pass_from_json
from optimization.progress import Progress, silent
from optimization.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Mend:
    """What mends a cause.

    Attributes
    ----------
    cause : str
        Its code.
    start : str
        Full name of the variant to start from.
    recipe : Recipe
        The passes to run on it.
    command : str
        What to type to have it done.
    """

    cause: str
    start: str
    recipe: Recipe
    command: str


def mend_of(causes: Sequence[Finding], variant: Variant, float_form: Variant | None) -> Mend | None:
    """Return what mends the first cause that passes mend."""
    if float_form is None:
        return None
    for cause in causes:
        if cause.passes:
            passes = tuple(with_steps(name, dict(changes), variant) for name, changes in cause.passes)
            options = [word for step in passes for option in pass_options(step) for word in option]
            command = shlex.join(["vibench", "optimize", float_form.full_name, *options])
            return Mend(cause.code, float_form.full_name, Recipe(passes), command)
    return None


def with_steps(name: str, changes: dict[str, str], variant: Variant) -> Pass:
    """Return a pass with what the variant's own step of that name asked for, changed where that was the cause."""
    asked: dict[str, Any] = {}
    for step in variant.steps:
        if step.get("pass") == name:
            asked = dict(step.get("parameters", {}))
    bare = pass_from_json(name, {})
    known = {each.name for each in parameters_of(type(bare))}
    kept = {key: value for key, value in asked.items() if key in known} if changes else {}
    return pass_from_json(name, kept | changes)


def float_form_of(variant: Variant, parent: Variant | None, known: Sequence[Variant]) -> Variant | None:
    """Return the ONNX variant in float32 that a variant comes from; the network's own where its way here is not kept.

    ``None`` if none is here.
    """
    here = {other.digest: other for other in known}
    at: Variant | None = variant
    while at is not None and at.parent is not None:
        at = here.get(at.parent)
        if at is not None and (at.format, at.backend) == ("onnx", "onnx"):
            return at
    for each in (parent, variant):
        if each is not None and each.backend == "onnx":
            return each
    same = [other for other in known if other.card.name == variant.card.name and other.backend == "onnx"]
    return same[0] if same else None


def measure_mended(
    made: Variant,
    against: Sequence[Variant],
    windows: NDArray[np.float32],
    *,
    batch: int = 1,
    progress: Progress = silent,
) -> list[Compared]:
    """Measure what a mend made by turns with what it is to be faster than, and say how it compares with each.

    Raises
    ------
    BenchmarkError, ModelError
        If they can't be measured.
    """
    measured = measured_by_turns((*against, made), windows, batch, progress)
    return [compared(measured, len(against), number) for number in range(len(against))]
