"""Passes and variants as commands: what somebody types to have the same."""

import shlex
from typing import Any

from engine.errors import RecipeError
from engine.variant import Variant
from optimization.calibration import WINDOWS
from optimization.passes import Pass
from optimization.passes.parameters import parameters_of, pass_from_json


def typed(value: Any) -> str:
    """Return a parameter's value as ``--set`` takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple | list) else str(value)


def pass_options(made_by: Pass) -> list[list[str]]:
    """Return the options of ``vibench optimize`` that say how to run a pass, each with its value; no defaults."""
    options = [["--pass", made_by.name]]
    for known in parameters_of(type(made_by)):
        value = getattr(made_by, known.name)
        if (list(value) if isinstance(value, tuple) else value) != known.default:
            options.append(["--set", f"{known.name}={typed(value)}"])
    return options


def name_option(name: str) -> list[str]:
    """Return the option that names the result; a name may begin as an option does."""
    return [f"--name={name}"] if name.startswith("-") else ["--name", name]


def command_again(variant: Variant, parent: Variant | None) -> str | None:
    """Return the command that makes a variant once more.

    Parameters
    ----------
    variant : Variant
        What to make.
    parent : Variant or None
        What it was made from; ``None`` where that is not kept.

    Returns
    -------
    str or None
        ``None`` if its parent or the pass that made it is not here. One that was calibrated on recordings needs a
        folder of them, which the command calls ``DIR``.
    """
    if parent is None or len(variant.steps) != len(parent.steps) + 1:
        return None
    step = variant.steps[-1]
    try:
        made_by = pass_from_json(step["pass"], step["parameters"])
    except (RecipeError, KeyError):
        return None
    options = pass_options(made_by)
    if on_recordings(variant):
        options.append(["--calibration", "DIR"])
    if variant.calibration.get("noise"):
        options.append(["--force-noise"])
    windows = int(variant.calibration.get("windows", WINDOWS))
    if windows != WINDOWS:
        options.append(["--windows", str(windows)])
    if variant.name != made_by.name_after(parent):
        options.append(name_option(variant.name))
    return shlex.join(["vibench", "optimize", parent.full_name, *(word for option in options for word in option)])


def on_recordings(variant: Variant) -> bool:
    """Whether a variant's ranges were read from somebody's recordings."""
    return variant.calibration.get("source") not in {None, "simulated"}
