"""A recipe: passes in order, each with its parameters; and the one way to run it, proof included."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from engine.card import ModelCard
from engine.errors import CalibrationError, RecipeError
from engine.runtimes import load
from engine.variant import Variant
from optimization.calibration import WINDOWS, Calibration, calibrate_on, require_machines, simulated_calibration
from optimization.passes import Changes, Pass, PassContext
from optimization.passes.changes import compare
from optimization.passes.parameters import pass_from_json, shown
from optimization.progress import Progress, silent
from optimization.recipes import recipe_text
from optimization.recording_set import RecordingSet, calibration_and_proof, require_apart, require_rate, with_simulated
from optimization.verification import Verification, verify

SCHEMA = "vibench.optimization/1"
#: More windows make ranges no better, and calibration longer.
MOST_WINDOWS = 4096
LONGEST = 16  #: passes


@dataclass(frozen=True, slots=True)
class Recipe:
    """Passes in the order in which they run.

    Attributes
    ----------
    passes : tuple of Pass
        1 to 16.

    Raises
    ------
    RecipeError
        If there are none, or more.
    """

    passes: tuple[Pass, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.passes) <= LONGEST:
            raise RecipeError("recipe", f"a list of {len(self.passes)} passes", f"it has 1 to {LONGEST}")

    def to_json(self) -> list[dict[str, Any]]:
        """As a list of ``{"pass": name, "parameters": {…}}``."""
        return [step.step() for step in self.passes]

    @classmethod
    def from_json(cls, steps: Sequence[Mapping[str, Any]]) -> Self:
        """Build the recipe that `to_json` wrote; raises `RecipeError` at the first step that can't be."""
        if not isinstance(steps, list):
            raise RecipeError("recipe", shown(steps), "it is a list of passes")
        passes = []
        for step in steps:
            parameters = step.get("parameters", {}) if isinstance(step, Mapping) else None
            if not isinstance(parameters, Mapping) or not set(step) <= {"pass", "parameters"}:
                raise RecipeError("recipe", shown(step), "each step is a pass and its parameters")
            passes.append(pass_from_json(step.get("pass", ""), parameters))
        return cls(tuple(passes))

    @classmethod
    def load(cls, name_or_path: str) -> Self:
        """Read a recipe that comes with Vibench by its name (`optimization.recipes`), or a YAML file by its path.

        The file holds a list of passes, each ``{pass: NAME, PARAMETER: VALUE, …}``.

        Raises
        ------
        RecipeError
            If there is neither, or it holds something else.
        """
        import yaml

        try:
            content = yaml.safe_load(recipe_text(name_or_path))
        except yaml.YAMLError as error:
            where = getattr(error, "problem_mark", None)
            line = f" (line {where.line + 1})" if where else ""
            raise RecipeError("recipe", shown(name_or_path), f"it is no YAML{line}") from error
        except RecursionError as error:
            raise RecipeError("recipe", shown(name_or_path), "its lists are nested too deep") from error
        if not isinstance(content, list) or not all(isinstance(step, dict) and "pass" in step for step in content):
            allowed = "it is a list of passes, one a line: - {pass: export_onnx, opset: 20}"
            raise RecipeError("recipe", shown(name_or_path), allowed)
        steps = [{"pass": step.pop("pass"), "parameters": step} for step in content]
        return cls.from_json(steps)

    def check(self, variant: Variant) -> list[str]:
        """Return the names of what it makes of a variant, without making it.

        Raises
        ------
        PassNotApplicableError
            At the first pass that could not work on what those before it give.
        """
        expected, names = variant, []
        for step in self.passes:
            step.requires(expected)
            kind, backend = step.form_after(expected)
            steps = (*expected.steps, step.step())
            names.append(step.name_after(expected))
            expected = replace(expected, name=names[-1], format=kind, backend=backend, steps=steps)
        return names

    @property
    def calibrates(self) -> bool:
        """Whether one of the passes reads ranges from windows."""
        return any(step.calibrates for step in self.passes)

    @property
    def learns(self) -> bool:
        """Whether one of the passes trains on labelled recordings."""
        return any(step.learns for step in self.passes)

    @property
    def deterministic(self) -> bool:
        """Whether equal inputs give equal bytes on one machine, however often it is run."""
        return all(step.deterministic for step in self.passes)


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one pass did.

    Attributes
    ----------
    step : mapping
        `Pass.step`.
    seconds : float
        How long it took, without the proof.
    changed : Changes
        In nodes, weights and bytes.
    variant : Variant
        What it made, its verification against the variant before it included.
    notes : tuple of str
        What somebody should know of it, one sentence each.
    """

    step: Mapping[str, Any]
    seconds: float
    changed: Changes
    variant: Variant
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As ``vibench optimize --json`` prints it, and ``variant.json`` keeps it."""
        measured = {"seconds": round(self.seconds, 3), "changed": self.changed.to_json()}
        return {**self.step, **measured, "notes": list(self.notes)}


@dataclass(frozen=True, slots=True)
class Optimized:
    """What a recipe made.

    Attributes
    ----------
    recipe : Recipe
        What was done.
    steps : tuple of StepReport
        One for each pass; the last one's variant is the result, each one's parent the variant before it.
    verification : Verification
        Of the result, against the variant that the recipe started from.
    """

    recipe: Recipe
    steps: tuple[StepReport, ...]
    verification: Verification

    @property
    def variant(self) -> Variant:
        """The result."""
        return self.steps[-1].variant

    def to_json(self) -> dict[str, Any]:
        """As ``vibench optimize --json`` prints it: ``vibench.optimization/1``."""
        made = self.variant
        return {
            "schema": SCHEMA,
            "deterministic": self.recipe.deterministic,
            "steps": [step.to_json() for step in self.steps],
            "variant": {
                "name": made.card.name,
                "variant": made.name,
                "digest": made.digest,
                "backend": made.backend,
                "format": made.format,
                "size_bytes": made.size_bytes,
                "parent": made.parent,
            },
            "verification": self.verification.to_json(),
        }


def optimize(
    variant: Variant,
    recipe: Recipe,
    folder: Path,
    *,
    recordings: RecordingSet | None = None,
    windows: int = WINDOWS,
    resample: bool = False,
    force_noise: bool = False,
    name: str | None = None,
    progress: Progress = silent,
) -> Optimized:
    """Run a recipe on a variant, and prove each step against the one before.

    Parameters
    ----------
    variant : Variant
        What to start from.
    recipe : Recipe
        What to do.
    folder : Path
        Receives a folder for each step's variant: ``1-export_onnx``, ``2-quantize_static``. When a later step fails,
        those before it are left there.
    recordings : RecordingSet or None
        To calibrate on and, apart from those, to prove with, beside simulated ones; simulated ones alone if ``None``.
    windows : int
        How many windows to calibrate on.
    resample : bool
        Take recordings of other rates too, resampled; otherwise they are refused.
    force_noise : bool
        Calibrate on recordings of random noise too, which the variant then says; otherwise they are refused.
    name : str or None
        Name of the result within its network, instead of the last pass's own.
    progress : callable
        Told how far it is.

    Raises
    ------
    RecipeError
        If the recipe can't work on the variant, or the recordings can't be calibrated on; before anything runs.
    NoEffect
        If a pass changed nothing.
    ModelError
        If a variant can't be read, or what was made is not admitted.
    SignalError
        If a recording can't be read.
    OSError
        If the disk is full, or may not be written to.
    """
    recipe.check(variant)
    check_windows(windows)
    if recordings is not None and not resample:
        require_rate(recordings.recordings, variant.card)
    calibrate_with, prove_with = sets_for(recipe, recordings, variant.card)
    require_apart(prove_with, variant)  # each proof asks it too, but the first only after its pass
    calibration = None
    if recipe.calibrates:
        calibration = calibration_from(
            calibrate_with, variant.card, windows, progress, force_noise=force_noise, network=variant
        )

    reports: list[StepReport] = []
    before = variant
    for number, step in enumerate(recipe.passes, start=1):
        context = PassContext(folder / f"{number}-{step.name}", calibration, calibrate_with, progress)
        called = name if number == len(recipe.passes) and name is not None else step.name_after(before)
        reports.append(run_step(step, before, context, prove_with, called))
        before = reports[-1].variant
    if len(reports) == 1:  # then the start is the variant before, and the proof is there
        return Optimized(recipe, tuple(reports), Verification.from_json(before.verification))
    return Optimized(recipe, tuple(reports), verify(before, variant, prove_with, progress=progress))


def run_step(step: Pass, before: Variant, context: PassContext, prove_with: RecordingSet, name: str) -> StepReport:
    """Run one pass, check what it made, prove it against the variant before, and write the proof beside it."""
    report = make_step(step, before, context, name)
    proof = verify(report.variant, before, prove_with, progress=context.progress)
    made = replace(report.variant, verification=proof.to_json())
    made.write_description()
    return replace(report, variant=made)


def make_step(step: Pass, before: Variant, context: PassContext, name: str) -> StepReport:
    """Run one pass and check what it made; nothing proves it yet."""
    started = perf_counter()
    made = step.run(before, context)
    seconds = perf_counter() - started
    step.ensures(before, made)
    told = made.steps[-1]  # the pass, its parameters, and what it wrote down while it ran
    notes = (*told.get("notes", ()), *step.notes(before, made))
    report = StepReport(told, seconds, compare(before, made), made, notes)
    made = replace(made, name=name, steps=(*before.steps, report.to_json()))
    made.write_description()
    return replace(report, variant=made)


def check_windows(windows: object) -> None:
    """Raise `CalibrationError` unless it is a number of windows that ranges can be read from."""
    if isinstance(windows, bool) or not isinstance(windows, int) or not 1 <= windows <= MOST_WINDOWS:
        raise CalibrationError(
            f"Ranges can't be read from {shown(windows)} windows", f"ask for 1 to {MOST_WINDOWS}, such as {WINDOWS}"
        )


def sets_for(
    recipe: Recipe, recordings: RecordingSet | None, card: ModelCard
) -> tuple[RecordingSet | None, RecordingSet]:
    """Say what to calibrate or learn on and what to prove with; where no pass does either, all serve the proof."""
    if recordings is None or recipe.calibrates or recipe.learns:
        return calibration_and_proof(recordings, card)
    return None, with_simulated(recordings, card)


def calibration_from(
    recordings: RecordingSet | None,
    card: ModelCard,
    windows: int,
    progress: Progress,
    *,
    force_noise: bool = False,
    network: Variant | None = None,
) -> Calibration:
    """Return the windows to calibrate on: of the recordings, or simulated ones if there are none.

    Of the recordings, one window in four is the nearest to the decision boundary of ``network``, if that is given;
    simulated ones are noisy enough to lie there, and are the same on every machine.

    Raises
    ------
    CalibrationError
        If the recordings give no window, or hold random noise and it was not forced.
    ModelError
        If the network can't be loaded.
    SignalError
        If a recording can't be read.
    """
    progress("Choosing windows", 0, 0)
    if recordings is None:
        return simulated_calibration(card, windows=windows)
    with nullcontext() if network is None else load(network) as session:
        logits = None if session is None else session.predict
        calibration = calibrate_on(recordings, card, windows=windows, logits=logits)
    if not force_noise:
        require_machines(calibration)
    return calibration
