"""Make a variant of another one by a recipe, prove it, and keep it together with those on the way to it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engine.errors import ModelNotFoundError
from engine.machine import installed
from engine.variant import Variant
from optimization.calibration import WINDOWS
from optimization.passes import PASSES
from optimization.recipe import Optimized, Recipe, check_windows, optimize
from optimization.recording_set import RecordingSet, require_rate
from optimization.wording import notes_told, proof_told, step_told
from workspace.jobs.kinds.base import JobContext
from workspace.recording import samples_key
from workspace.sets import recording_set

if TYPE_CHECKING:
    from workspace.workspace import Workspace

ALONE = False
#: Whose versions decide what comes of a recipe.
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime")


def check(workspace: "Workspace", parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in full; raises a `VibenchError` if the recipe can't be run, or the name is taken."""
    variant = workspace.variants.find(parameters["variant"])
    recipe = Recipe.from_json(parameters["recipe"])
    recipe.check(variant)
    ids = list(dict.fromkeys(parameters.get("calibration", ())))
    windows, resample = parameters.get("windows", WINDOWS), bool(parameters.get("resample", False))
    check_windows(windows)
    if ids and not resample:
        require_rate(recording_set(workspace, ids).recordings, variant.card)
    name = parameters.get("name") or None
    if name is not None:
        workspace.variants.check_chosen(name, variant, recipe.to_json())
    return {
        "variant": variant.full_name,
        "digest": variant.digest,
        "recipe": recipe.to_json(),
        "calibration": ids,
        "windows": windows,
        "resample": resample,
        "name": name,
        "data": [data_key(workspace, one) for one in ids],
        "card": hashlib.sha256(variant.card.digest_text().encode()).hexdigest(),
    }


def told(workspace: "Workspace", parameters: Mapping[str, Any]) -> tuple[str, str]:  # noqa: ARG001 - as every kind
    """Return title and subject: ``Static INT8``, ``of wdcnn/onnx``."""
    titles = [PASSES[step["pass"]].title for step in parameters["recipe"]]
    return ", ".join(titles), f"of {parameters['variant']}"


def run_key(parameters: Mapping[str, Any]) -> str:
    """Return all that decides what comes of the job, the libraries' versions among it."""
    named = {name: parameters[name] for name in parameters if name not in {"variant", "calibration"}}
    return json.dumps([named, installed(LIBRARIES)], sort_keys=True, separators=(",", ":"))


def still_there(workspace: "Workspace", result: Mapping[str, Any]) -> bool:
    """Whether the variant is kept, under whatever name."""
    return any(variant.digest == result["digest"] for variant in workspace.variants.list())


def run(workspace: "Workspace", parameters: Mapping[str, Any], context: JobContext) -> None:
    """Run the recipe, and keep its variants and the job's result in one transaction."""
    variant = variant_of(workspace, parameters)
    recordings = recording_set(workspace, parameters["calibration"]) if parameters["calibration"] else None
    context.log(f"Start from {variant.full_name}, with {source_told(recordings)}.")
    try:
        made = optimize(
            variant,
            Recipe.from_json(parameters["recipe"]),
            context.folder,
            recordings=recordings,
            windows=parameters["windows"],
            resample=parameters["resample"],
            name=parameters["name"],
            progress=context.progress,
        )
    except FileNotFoundError:
        variant_of(workspace, parameters)  # says so, if somebody removed it meanwhile
        raise
    for step in made.steps:
        for sentence in (f"{step_told(step)}.", *notes_told(step.to_json())):
            context.log(sentence)
    context.log(f"{proof_told(made.verification)}.")
    workspace.variants.add_all(
        [step.variant for step in made.steps],
        chosen=parameters["name"] is not None,
        also=lambda connection, kept: context.finishing(result_of(made, kept))(connection),
    )


def data_key(workspace: "Workspace", recording_id: str) -> str:
    """Return what names the samples of a recording and all that is said of it."""
    row = workspace.recordings.get(recording_id)
    said = json.dumps([samples_key(row.sha256, row.reading), asdict(row.description)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def variant_of(workspace: "Workspace", parameters: Mapping[str, Any]) -> Variant:
    """Return the variant that was asked for: of that name, unless the name is another's by now."""
    try:
        variant = workspace.variants.find(parameters["variant"])
    except ModelNotFoundError:
        return workspace.variants.find(parameters["digest"])
    return variant if variant.digest == parameters["digest"] else workspace.variants.find(parameters["digest"])


def source_told(recordings: RecordingSet | None) -> str:
    """Return what is calibrated on."""
    return "simulated recordings" if recordings is None else f"{len(recordings.recordings)} recordings"


def result_of(made: Optimized, kept: Sequence[Variant]) -> dict[str, Any]:
    """Return the job's result, the variant by the name under which it is kept."""
    steps = made.to_json()["steps"]
    return {
        "variant": kept[-1].full_name,
        "digest": kept[-1].digest,
        "size_bytes": kept[-1].size_bytes,
        "steps": steps,
        "verification": made.verification.to_json(),
    }
