"""The variants of a search's front: those that are kept here, and the others made again from their recipes."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import BundleError
from vibench.progress import WorkProgress
from vibench.turns import turn

if TYPE_CHECKING:
    from engine.variant import Variant
    from optimization.searching.candidates import Tried
    from workspace.workspace import Workspace

SCHEMA = "vibench.search/1"
#: What executes a bundle's candidates on the target.
RUNTIME = "onnxruntime"


@dataclass(frozen=True, slots=True)
class Front:
    """What a search found that a target can run.

    Attributes
    ----------
    tried : tuple of Tried
        The one to ship first. Weights that stand on the front for two runtimes come once.
    left_out : tuple of str
        Names of those that stand on it for another runtime alone.
    start : str
        Digest of the network that was searched from.
    recordings : str
        Source of those that candidates were calibrated on.
    """

    tried: "tuple[Tried, ...]"
    left_out: tuple[str, ...]
    start: str
    recordings: str

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say which are left out."""
        if not self.left_out:
            return ()
        names = ", ".join(self.left_out)
        return (f"left out, because a bundle runs on ONNX Runtime and they are fast on another runtime: {names}",)


def front_of(document: Any, name: str) -> Front:
    """Read what ``vibench search --json`` printed.

    Parameters
    ----------
    document : object
        Any JSON.
    name : str
        Of its file.

    Raises
    ------
    BundleError
        If it is something else, or nothing on its front runs on ONNX Runtime.
    """
    from optimization.searching.candidates import Tried

    try:
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']}")
        tried = {one.number: one for one in map(Tried.from_json, document["candidates"])}
        first = document["ship"]["number"]
        numbers = [first, *(number for number in document["front"] if number != first)]
        on_front = [tried[number] for number in numbers]
        found = {one.digest: one for one in on_front if one.runtime == RUNTIME}
        left_out = tuple(one.name for one in on_front if one.digest not in found)
        start, recordings = str(document["question"]["digest"]), str(document["recordings"]["source"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(f"{name} holds no front of a search", "give what `vibench search --json` printed") from error
    if not found:
        remedy = f"search with --runtime {RUNTIME}, which is what runs on a target"
        raise BundleError(f"Nothing on the front in {name} runs on ONNX Runtime", remedy)
    return Front(tuple(found.values()), left_out, start, recordings)


def variants_of(front: Front, workspace: "Workspace", progress: WorkProgress) -> "list[Variant]":
    """Return the variants of a front; those that are not kept here are made again and kept.

    Raises
    ------
    BundleError
        If one can't be made again here, or comes out as another file.
    RecipeError, NoEffect, ModelError
        If its recipe can't be run.
    WorkspaceError
        If it can't be kept.
    """
    here = {variant.digest: variant for variant in workspace.variants.list()}
    found = []
    for tried in front.tried:
        variant = here.get(tried.digest) or made_again(tried, front, here, workspace, progress)
        found.append(variant)
    return found


def made_again(
    tried: "Tried",
    front: Front,
    here: "Mapping[str, Variant]",
    workspace: "Workspace",
    progress: WorkProgress,
) -> "Variant":
    """Make a variant from the recipe that a search found, and keep it with those on the way to it."""
    from optimization.calibration import WINDOWS
    from optimization.recipe import optimize
    from optimization.searching.candidates import recipe_from
    from workspace.blobs import readable_errors

    recipe, start = recipe_from(tried), here.get(front.start)
    if start is None:
        remedy = "open the workspace in which was searched"
        raise BundleError(f"The network that {tried.name} was made from is not here", remedy)
    if recipe is None or front.recordings != "simulated" or not recipe.deterministic:
        remedy = "make it with `vibench optimize` from its recipe and the recordings of the search, or leave it out"
        raise BundleError(f"{tried.name} can't be made again from the search alone", remedy)
    with (
        readable_errors(workspace.scratch),
        tempfile.TemporaryDirectory(dir=workspace.scratch) as folder,
        turn(workspace.folder, progress, alone=False),
    ):
        made = optimize(
            start, recipe, Path(folder), windows=tried.windows or WINDOWS, name=tried.name, progress=progress
        )
        if made.variant.digest != tried.digest:
            remedy = "search again on this machine"
            raise BundleError(f"{tried.name} comes out as another file than the search made", remedy)
        return workspace.variants.add_all([step.variant for step in made.steps])[-1]
