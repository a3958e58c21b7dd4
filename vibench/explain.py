"""``vibench explain``: why a variant is slow, what causes that, and the passes that mend it."""

import tempfile
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import UsageError
from vibench.models import seeded_workspace
from vibench.optimize import STATUS
from vibench.output import indented, one_line, print_json, print_table
from vibench.parser import Parser
from vibench.progress import WorkProgress
from vibench.turns import turn

if TYPE_CHECKING:
    from engine.variant import Variant
    from optimization.explain import Explanation
    from optimization.explaining.compared import Compared
    from workspace.workspace import Workspace

SUMMARY = "Say what makes a variant slow, and which passes mend it."
EXAMPLE = "vibench explain wdcnn/int8-dynamic --against wdcnn/onnx"
#: Operators that are listed, beside the one that takes longest; the others differ less.
SHOWN = 8


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench explain``."""
    parser.add_argument("variant", metavar="VARIANT", help="NETWORK/VARIANT, folder or digest")
    parser.add_argument("--against", metavar="PARENT", help="compare with this one (default: what it was made from)")
    parser.add_argument("--batch", type=int, default=1, metavar="N", help="windows a call (default: 1)")
    parser.add_argument("--mend", action="store_true", help="run the passes that mend it, prove and measure the result")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: Namespace) -> int:
    """Explain, and mend where that is asked for; the exit status is 0, or the verdict on what the mend made."""
    from engine.runtimes.base import BATCH
    from optimization.benchmark import benchmark_windows
    from optimization.explain import explain
    from optimization.explaining.mending import float_form_of

    if not 1 <= arguments.batch <= BATCH:
        raise UsageError(f"--batch is a number from 1 to {BATCH}", "vibench explain --help")
    progress = WorkProgress()
    with seeded_workspace() as workspace:
        here = workspace.variants.list()
        variant = chosen(arguments.variant, here, workspace)
        parent = parent_for(variant, arguments.against, here, workspace)
        start = float_form_of(variant, parent, here)
        windows, _ = benchmark_windows(variant.card, arguments.batch)
        try:
            with (
                tempfile.TemporaryDirectory(dir=workspace.scratch) as folder,
                turn(workspace.folder, progress, alone=True),
            ):
                said = explain(
                    variant,
                    parent,
                    windows,
                    Path(folder),
                    float_form=start,
                    batch=arguments.batch,
                    progress=progress,
                )
            mended = None
            if arguments.mend and said.mend is not None and start is not None:
                mended = mend(said, variant, parent, start, arguments.batch, workspace, progress)
        finally:
            progress.clear()
    if arguments.json:
        print_json(said.to_json() | {"mended": None if mended is None else mended_json(mended)})
    else:
        print_explained(said)
        if mended is not None:
            print_mended(mended)
        elif arguments.mend:
            print("\nNo passes are known that mend it, so nothing was made.")
    return 0 if mended is None else STATUS[mended[0].verification["verdict"]]


def chosen(name: str, here: "Sequence[Variant]", workspace: "Workspace") -> "Variant":
    """Return the variant that a name stands for; one in a folder is tried in a process of its own first.

    Raises
    ------
    ModelError
        If there is none of that name, or it is not admitted.
    """
    from optimization.admission import admit
    from workspace.naming import resolve

    found = resolve(name, here)
    if any(found is known for known in here):
        return found
    return admit(found.weights.parent, workspace.settings.reader_limits)


def parent_for(
    variant: "Variant", against: str | None, here: "Sequence[Variant]", workspace: "Workspace"
) -> "Variant | None":
    """Return what a variant is compared with: what is named, what it was made from, or the network's ONNX variant.

    ``None`` if that is the variant itself; raises `ModelError` as `chosen`.
    """
    if against is not None:
        return chosen(against, here, workspace)
    of_network = [other for other in here if other.card.name == variant.card.name and other.format == "onnx"]
    others = [other for other in of_network if other.digest != variant.digest]
    for other in others:
        if other.digest == variant.parent:
            return other
    return next((other for other in others if other.backend == "onnx" and variant.backend != "onnx"), None)


def mend(
    said: "Explanation",
    variant: "Variant",
    parent: "Variant | None",
    start: "Variant",
    batch: int,
    workspace: "Workspace",
    progress: WorkProgress,
) -> "tuple[Variant, Sequence[Compared]]":
    """Run the passes that mend, keep what they make with its proof, and measure it; return it and how it compares."""
    from optimization.benchmark import benchmark_windows
    from optimization.explaining.mending import measure_mended
    from optimization.recipe import optimize

    assert said.mend is not None
    with (
        tempfile.TemporaryDirectory(dir=workspace.scratch) as folder,
        turn(workspace.folder, progress, alone=False),
    ):
        made = optimize(start, said.mend.recipe, Path(folder), progress=progress)
        *_, kept = workspace.variants.add_all([step.variant for step in made.steps])
    windows, _ = benchmark_windows(variant.card, batch)
    with turn(workspace.folder, progress, alone=True):
        others = [each for each in (variant, parent) if each is not None and each.digest != kept.digest]
        against = measure_mended(kept, others, windows, batch=batch, progress=progress)
    return kept, against


def mended_json(mended: "tuple[Variant, Sequence[Compared]]") -> dict[str, object]:
    """Return what a mend made as ``--json`` prints it."""
    from dataclasses import asdict

    made, against = mended
    return {
        "variant": made.full_name,
        "digest": made.digest,
        "size_bytes": made.size_bytes,
        "against": [asdict(each) for each in against],
        "verification": made.verification.get("verdict"),
    }


def print_explained(said: "Explanation") -> None:
    """Print the answer in a sentence, its causes, the operators, and what mends it."""
    from optimization.explain import answer, float_told

    print(one_line(answer(said)))
    beside = float_told(said)
    for sentence in (*(f"{cause.code}: {cause.message}" for cause in said.causes), *([beside] if beside else ())):
        for line in indented(f"{sentence}."):
            print(line)
    print()
    rows = [
        (row.operator, *(f"{count} x {ms:.3f}" if count else "-" for count, ms in zip(row.counts, row.ms, strict=True)))
        for number, row in enumerate(said.operators)
        if number < SHOWN or row.operator == said.profiles[1].operators[0].operator
    ]
    names = [name.partition("/")[2] for name in (said.parent.against, said.variant)]
    print_table(("operator", f"nodes x ms in {names[0]}", f"in {names[1]}"), rows)
    if said.mend is not None:
        print()
        print(f"To mend it: {said.mend.command}")


def print_mended(mended: "tuple[Variant, Sequence[Compared]]") -> None:
    """Print what the mend made."""
    from optimization.explaining.compared import compared_told

    made, against = mended
    verdict = made.verification.get("verdict", "not proven")
    said = [f"{made.size_bytes / 1000:.0f} kB", verdict, *map(compared_told, against)]
    print(one_line(f"{made.full_name}: {', '.join(said)}."))
