"""Why a variant is as slow as it is: what costs it, what causes that, and the passes that mend it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelRefusedError, NoEffect
from engine.machine import this_machine
from engine.variant import Variant
from optimization.explaining.causes import Evidence, Finding, find_causes
from optimization.explaining.compared import Compared, compared, compared_told, measured_by_turns
from optimization.explaining.mending import Mend, mend_of
from optimization.forecasting.profile import Profile, profile
from optimization.measuring.intervals import Interval
from optimization.passes import PassContext
from optimization.passes.changes import constant_tensors, graph_of
from optimization.passes.conv_layout import ConvLayout
from optimization.progress import Progress, silent

SCHEMA = "vibench.explanation/1"


@dataclass(frozen=True, slots=True)
class OperatorCost:
    """An operator in the graphs that run: nodes and milliseconds of a call, in the parent and in the variant."""

    operator: str
    counts: tuple[int, int]
    ms: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer.

    Attributes
    ----------
    variant : str
        Full name of what is explained.
    batch : int
        Windows a call.
    ms : float
        Median latency of a call.
    parent : Compared
        Against what it was made from.
    best_float : Compared or None
        Against its float form with convolutions in two dimensions; ``None`` where there is no such form, or it is the
        variant or what it is compared with already.
    profiles : (Profile, Profile)
        Of the parent and of the variant.
    causes : tuple of Finding
        What costs time, the most telling first.
    mend : Mend or None
        Of the first cause that passes mend; ``None`` if nothing is found, or the float form itself is the answer.
    """

    variant: str
    batch: int
    ms: float
    parent: Compared
    best_float: Compared | None
    profiles: tuple[Profile, Profile]
    causes: tuple[Finding, ...]
    mend: Mend | None

    @property
    def slower(self) -> bool:
        """Whether it is slower than its parent."""
        return self.parent.verdict == "slower"

    @property
    def operators(self) -> tuple[OperatorCost, ...]:
        """The operators of both graphs, the one that costs the variant most against its parent first."""
        sides = [{row.operator: row for row in each.operators} for each in self.profiles]
        rows = []
        for operator in {**sides[0], **sides[1]}:
            found = [side.get(operator) for side in sides]
            counts = tuple(row.count if row else 0 for row in found)
            ms = tuple(1e3 * row.seconds if row else 0.0 for row in found)
            rows.append(OperatorCost(operator, (counts[0], counts[1]), (ms[0], ms[1])))
        return tuple(sorted(rows, key=lambda row: row.ms[0] - row.ms[1]))

    def to_json(self) -> dict[str, Any]:
        """As ``vibench explain --json`` prints it: ``vibench.explanation/1``."""
        mend = self.mend
        return {
            "schema": SCHEMA,
            "variant": self.variant,
            "batch": self.batch,
            "ms": self.ms,
            "slower": self.slower,
            "parent": asdict(self.parent),
            "best_float": None if self.best_float is None else asdict(self.best_float),
            "operators": [asdict(row) | {"counts": list(row.counts), "ms": list(row.ms)} for row in self.operators],
            "causes": [{"code": each.code, "share": each.share, "message": each.message} for each in self.causes],
            "mend": None
            if mend is None
            else {"cause": mend.cause, "start": mend.start, "passes": mend.recipe.to_json(), "command": mend.command},
        }


def explain(
    variant: Variant,
    parent: Variant | None,
    windows: NDArray[np.float32],
    folder: Path,
    *,
    float_form: Variant | None = None,
    batch: int = 1,
    progress: Progress = silent,
) -> Explanation:
    """Measure a variant against its parent, profile both, and say what costs it and what mends that.

    Parameters
    ----------
    variant : Variant
        An ONNX one.
    parent : Variant or None
        What it is compared with, an ONNX one; ``None`` for its float form with convolutions in two dimensions.
    windows : ndarray of float32, shape (W, C, L)
        Real ones, at least a batch.
    folder : Path
        To work in; empty.
    float_form : Variant or None
        The ONNX variant in float32 that mends start from; if ``None``, the parent or the variant, if it is such a one.
    batch : int
        Windows a call.
    progress : callable
        Told what is done.

    Raises
    ------
    ModelRefusedError
        If one of the two is no ONNX variant, they are the same or do not take the same windows, or there is nothing
        to compare with.
    BenchmarkError, ModelError
        If they can't be measured or profiled.
    """
    require_comparable(variant, parent)
    float_form = float_form or next((each for each in (parent, variant) if each and each.backend == "onnx"), None)
    progress("Preparing", 0, 0)
    shown = {each.digest for each in (variant, parent) if each is not None}
    other = as_conv2d(float_form, shown, folder) if float_form is not None else None
    reference = parent or other
    if reference is None:
        raise ModelRefusedError(variant.full_name, "there is nothing to compare it with; name a variant with --against")
    best = other if parent is not None else None
    measured = measured_by_turns([reference, variant, *([best] if best else [])], windows, batch, progress)
    progress("Profiling", 0, 0)
    profiles = (profile(reference, windows[:batch]), profile(variant, windows[:batch]))
    against = compared(measured, 1, 0)
    best_float = compared(measured, 1, 2) if best else None
    causes = find_causes(evidence_of(variant, profiles, against, best_float or (against if other else None)))
    return Explanation(
        variant=variant.full_name,
        batch=batch,
        ms=measured.pooled(1).p50_ms,
        parent=against,
        best_float=best_float,
        profiles=profiles,
        causes=causes,
        mend=mend_of(causes, variant, float_form),
    )


def evidence_of(
    variant: Variant, profiles: tuple[Profile, Profile], against: Compared, float2d: Compared | None
) -> Evidence:
    """Return what causes are found in; profiles are the parent's and the variant's."""
    return Evidence(
        mine=profiles[1],
        parent=profiles[0],
        flags=frozenset(this_machine().flags),
        stored=stored_types(variant),
        slower=against.verdict == "slower",
        float2d=Interval(float2d.ratio, float2d.low, float2d.high) if float2d else None,
        float2d_faster=float2d is not None and float2d.verdict == "slower",
        float2d_name=float2d.against if float2d else "",
    )


def require_comparable(variant: Variant, parent: Variant | None) -> None:
    """Raise `ModelRefusedError` unless the profiler can tell both, and they take the same windows."""
    for each in (variant, parent):
        if each is not None and each.format != "onnx":
            raise ModelRefusedError(each.full_name, "only ONNX Runtime tells where time goes; name an ONNX variant")
    if parent is None:
        return
    if variant.digest == parent.digest:
        raise ModelRefusedError(variant.full_name, "it is what it would be compared with; name another variant")
    if (variant.card.window, variant.card.channels) != (parent.card.window, parent.card.channels):
        raise ModelRefusedError(variant.full_name, f"it does not take the windows of {parent.full_name}")


def as_conv2d(variant: Variant, not_these: set[str], folder: Path) -> Variant | None:
    """Return a float variant with its convolutions in two dimensions; ``None`` if it has none, or is one of these."""
    step = ConvLayout()
    try:
        step.requires(variant)
        made = step.run(variant, PassContext(folder / "conv2d"))
    except (NoEffect, ModelRefusedError):
        return None
    return None if made.digest in not_these else made


def stored_types(variant: Variant) -> frozenset[str]:
    """Return the types of the numbers in a variant's weight file, as ONNX names them."""
    import onnx

    graph = graph_of(variant.weights)
    tensors = (*graph.initializer, *constant_tensors(graph))
    return frozenset(onnx.TensorProto.DataType.Name(tensor.data_type) for tensor in tensors)


def answer(said: Explanation) -> str:
    """Return what is to be said first: how it compares, and what its time goes to."""
    first = f"{said.variant} is {compared_told(said.parent)} at batch {said.batch}"
    most = said.profiles[1].operators[0]
    goes = f"{100 * most.share:.0f} % of its time goes to {most.operator}"
    if said.causes:
        return f"{first}: {goes}."
    return f"{first}; {goes}, and nothing that is known to slow a network was found in its graph."


def float_told(said: Explanation) -> str | None:
    """Say how it compares with its float form in two dimensions; ``None`` without, or where a cause says it."""
    if said.best_float is None or any(cause.code == "float-conv2d" for cause in said.causes):
        return None
    return f"it is {compared_told(said.best_float)}, its float form with convolutions in two dimensions"
