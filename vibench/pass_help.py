"""The help of ``vibench optimize``: the passes and recipes there are, and the parameters of one pass."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vibench.parser import WIDTH

if TYPE_CHECKING:
    from optimization.passes.parameters import Parameter


def help_with_passes(told: str) -> str:
    """Return the ordinary help with passes and recipes listed before its example."""
    from optimization.passes import PASSES
    from optimization.recipes import RECIPES

    recipes = [(path.stem, " then ".join(steps_in(path.read_text("utf-8")))) for path in sorted(RECIPES.glob("*.yaml"))]
    before, example, after = told.rpartition("\nexample:")
    passes = textwrap.fill(", ".join(PASSES), WIDTH, initial_indent="  ", subsequent_indent="  ")
    listing = f"passes, each with a --help of its own:\n{passes}\n\nrecipes:\n{listed(recipes)}"
    return f"{before}\n{listing}\n{example}{after}"


def steps_in(recipe: str) -> list[str]:
    """Return the passes of a recipe that comes with Vibench, in their order."""
    import yaml

    return [step["pass"] for step in yaml.safe_load(recipe)]


def pass_help(name: str, _told: str) -> str:
    """Return the help of one pass; raises `RecipeError` if there is none of that name."""
    from optimization.command import typed
    from optimization.passes.parameters import parameters_of, pass_named

    made_by = pass_named(name)
    parameters = parameters_of(made_by)
    lines = [f"usage: vibench optimize MODEL --pass {name} [--set KEY=VALUE]...", ""]
    lines += [*textwrap.wrap(made_by.summary, WIDTH), "", "parameters:" if parameters else "It takes no parameters."]
    for parameter in parameters:
        lines += parameter_told(parameter)
    setting = f" --set {parameters[0].name}={typed(parameters[0].default)}" if parameters else ""
    return "\n".join([*lines, "", "example:", f"  vibench optimize wdcnn --pass {name}{setting}", ""])


def parameter_told(parameter: "Parameter") -> list[str]:
    """Return a parameter's name, default, what it may be, and what it does."""
    from optimization.command import typed

    head = f"  {parameter.name}={typed(parameter.default)}"
    text = f"{parameter.help} {parameter.allowed[0].upper()}{parameter.allowed[1:]}."
    return [head, *textwrap.wrap(text, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)]


def listed(rows: Sequence[tuple[str, str]]) -> str:
    """Return names with what they are, in two columns."""
    return "\n".join(f"  {name:<24}{text}" for name, text in rows)
