"""``vibench optimize``: make a variant by a pass or a recipe, and prove that it gives its parent's verdicts."""

import tempfile
from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import FileAccessError, UsageError
from vibench.forecast_told import print_forewarnings, show_forecast
from vibench.models import seeded_workspace
from vibench.output import indented, one_line, print_json
from vibench.parser import Parser
from vibench.pass_help import help_with_passes, pass_help
from vibench.progress import WorkProgress
from vibench.turns import turn

if TYPE_CHECKING:
    from engine.variant import Variant
    from optimization.recipe import Optimized, Recipe
    from optimization.recording_set import RecordingSet
    from workspace.workspace import Workspace

SUMMARY = "Make a variant of a network, and prove that it gives the same verdicts."
EXAMPLE = "vibench optimize wdcnn --pass quantize_static --set method=minmax"
#: What a proof's verdict ends the command with.
STATUS = {"equivalent": 0, "degraded": 1, "undecided": 4}


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench optimize``; what is left out has the recipe's own default."""
    parser.add_argument("model", metavar="MODEL", help="network, NETWORK/VARIANT, folder or digest")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pass", dest="made_by", metavar="NAME", action=PassAction, help="with --help: its parameters")
    what.add_argument("--recipe", metavar="NAME", help="name of a recipe, or path of a YAML file")
    parser.add_argument(
        "--set", type=setting, action="append", default=[], metavar="KEY=VALUE", help="parameter of the pass"
    )
    on = parser.add_mutually_exclusive_group()
    on.add_argument("--calibration", type=Path, metavar="DIR", help="folder of recordings (default: simulated ones)")
    on.add_argument("--calibration-recordings", metavar="ID,...", help="recordings of the workspace instead")
    parser.add_argument("--windows", type=int, metavar="N", help="windows to calibrate on (default: 64)")
    parser.add_argument("--resample", action="store_true", help="take recordings of other sampling rates too")
    parser.add_argument("--force-noise", action="store_true", help="calibrate on random noise too, and say so")
    parser.add_argument("--name", help="what to call the variant")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write DIR/NETWORK/VARIANT, not into the workspace")
    parser.add_argument(
        "--forecast", type=int, nargs="?", const=1, metavar="BATCH", help="only say what would come of it"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.retell = help_with_passes


class PassAction(Action):
    """Keeps the name of the pass, and makes a ``--help`` after it tell of that pass."""

    def __call__(  # noqa: D102 - argparse's own
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        setattr(namespace, self.dest, values)
        assert isinstance(parser, Parser)
        parser.retell = partial(pass_help, values)


def setting(text: str) -> tuple[str, str]:
    """Read ``key=value``."""
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise ArgumentTypeError(f"{text!r} is not like KEY=VALUE")
    return key.strip(), value


def run(arguments: Namespace) -> int:
    """Make, prove and keep; the exit status is the proof's verdict."""
    recipe = recipe_of(arguments)
    if arguments.out is not None and arguments.out.exists() and not arguments.out.is_dir():
        raise FileAccessError(str(arguments.out), "it is no folder")
    progress = WorkProgress()
    with seeded_workspace() as workspace:
        variant = starting_from(arguments.model, recipe, workspace)
        if arguments.forecast is not None:
            return show_forecast(arguments, variant, recipe, workspace, progress)
        print_forewarnings(variant, recipe)
        try:
            made = make(arguments, variant, recipe, workspace, progress)
        finally:
            progress.clear()
    if arguments.json:
        print_json(made.to_json())
    else:
        print_made(made, arguments.out)
    return STATUS[made.verification.verdict]


def recipe_of(arguments: Namespace) -> "Recipe":
    """Return what is to be done; raises `RecipeError` if it can't be."""
    from optimization.passes.parameters import pass_from_text
    from optimization.recipe import Recipe

    if arguments.recipe is None:
        return Recipe((pass_from_text(arguments.made_by, dict(arguments.set)),))
    if arguments.set:
        raise UsageError("--set is of a --pass; a recipe holds its own parameters", "vibench optimize --help")
    return Recipe.load(arguments.recipe)


def starting_from(name: str, recipe: "Recipe", workspace: "Workspace") -> "Variant":
    """Return the variant that is meant, tried in a process of its own if it lies in a folder; see `start_of`."""
    from optimization.admission import admit

    here = workspace.variants.list()
    variant = start_of(name, recipe, here)
    if not any(variant is known for known in here):  # a folder, which anybody may have written
        variant = admit(variant.weights.parent, workspace.settings.reader_limits)
    recipe.check(variant)
    return variant


def make(
    arguments: Namespace, variant: "Variant", recipe: "Recipe", workspace: "Workspace", progress: WorkProgress
) -> "Optimized":
    """Run the recipe and keep what it makes, in the workspace or in ``--out``; return it as it is kept."""
    from optimization.recipe import optimize
    from vibench.variant_folders import check_places, place_all

    recordings = recordings_of(arguments, workspace)
    options = {"windows": arguments.windows} if arguments.windows is not None else {}
    if arguments.out is not None:
        check_places(arguments.out, planned(variant, recipe, arguments.name))
    elif arguments.name is not None:
        workspace.variants.check_chosen(arguments.name, variant, recipe.to_json())
    with building(arguments.out, workspace.scratch) as folder, turn(workspace.folder, progress, alone=False):
        made = optimize(
            variant,
            recipe,
            folder,
            recordings=recordings,
            resample=arguments.resample,
            force_noise=arguments.force_noise,
            name=arguments.name,
            progress=progress,
            **options,
        )
        variants = [step.variant for step in made.steps]
        if arguments.out is not None:
            kept: Sequence[Variant] = place_all(variants, arguments.out)
        else:
            kept = workspace.variants.add_all(variants, chosen=arguments.name is not None)
    steps = zip(made.steps, kept, strict=True)
    return replace(made, steps=tuple(replace(step, variant=variant) for step, variant in steps))


def start_of(name: str, recipe: "Recipe", variants: "Sequence[Variant]") -> "Variant":
    """Return the variant that is meant; of a network, the one that the first pass takes.

    Raises
    ------
    ModelNotFoundError, DamagedModelError
        As `workspace.naming.resolve`.
    PassNotApplicableError
        If the network has no variant that the first pass takes.
    """
    from engine.errors import PassNotApplicableError
    from workspace.naming import resolve

    of_network = [variant for variant in variants if variant.card.name == name]
    if not of_network:
        return resolve(name, variants)
    refusal: PassNotApplicableError | None = None
    for variant in of_network:
        try:
            recipe.passes[0].requires(variant)
        except PassNotApplicableError as error:
            refusal = refusal or error
        else:
            return variant
    assert refusal is not None  # there is a variant, and none was taken
    raise refusal


def planned(variant: "Variant", recipe: "Recipe", name: str | None) -> "list[str]":
    """Return the full names of what a recipe makes."""
    names = recipe.check(variant)
    if name is not None:
        names[-1] = name
    return [replace(variant, name=one).full_name for one in names]


def recordings_of(arguments: Namespace, workspace: "Workspace") -> "RecordingSet | None":
    """Return the recordings to calibrate on, ``None`` for simulated ones."""
    from optimization.folder import folder_set
    from workspace.sets import recording_set

    if arguments.calibration is not None:
        return folder_set(arguments.calibration, limits=workspace.settings.reader_limits)
    if arguments.calibration_recordings is not None:
        ids = [part.strip() for part in arguments.calibration_recordings.split(",") if part.strip()]
        if not ids:
            raise UsageError("--calibration-recordings names no recording", "vibench optimize --help")
        return recording_set(workspace, ids)
    return None


@contextmanager
def building(out: Path | None, scratch: Path) -> Iterator[Path]:
    """Give a folder to work in, on the disk that the result goes to, and take it away in the end."""
    from workspace.blobs import readable_errors

    if out is None:
        with readable_errors(scratch), tempfile.TemporaryDirectory(dir=scratch) as folder:
            yield Path(folder)
        return
    new = not out.exists()
    try:
        with readable_errors(out.absolute().parent):
            out.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=out, prefix=".making-") as folder:
                yield Path(folder)
    except OSError as error:
        raise FileAccessError(str(out), error.strerror or str(error)) from error
    finally:
        if new and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def print_made(made: "Optimized", out: Path | None) -> None:
    """Print each step, what was calibrated on, the proof, and where the variant is."""
    from optimization.proving.wording import compared_told
    from optimization.wording import calibration_told, notes_told, proof_told, repeated_told, step_told

    variant = made.variant
    where = "in the workspace" if out is None else f"in {variant.weights.parent}"
    print(one_line(f"{variant.full_name}: {variant.size_bytes / 1000:.0f} kB, {where}, {variant.digest[:12]}"))
    said = [sentence for step in made.steps for sentence in (step_told(step), *notes_told(step.to_json()))]
    if variant.calibration:
        said.append(f"calibrated on {calibration_told(variant.calibration)}")
    said.append(repeated_told(made.recipe))
    proof = made.verification
    for sentence in [*said, proof_told(proof), *proof.reasons, *compared_told(proof)]:
        for line in indented(sentence):
            print(line)
