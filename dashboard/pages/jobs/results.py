"""What came of a job, kind by kind, and where to change what was asked of one that could not be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components import proof_badge
from dashboard.components.words import size_text
from dashboard.pages.jobs.address import View
from engine.errors import (
    BackendMissingError,
    BenchmarkError,
    CalibrationError,
    ModelError,
    ModelNotFoundError,
    ModelRefusedError,
    NoEffect,
    PassNotApplicableError,
    RecipeError,
    RecordingNotFoundError,
    SearchError,
)
from engine.variant import Variant
from workspace.jobs.job import Job
from workspace.naming import named

#: What fails again however often it is started: something else has to be asked for.
ASKED_WRONGLY = frozenset(
    error.code
    for error in (
        BackendMissingError,
        BenchmarkError,
        CalibrationError,
        ModelNotFoundError,
        ModelRefusedError,
        NoEffect,
        PassNotApplicableError,
        RecipeError,
        RecordingNotFoundError,
        SearchError,
    )
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the list of finished jobs says of one: a link to what it made, how far that is proven, and its size."""

    result: Component | str
    proof: Component | str = ""
    size: str = ""


def outcome(job: Job, variants: Sequence[Variant], view: View) -> Outcome:
    """Return what came of a finished job.

    Parameters
    ----------
    job : Job
        Has succeeded.
    variants : sequence of Variant
        Those that are there now: what a job made may have been removed since.
    view : View
        The selection, which links carry along.
    """
    result: Mapping[str, Any] = job.result or {}
    if job.kind == "benchmark":
        return Outcome(
            dcc.Link("comparison", href=view.carried("/benchmark", job=job.id)),
            html.Span("measured", className="muted"),
        )
    if job.kind == "search":
        return search_outcome(job, view)
    if "digest" not in result:
        return Outcome("")
    kept = made_by(job, variants)
    if kept is None:
        gone = html.Span(f"{result['variant']}, removed since", className="muted")
        return Outcome(gone, proof_badge(result.get("verification") or {}), size_text(result["size_bytes"]))
    shown = dcc.Link(kept.full_name, href=view.carried("/models", model=kept.full_name))
    return Outcome(shown, proof_badge(kept.verification), size_text(result["size_bytes"]))


def search_outcome(job: Job, view: View) -> Outcome:
    """Return what came of a search: a link to its answer, the proof and the size of the variant to ship."""
    ship: Mapping[str, Any] = (job.result or {}).get("ship") or {}
    link = dcc.Link(str(ship.get("variant", "answer")), href=view.carried("/optimise", model="", job=job.id))
    size = size_text(ship["size_bytes"]) if "size_bytes" in ship else ""
    return Outcome(link, proof_badge(ship.get("verification") or {}), size)


def made_by(job: Job, variants: Sequence[Variant]) -> Variant | None:
    """Return the variant that a job made: by its name or, where that is gone, another one of the same content."""
    result: Mapping[str, Any] = job.result or {}
    same = [variant for variant in variants if variant.digest == result.get("digest")]
    return next((one for one in same if one.full_name == result.get("variant")), next(iter(same), None))


def change_address(job: Job, variants: Sequence[Variant], view: View) -> str | None:
    """Return where to ask for something else, of a job that fails however often it is started; ``None`` of others."""
    if (job.error or {}).get("code") not in ASKED_WRONGLY:
        return None
    if job.kind == "benchmark":
        return view.carried("/benchmark", model="", job=job.id)
    if job.kind == "search":
        return view.carried("/optimise", model="", job=job.id)
    try:
        model = named(str(job.parameters.get("variant", "")), variants).full_name
    except ModelError:  # removed since
        return view.carried("/models")
    recipe = list(job.parameters.get("recipe") or ())
    wanted = str(recipe[0].get("pass", "")) if len(recipe) == 1 else ""
    return view.carried("/models", model=model, job=job.id, **({"pass": wanted} if wanted else {}))
