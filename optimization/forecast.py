"""Before a job runs: what each operator will be, what the file will weigh, and what a call will take.

The graph comes from a dry run of the passes (`optimization.forecasting.dry_run`), the shapes from one call of it
(`optimization.forecasting.profile.trace`), and the time of each node from the table of this machine's kernels
(`optimization.forecasting.kernels`). Nothing of the variant itself is timed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.errors import ModelError
from engine.machine import this_machine
from engine.variant import Variant
from optimization.forecasting.dry_run import dry_run
from optimization.forecasting.forewarnings import Forewarning, forewarnings
from optimization.forecasting.kernels import Kernels
from optimization.forecasting.precision import BOUNDARIES, CONVOLUTIONS, PRODUCTS, RECURRENT, Precision, precision_of
from optimization.forecasting.profile import NodeTime, trace
from optimization.progress import Progress, silent
from optimization.recipe import Recipe

SCHEMA = "vibench.forecast/1"


@dataclass(frozen=True, slots=True)
class OperatorForecast:
    """All nodes of one operator and precision in the graph that will run, and their time in one call.

    ``ms`` is ``None`` without a table of kernels.
    """

    operator: str
    precision: Precision
    count: int
    ms: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    """Nodes that stay in float32 in an INT8 variant, and why."""

    operator: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a recipe is expected to give.

    Attributes
    ----------
    before, after : str
        Full names of the two that are compared; a recipe that starts from PyTorch is compared with its ONNX form.
    batch : int
        Windows a call.
    size_bytes : (int, int)
        Of the weight files, before and after.
    ms : (float, float) or None
        Of one call, before and after, on one thread of ONNX Runtime; ``None`` without a table of kernels, and for a
        result in PyTorch's form.
    operators : tuple of OperatorForecast
        Of the graph that will run, the one that takes longest first.
    kept : tuple of Kept
        What INT8 leaves in float32.
    warnings : tuple of Forewarning
        What is known to go wrong.
    """

    before: str
    after: str
    batch: int
    size_bytes: tuple[int, int]
    ms: tuple[float, float] | None
    operators: tuple[OperatorForecast, ...]
    kept: tuple[Kept, ...]
    warnings: tuple[Forewarning, ...]

    @property
    def ratio(self) -> float | None:
        """Expected latency over that of what is compared with."""
        return None if self.ms is None else self.ms[1] / self.ms[0]

    def to_json(self) -> dict[str, Any]:
        """As ``vibench optimize --forecast --json`` prints it: ``vibench.forecast/1``."""
        fields = asdict(self)
        for name in ("size_bytes", "ms"):
            fields[name] = None if fields[name] is None else list(fields[name])
        return {"schema": SCHEMA, **fields, "ratio": self.ratio}


def forecast(
    variant: Variant,
    recipe: Recipe,
    kernels: Kernels | None,
    *,
    batch: int = 1,
    known: Sequence[Variant] = (),
    folder: Path | None = None,
    progress: Progress = silent,
) -> Forecast:
    """Say what a recipe would give, without calibrating, training or proving anything.

    Parameters
    ----------
    variant : Variant
        What it would start from.
    recipe : Recipe
        What would be done.
    kernels : Kernels or None
        Of this machine; without it no times are told.
    batch : int
        Windows a call.
    known : sequence of Variant
        Variants that are here; an export among them is not made again.
    folder : Path or None
        Where to work for a moment; the system's folder for such things if ``None``.
    progress : callable
        Told what is done.

    Raises
    ------
    PassNotApplicableError, NoEffect, RecipeError, ModelError, OSError
        As the recipe itself would.
    """
    progress("Forecasting", 0, 0)
    with TemporaryDirectory(prefix="vibench-forecast-", dir=folder) as scratch:
        made = dry_run(variant, recipe, Path(scratch), known)
        nodes = trace(made.after, batch) if made.after.format == "onnx" else ()
        ms = None
        if kernels is not None and nodes and made.before.format == "onnx":
            ms = tuple(1e3 * kernels.seconds(each) for each in (trace(made.before, batch), nodes))
        return Forecast(
            before=made.before.full_name,
            after=made.after.full_name,
            batch=batch,
            size_bytes=(made.before.size_bytes, made.after.size_bytes),
            ms=ms,  # type: ignore[arg-type]  # two of them, though a generator does not say so
            operators=operators_of(nodes, kernels),
            kept=kept_in(nodes, recipe) if made.after.backend == "int8" else (),
            warnings=forewarnings(variant, recipe.passes, this_machine()),
        )


def operators_of(nodes: Sequence[NodeTime], kernels: Kernels | None) -> tuple[OperatorForecast, ...]:
    """Return nodes by operator and precision, the one that takes longest, or is most frequent, first."""
    counts = Counter((node.operator, precision_of(node)) for node in nodes)
    times: Counter[tuple[str, Precision]] = Counter()
    for node in nodes if kernels is not None else ():
        assert kernels is not None
        times[node.operator, precision_of(node)] += 1e3 * kernels.node_seconds(node)  # type: ignore[assignment]
    rows = [
        OperatorForecast(*key, count, None if kernels is None else float(times[key])) for key, count in counts.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.ms or 0), -row.count, row.operator)))


def kept_in(nodes: Sequence[NodeTime], recipe: Recipe) -> tuple[Kept, ...]:
    """Return which of the operators that compute stay in float32, and why."""
    asked = {name: value for step in recipe.passes for name, value in step.step()["parameters"].items()}
    static = any(step.name in {"quantize_static", "qat"} for step in recipe.passes)
    found = Counter(
        (node.operator, reason)
        for node in nodes
        if precision_of(node) in {"fp32", "fp16"} and (reason := why_kept(node, asked, static=static))
    )
    return tuple(Kept(operator, count, reason) for (operator, reason), count in found.items())


def why_kept(node: NodeTime, asked: dict[str, Any], *, static: bool) -> str | None:
    """Return why a node stays in float32; ``None`` for those that nobody would expect to be anything else."""
    kind = node.operator
    if any(node.name == name or node.name.startswith(f"{name}_") for name in asked.get("keep_fp32", ())):
        return "keep_fp32 names it"
    if kind in {"GRU", "RNN"}:
        return f"ONNX Runtime has no integer form of {kind}"
    if kind in RECURRENT:
        return "static quantisation leaves it; recurrent=dynamic, or quantize_dynamic, stores its weights as integers"
    if kind in CONVOLUTIONS:
        if not static:
            return "dynamic quantisation leaves convolutions, whose integer form is slower"
        if asked.get("scheme") == "S8S8":
            return "with S8S8 the runtime does not fuse it with the casts around it"
        return "the runtime does not fuse it with the casts around it"
    if kind in PRODUCTS:
        if len(node.inputs) > 1 and len(node.inputs[1].shape) > 2:
            return "it multiplies two activations, and only weights are stored as integers"
        return (
            "the runtime does not fuse it with the casts around it" if static else "its weights were left as they are"
        )
    return "ONNX Runtime has no integer form of it here" if kind in BOUNDARIES else None


def forecaster(kernels: Kernels, baseline: Variant) -> Callable[[Variant, str, int], float | None]:
    """Return what `optimization.benchmark.benchmark` asks for the ratio to expect: variant, runtime, batch.

    It answers ``None`` for runtimes other than ONNX Runtime, whose kernels are not in the table, and for what can't be
    loaded.
    """
    expected: dict[tuple[str, int], float | None] = {}

    def seconds(variant: Variant, batch: int) -> float | None:
        key = (variant.digest, batch)
        if key not in expected:
            try:
                expected[key] = kernels.seconds(trace(variant, batch))
            except ModelError:
                expected[key] = None
        return expected[key]

    def ratio(variant: Variant, runtime: str, batch: int) -> float | None:
        if runtime != "onnxruntime" or baseline.format != "onnx":
            return None
        mine, reference = seconds(variant, batch), seconds(baseline, batch)
        return None if mine is None or reference is None else mine / reference

    return ratio
