"""Search the variant to ship of a network, while no other job runs, and keep it with those on the way to it."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.machine import installed
from optimization.recording_set import RecordingSet, require_rate
from optimization.search import require_searchable, search
from optimization.searching.question import Question
from workspace.jobs.kinds.base import JobContext
from workspace.jobs.kinds.optimize import data_key, variant_of
from workspace.searches import search_folder, source_of
from workspace.sets import recording_set

if TYPE_CHECKING:
    from workspace.workspace import Workspace

ALONE = True
#: Whose versions decide what a search finds.
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime", "openvino", "optuna")


def check(workspace: "Workspace", parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in full; raises a `VibenchError` if nothing can be searched so."""
    variant = workspace.variants.find(parameters["variant"])
    question = Question.from_json(parameters.get("question", {}))
    require_searchable(variant, question)
    ids = list(dict.fromkeys(parameters.get("recordings", ())))
    resample = bool(parameters.get("resample", False))
    if ids and not resample:
        require_rate(recording_set(workspace, ids).recordings, variant.card)
    return {
        "variant": variant.full_name,
        "digest": variant.digest,
        "question": question.to_json(),
        "recordings": ids,
        "resample": resample,
        "data": [data_key(workspace, one) for one in ids],
        "card": hashlib.sha256(variant.card.digest_text().encode()).hexdigest(),
    }


def told(workspace: "Workspace", parameters: Mapping[str, Any]) -> tuple[str, str]:  # noqa: ARG001 - as every kind
    """Return title and subject: ``Search``, ``for the form of wdcnn/onnx to ship, batch 32``."""
    return "Search", f"for the form of {parameters['variant']} to ship, batch {parameters['question']['batch']}"


def run_key(parameters: Mapping[str, Any]) -> str:
    """Return all that decides what comes of the job, the libraries' versions among it."""
    named = {name: parameters[name] for name in parameters if name not in {"variant", "recordings"}}
    return json.dumps([named, installed(LIBRARIES)], sort_keys=True, separators=(",", ":"))


def still_there(workspace: "Workspace", result: Mapping[str, Any]) -> bool:
    """Whether the variant to ship is kept, under whatever name."""
    return any(variant.digest == result["ship"]["digest"] for variant in workspace.variants.list())


def run(workspace: "Workspace", parameters: Mapping[str, Any], context: JobContext) -> None:
    """Search, and keep what was found and the job's result in one transaction.

    An attempt goes on where the one before it was ended.
    """
    variant = variant_of(workspace, parameters)
    question = Question.from_json(parameters["question"])
    recordings = recordings_of(workspace, parameters)
    folder = search_folder(workspace, variant, question, recordings)
    context.log(f"Search from {variant.full_name} for {question.minutes:g} minutes.")
    try:
        found = search(
            variant,
            question,
            folder,
            source=source_of(workspace, variant),
            recordings=recordings,
            resample=parameters["resample"],
            progress=context.progress,
        )
    except FileNotFoundError:
        variant_of(workspace, parameters)  # says so, if somebody removed it meanwhile
        raise
    context.log(found.sentence())
    context.log(found.ship.reason)
    if found.ship.chain:
        workspace.variants.add_all(
            found.ship.chain,
            also=lambda connection, kept: context.finishing(found.kept(kept).to_json())(connection),
        )
    else:
        context.finish(found.to_json())
    shutil.rmtree(folder, ignore_errors=True)


def recordings_of(workspace: "Workspace", parameters: Mapping[str, Any]) -> RecordingSet | None:
    """Return the recordings that were asked for, ``None`` for simulated ones."""
    return recording_set(workspace, parameters["recordings"]) if parameters["recordings"] else None
