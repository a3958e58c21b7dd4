"""``vibench verify``: prove that a variant gives another one's verdicts."""

from argparse import ArgumentTypeError, Namespace
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
    from collections.abc import Sequence

    from engine.card import ModelCard
    from engine.variant import Variant
    from optimization.proving.budget import Budget
    from optimization.recording_set import RecordingSet
    from optimization.verification import Verification
    from workspace.settings import Settings

SUMMARY = "Prove that a variant gives the verdicts of the one that it was made from."
EXAMPLE = "vibench verify wdcnn/int8-static --recordings bench --max-flips 1%"
#: Simulated recordings without any others: none flipped shows at most 1 %.
SIMULATED = 300
MOST_SIMULATED = 10_000


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench verify``; what is left out has the budget's own default."""
    parser.add_argument("variant", metavar="VARIANT", help="NETWORK/VARIANT, folder or digest")
    parser.add_argument("--against", metavar="VARIANT", help="what to compare with (default: its parent)")
    parser.add_argument("--recordings", type=Path, metavar="DIR", help="compare on these (default: simulated ones)")
    parser.add_argument(
        "--simulated", type=int, metavar="N", help=f"so many, beside --recordings too (default alone: {SIMULATED})"
    )
    parser.add_argument("--resample", action="store_true", help="take recordings of other sampling rates too")
    parser.add_argument("--runtime", metavar="NAME", help="what executes the variant, openvino for one")
    parser.add_argument("--max-flips", type=share, metavar="SHARE", help="of verdicts that may flip (default: 10%%)")
    parser.add_argument(
        "--min-agreement", type=share, metavar="SHARE", help="of windows that must agree (default: 98%%)"
    )
    parser.add_argument("--min-sqnr", type=float, metavar="DB", help="logits over their error (default: 20)")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def share(text: str) -> float:
    """Read a share: ``1%`` or ``0.01``."""
    number, sign, rest = text.partition("%")
    try:
        value = float(number) / (100 if sign else 1)
    except ValueError:
        value = -1.0
    if rest.strip() or not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text!r} is no share such as 1% or 0.01")
    return value


def run(arguments: Namespace) -> int:
    """Compare and tell; the exit status is the verdict."""
    from optimization.verification import verify
    from workspace.settings import load_settings

    budget = budget_of(arguments)
    progress = WorkProgress()
    with seeded_workspace() as workspace:
        here = workspace.variants.list()
    settings = load_settings(host="127.0.0.1")
    variant = admitted(arguments.variant, here, settings)
    parent = parent_for(arguments.against, variant, here, settings)
    recordings = recordings_of(arguments, variant.card, settings)
    try:
        with turn(settings.workspace, progress, alone=False):
            proof = verify(variant, parent, recordings, runtime=arguments.runtime, budget=budget, progress=progress)
    finally:
        progress.clear()
    if arguments.json:
        print_json(proof.to_json())
    else:
        print_proof(proof, variant, parent)
    return STATUS[proof.verdict]


def budget_of(arguments: Namespace) -> "Budget":
    """Return what the variant may change; raises `RecipeError` if a limit can't be."""
    from optimization.proving.budget import Budget

    asked = {
        "flips_share": arguments.max_flips,
        "top1_agreement": arguments.min_agreement,
        "sqnr_db": arguments.min_sqnr,
    }
    return Budget(**{name: value for name, value in asked.items() if value is not None})


def admitted(name: str, here: "Sequence[Variant]", settings: "Settings") -> "Variant":
    """Return the variant that is meant; one in a folder, which anybody may have written, is tried first."""
    from optimization.admission import admit
    from workspace.naming import resolve

    found = resolve(name, here)
    if any(found is known for known in here):
        return found
    return admit(found.weights.parent, settings.reader_limits)


def parent_for(name: str | None, variant: "Variant", here: "Sequence[Variant]", settings: "Settings") -> "Variant":
    """Return what to compare with: the one named, or the variant's parent.

    Raises
    ------
    UsageError
        If it has no parent, or none that is kept here.
    ModelError
        If the one named is not there, or not admitted.
    """
    if name is not None:
        return admitted(name, here, settings)
    for known in here:
        if known.digest == variant.parent:
            return known
    why = "was made from no other" if variant.parent is None else f"was made from {variant.parent[:12]}, not kept here"
    raise UsageError(f"{variant.full_name} {why}; name what to compare with by --against", "vibench models list")


def recordings_of(arguments: Namespace, card: "ModelCard", settings: "Settings") -> "RecordingSet":
    """Return what to compare on: recordings of a folder, simulated ones, or both.

    Raises
    ------
    UsageError
        If there would be none, or too many to simulate.
    CalibrationError
        If the folder holds none, or one of another rate.
    SignalError
        If one can't be read.
    """
    from optimization.folder import folder_set
    from optimization.recording_set import require_rate, simulated_proof, with_simulated

    count = arguments.simulated
    if count is not None and not 1 <= count <= MOST_SIMULATED:
        raise UsageError(f"--simulated can't be {count}: it is from 1 to {MOST_SIMULATED}", "vibench verify --help")
    if arguments.recordings is None:
        return simulated_proof(card, SIMULATED if count is None else count)
    found = folder_set(arguments.recordings, limits=settings.reader_limits)
    if not arguments.resample:
        require_rate(found.recordings, card)
    return found if count is None else with_simulated(found, card, count)


def print_proof(proof: "Verification", variant: "Variant", parent: "Variant") -> None:
    """Print the verdict, why, what flipped, how right both are, and what all that rests on."""
    from optimization.proving import wording as told

    print(one_line(f"{proof.verdict}: {variant.full_name} against {parent.full_name}"))
    print_sentences(proof.reasons)
    if flips := told.flip_rows(proof):
        print_table(["  was", "became", "recordings"], [[f"  {row[0]}", *row[1:]] for row in flips])
    if rows := told.label_rows(proof):
        print_table(
            ["  class", "recordings", "parent right", "variant right"], [[f"  {row[0]}", *row[1:]] for row in rows]
        )
    print_sentences(
        [
            *told.labels_told(proof),
            *told.margins_told(proof),
            *told.compared_told(proof),
            *told.specimens_told(proof.specimens),
            told.limits_told(proof),
            told.runtime_told(proof),
        ]
    )


def print_sentences(sentences: "Sequence[str]") -> None:
    """Print sentences, indented."""
    for sentence in sentences:
        for line in indented(sentence):
            print(line)
