"""Searches of a workspace: where one that was ended goes on, and the network that it may prune."""

from pathlib import Path
from typing import TYPE_CHECKING

from engine.machine import this_machine
from engine.variant import Variant
from optimization.recording_set import RecordingSet
from optimization.search import key_of
from optimization.searching.question import Question

if TYPE_CHECKING:
    from workspace.workspace import Workspace

#: In the cache, because a search that is begun anew comes to the same.
FOLDER = "cache/searches"


def search_folder(workspace: "Workspace", start: Variant, question: Question, recordings: RecordingSet | None) -> Path:
    """Return the folder of a search, the same for the same question on the same machine."""
    return workspace.folder / FOLDER / key_of(start, question, recordings, this_machine())


def source_of(workspace: "Workspace", start: Variant) -> Variant | None:
    """Return the weights in PyTorch's form that a network in ONNX was made from; ``None`` if they are not kept."""
    made = [variant for variant in workspace.variants.list(start.card.name) if variant.digest == start.parent]
    return next((variant for variant in made if variant.format == "safetensors"), None)
