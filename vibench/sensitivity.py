"""``vibench sensitivity``: which layers static INT8 hurts, and how many windows are enough to calibrate on."""

import shlex
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vibench.models import seeded_workspace
from vibench.optimize import building, recordings_of, setting, start_of
from vibench.output import indented, one_line, print_json, print_table
from vibench.parser import Parser
from vibench.progress import WorkProgress
from vibench.turns import turn

if TYPE_CHECKING:
    from engine.variant import Variant
    from optimization.int8.enough_windows import WindowCurve
    from optimization.passes.quantize_static import QuantizeStatic
    from optimization.recording_set import RecordingSet
    from optimization.sensitivity import Sensitivity
    from workspace.workspace import Workspace

SUMMARY = "Say which layers static INT8 hurts, or how many windows are enough for it."
EXAMPLE = "vibench sensitivity wdcnn --set per_channel=false"
SCHEMA = "vibench.sensitivity/1"


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench sensitivity``; what is left out has the default of ``vibench optimize``."""
    parser.add_argument("model", metavar="MODEL", help="network, or NETWORK/VARIANT in float32 or static INT8")
    parser.add_argument(
        "--to",
        choices=("layers", "windows"),
        default="layers",
        help="to the integers of each layer, or to the number of windows calibrated on (default: layers)",
    )
    parser.add_argument(
        "--set", type=setting, action="append", default=[], metavar="KEY=VALUE", help="parameter of quantize_static"
    )
    on = parser.add_mutually_exclusive_group()
    on.add_argument("--calibration", type=Path, metavar="DIR", help="folder of recordings (default: simulated ones)")
    on.add_argument("--calibration-recordings", metavar="ID,...", help="recordings of the workspace instead")
    parser.add_argument(
        "--windows", type=int, metavar="N", help="windows to calibrate on (default: 64; up to 256 for --to windows)"
    )
    parser.add_argument("--resample", action="store_true", help="take recordings of other sampling rates too")
    parser.add_argument("--force-noise", action="store_true", help="calibrate on random noise too")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: Namespace) -> int:
    """Measure, and print the answer."""
    from optimization.recipe import check_windows

    if arguments.windows is not None:
        check_windows(arguments.windows)
    progress = WorkProgress()
    with seeded_workspace() as workspace:
        try:
            variant, asked = meant(arguments, workspace)
            recordings = recordings_of(arguments, workspace)
            with building(None, workspace.scratch) as scratch, turn(workspace.folder, progress, alone=False):
                if arguments.to == "windows":
                    curve = curve_of(arguments, variant, asked, recordings, scratch, progress)
                else:
                    found = errors_of(arguments, variant, asked, recordings, scratch, progress)
        finally:
            progress.clear()
    told = {"schema": SCHEMA, "to": arguments.to, "variant": variant.full_name, "digest": variant.digest}
    told |= {"step": asked.step()}
    if arguments.to == "windows":
        print_json(told | curve.to_json()) if arguments.json else print_curve(variant, curve)
        return 0
    command = keeping(arguments, variant, asked, found)
    if arguments.json:
        print_json(told | found.to_json() | {"command": command})
    else:
        print_errors(variant, found, command)
    return 0


def meant(arguments: Namespace, workspace: "Workspace") -> "tuple[Variant, QuantizeStatic]":
    """Return the float32 variant to quantise, and how: as the static INT8 variant was, if one is named.

    Raises
    ------
    ModelError
        If there is no such variant.
    RecipeError
        If it can't be quantised, or a parameter can't be.
    """
    from optimization.admission import admit
    from optimization.command import typed
    from optimization.passes.parameters import pass_from_text
    from optimization.passes.quantize_static import QuantizeStatic
    from optimization.recipe import Recipe
    from workspace.naming import resolve

    here, name, given = workspace.variants.list(), arguments.model, dict(arguments.set)
    if not any(variant.card.name == name for variant in here):
        named = resolve(name, here)
        last = named.steps[-1] if named.steps else {}  # a stranger's need not say what made it
        parents = [variant for variant in here if variant.digest == named.parent]
        if parents and last.get("pass") == QuantizeStatic.name:
            name = parents[0].full_name
            given = {key: typed(value) for key, value in last["parameters"].items()} | given
    asked = pass_from_text(QuantizeStatic.name, given)
    assert isinstance(asked, QuantizeStatic)
    recipe = Recipe((asked,))
    variant = start_of(name, recipe, here)
    recipe.check(variant)
    if not any(variant is known for known in here):  # a folder, which anybody may have written
        variant = admit(variant.weights.parent, workspace.settings.reader_limits)
    return variant, asked


def errors_of(
    arguments: Namespace,
    variant: "Variant",
    asked: "QuantizeStatic",
    recordings: "RecordingSet | None",
    scratch: Path,
    progress: WorkProgress,
) -> "Sensitivity":
    """Measure each layer; raises as what it calls."""
    from optimization.calibration import WINDOWS
    from optimization.recipe import calibration_from
    from optimization.sensitivity import sensitivity

    calibrate_with, judge_on = sets_of(arguments, variant, recordings)
    windows = arguments.windows or WINDOWS
    calibration = calibration_from(calibrate_with, variant.card, windows, progress, force_noise=arguments.force_noise)
    return sensitivity(variant, asked, calibration, judge_on, scratch, progress=progress)


def curve_of(
    arguments: Namespace,
    variant: "Variant",
    asked: "QuantizeStatic",
    recordings: "RecordingSet | None",
    scratch: Path,
    progress: WorkProgress,
) -> "WindowCurve":
    """Measure each number of windows; raises as what it calls."""
    from optimization.int8.enough_windows import MOST, enough_windows

    calibrate_with, judge_on = sets_of(arguments, variant, recordings)
    return enough_windows(
        variant,
        asked,
        calibrate_with,
        judge_on,
        scratch,
        most=arguments.windows or MOST,
        force_noise=arguments.force_noise,
        progress=progress,
    )


def sets_of(
    arguments: Namespace, variant: "Variant", recordings: "RecordingSet | None"
) -> "tuple[RecordingSet | None, RecordingSet]":
    """Part the recordings as an optimisation does; raises `CalibrationError` if they can't be used."""
    from optimization.recording_set import calibration_and_proof, require_rate

    if recordings is not None and not arguments.resample:
        require_rate(recordings.recordings, variant.card)
    return calibration_and_proof(recordings, variant.card)


def keeping(arguments: Namespace, variant: "Variant", asked: "QuantizeStatic", found: "Sensitivity") -> str:
    """Return the command that quantises once more and keeps the worst layers in float32."""
    from optimization.command import pass_options

    kept = replace(asked, keep_fp32=(*asked.keep_fp32, *found.worst))
    words = ["vibench", "optimize", variant.full_name, *(word for option in pass_options(kept) for word in option)]
    given = {
        "--calibration": arguments.calibration,
        "--calibration-recordings": arguments.calibration_recordings,
        "--windows": arguments.windows,
    }
    words += [word for option, value in given.items() if value is not None for word in (option, str(value))]
    flags = {"--resample": arguments.resample, "--force-noise": arguments.force_noise}
    return shlex.join([*words, *(flag for flag, wanted in flags.items() if wanted)])


def print_errors(variant: "Variant", found: "Sensitivity", command: str) -> None:
    """Print the whole network's error, each layer's, and what to keep in float32."""
    network = found.network
    print(
        one_line(
            f"{variant.full_name} in integers: {100 * network.top1_agreement:.2f} % of {network.count} windows agree, "
            f"logits {decibels(network.sqnr_db)} dB above their error"
        )
    )
    head = ("layer", "operators", "output dB", "logits dB if alone")
    print_table(
        head,
        [
            (
                one_line(layer.name),
                one_line("+".join([layer.operator, *layer.fused_with])),
                decibels(layer.sqnr_db),
                decibels(layer.logits_sqnr_db),
            )
            for layer in found.layers
        ],
    )
    for line in indented(
        f"{', '.join(found.worst)} {'bring' if len(found.worst) > 1 else 'brings'} the most error into the logits. "
        "To keep them in float32 and prove the result:"
    ):
        print(line)
    print(f"  {command}")


def print_curve(variant: "Variant", curve: "WindowCurve") -> None:
    """Print how good each number of windows is, and which is enough."""
    from optimization.int8.enough_windows import TOLERANCE_DB, TOLERANCE_SHARE

    most = curve.counts[-1].windows
    if curve.enough == most:
        said = f"{most} windows are not shown to be enough to calibrate {variant.full_name} on: fewer did worse"
    else:
        said = (
            f"{curve.enough} windows are enough to calibrate {variant.full_name} on: from there on SQNR and agreement "
            f"lack at most {TOLERANCE_DB:g} dB and {100 * TOLERANCE_SHARE:g} % of those with {most}"
        )
    print(one_line(said))
    rows = [(one.windows, one.against_float32) for one in curve.counts]
    print_table(
        ("windows", "logits dB", "agree %"),
        [(str(windows), decibels(one.sqnr_db), f"{100 * one.top1_agreement:.2f}") for windows, one in rows],
    )


def decibels(sqnr_db: float | None) -> str:
    """Return an SQNR for people; ``inf`` where nothing differs."""
    return "inf" if sqnr_db is None else f"{sqnr_db:.1f}"
