"""What ``vibench optimize`` says before it makes anything: forewarnings, and with ``--forecast`` the whole forecast."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import UsageError
from vibench.output import indented, one_line, print_json, print_table
from vibench.progress import WorkProgress

if TYPE_CHECKING:
    from engine.variant import Variant
    from optimization.forecast import Forecast
    from optimization.recipe import Recipe
    from workspace.workspace import Workspace

#: Operators that are listed; the others take less than these.
SHOWN = 12


def print_forewarnings(variant: "Variant", recipe: "Recipe") -> None:
    """Print on standard error what is known to go wrong."""
    from engine.machine import this_machine
    from optimization.forecasting.forewarnings import forewarnings

    for warning in forewarnings(variant, recipe.passes, this_machine()):
        print(f"vibench: warning: {one_line(warning.message)}.", file=sys.stderr, flush=True)


def show_forecast(
    arguments: Namespace, variant: "Variant", recipe: "Recipe", workspace: "Workspace", progress: WorkProgress
) -> int:
    """Print what a recipe would give, and make nothing."""
    from engine.runtimes.base import BATCH
    from optimization.forecast import forecast
    from vibench.turns import turn
    from workspace.kernels import kept_kernels, kernels_here

    if not 1 <= arguments.forecast <= BATCH:
        raise UsageError(f"--forecast takes a batch size from 1 to {BATCH}", "vibench optimize --help")
    kernels = kept_kernels(workspace.folder)
    if kernels is None:
        with turn(workspace.folder, progress, alone=True):
            kernels = kernels_here(workspace.folder, progress)
    try:
        said = forecast(
            variant,
            recipe,
            kernels,
            batch=arguments.forecast,
            known=workspace.variants.list(variant.card.name),
            folder=workspace.scratch,
            progress=progress,
        )
    finally:
        progress.clear()
    if arguments.json:
        print_json(said.to_json())
    else:
        print_forecast(said)
    return 0


def print_forecast(said: "Forecast") -> None:
    """Print size and time in a sentence, then each operator, what stays in float32, and warnings."""
    before, after = said.size_bytes
    sentence = f"{said.after} would be {after / 1000:.0f} kB, {after / before:.2f} of {said.before}"
    if said.ratio is not None and said.ms is not None:
        sentence += (
            f", and take {said.ratio:.2f} of its time at batch {said.batch}, {milliseconds(said.ms[1])} ms, as the "
            "kernels of this machine say"
        )
    print(one_line(f"{sentence}."))
    for line in told(said):
        print(line)
    if said.operators:
        print()
        rows = [
            (str(row.count), row.operator, WORDS[row.precision], "" if row.ms is None else milliseconds(row.ms))
            for row in said.operators[:SHOWN]
        ]
        print_table(("nodes", "operator", "computes in", "ms"), rows)
        if others := said.operators[SHOWN:]:
            count, kinds = sum(row.count for row in others), len(others)
            print(f"and {count} node{'' if count == 1 else 's'} of {kinds} other operator{'' if kinds == 1 else 's'}")


WORDS = {"int8": "INT8", "fp32": "float32", "fp16": "float16", "cast": "cast", "layout": "layout only"}


def told(said: "Forecast") -> Sequence[str]:
    """Return what stays in float32 and what is warned of, as indented lines."""
    kept = [f"{row.count} x {row.operator} stays in float32: {row.reason}" for row in said.kept]
    warned = [f"warning: {warning.message}" for warning in said.warnings]
    return [line for sentence in (*kept, *warned) for line in indented(f"{sentence}.")]


def milliseconds(value: float) -> str:
    """Return milliseconds in three digits."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
