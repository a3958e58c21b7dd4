"""What a recipe would make, without the recordings, the training and the proofs that making it takes.

Passes run for real, on two simulated windows, because only the graph that they write tells what a runtime makes of
it. Operators, shapes and bytes come out as they would; ranges, and weights that would be trained, do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from engine.variant import Variant
from optimization.calibration import simulated_calibration
from optimization.passes import Pass, PassContext
from optimization.passes.export_onnx import ExportOnnx
from optimization.passes.quantize_static import QuantizeStatic
from optimization.recipe import Recipe

WINDOWS = 2


@dataclass(frozen=True, slots=True)
class DryRun:
    """What came of it.

    Attributes
    ----------
    before : Variant
        What the recipe starts from; its ONNX form where it starts from PyTorch's and exports.
    after : Variant
        What it makes.
    """

    before: Variant
    after: Variant


def dry_run(variant: Variant, recipe: Recipe, folder: Path, known: Sequence[Variant] = ()) -> DryRun:
    """Run a recipe as far as its graphs go.

    Parameters
    ----------
    variant : Variant
        What to start from.
    recipe : Recipe
        What to do.
    folder : Path
        Receives the variants; empty.
    known : sequence of Variant
        Those that are here already; an export among them is not made again.

    Raises
    ------
    PassNotApplicableError, NoEffect, RecipeError, ModelError, OSError
        As the recipe would.
    """
    recipe.check(variant)
    before = after = variant
    for number, step in enumerate(recipe.passes, start=1):
        after = imitated(step, after, folder / f"{number}-{step.name}", known)
        if before.format != "onnx" and after.backend == "onnx":
            before = after
    if before.format != "onnx" and after.format == "onnx":  # one pass both exports and quantises
        before = exported(variant, folder / "exported", known)
    return DryRun(before, after)


def imitated(step: Pass, variant: Variant, folder: Path, known: Sequence[Variant]) -> Variant:
    """Return what a pass makes, or something of the same operators and size."""
    if isinstance(step, ExportOnnx):
        return exported(variant, folder, known, step)
    if not step.learns:
        calibration = simulated_calibration(variant.card, windows=WINDOWS) if step.calibrates else None
        return step.run(variant, PassContext(folder, calibration))
    if step.name == "prune":
        return pruned(step, variant, folder)
    if step.form_after(variant)[1] == "int8":  # trained for integers: the graph is that of static quantisation
        shared = {known.name for known in fields(QuantizeStatic)} & {known.name for known in fields(step)}  # type: ignore[arg-type]
        stand_in = QuantizeStatic(**{name: getattr(step, name) for name in shared})
        float_variant = exported(variant, folder.with_name(f"{folder.name}-exported"), known)
        return imitated(stand_in, float_variant, folder, known)
    return variant  # other weights, and nothing else


def exported(variant: Variant, folder: Path, known: Sequence[Variant], step: ExportOnnx | None = None) -> Variant:
    """Return a PyTorch variant's export: one that is here, or a new one."""
    step = step or ExportOnnx()
    for other in known:
        last = other.steps[-1] if other.steps else {}
        same = (last.get("pass"), last.get("parameters")) == (step.name, step.step()["parameters"])
        if other.parent == variant.digest and same:
            return other
    return step.run(variant, PassContext(folder))


def pruned(step: Pass, variant: Variant, folder: Path) -> Variant:
    """Return a network pruned but not trained."""
    from engine.networks import load
    from engine.networks.training import reproducible
    from optimization.passes.prune import Prune
    from optimization.passes.weights import PACKAGES, weights_of
    from optimization.passes.writing import write_result

    assert isinstance(step, Prune)
    network = load(variant)
    with reproducible(step.seed):
        step.cut(network, variant)
    return write_result(step, variant, folder, weights_of(network, like=variant), packages=PACKAGES)
