"""What a workspace holds from the start: the networks that come with Vibench, and a few simulated recordings."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import engine
from engine.description import Description
from engine.errors import GoldenMismatchError
from engine.runtimes import load
from engine.simulation.rolling import Condition, RollingBearing, save, simulate
from engine.variant import DESCRIPTION, Variant
from workspace.deriving import DERIVED, EXPORT, PROOF, derive, name_after, order_for
from workspace.locking import file_lock
from workspace.workspace import Workspace

BUNDLED = Path(engine.__file__).parent / "bundled"
GOLDEN = "golden.npz"
#: Processors round differently; a wrong graph is off by far more. As a share of the largest logit.
GOLDEN_TOLERANCE = 1e-3
#: Left in a workspace once its simulated recordings are there, so that those somebody deletes stay deleted.
RECORDINGS_MARK = ".simulated-recordings"
#: Condition and seed of each: four different machines.
SIMULATED: tuple[tuple[Condition, int], ...] = (("normal", 1), ("inner", 2), ("outer", 3), ("ball", 4))


def seed(workspace: Workspace, *, recordings: bool, progress: Callable[[str], None], bundled: Path = BUNDLED) -> None:
    """Put into the workspace what it lacks; what an interrupted call left out, the next one adds.

    Of two processes that start at once one waits for the other.

    Parameters
    ----------
    workspace : Workspace
        Open.
    recordings : bool
        Whether to add the simulated recordings, once in the life of a workspace.
    progress : callable
        Is told in a sentence what is being done, where that takes a moment.
    bundled : Path
        Folder of the networks: ``NETWORK/VARIANT`` and ``NETWORK/golden.npz``.

    Raises
    ------
    ModelError
        If a bundled network is damaged, or its ONNX form does not answer as it should.
    WorkspaceError
        If the disk is full.
    """
    with file_lock(workspace.folder / ".seeding.lock"):
        seed_variants(workspace, progress, bundled)
        mark = workspace.folder / RECORDINGS_MARK
        if recordings and not mark.exists():
            seed_recordings(workspace, progress)
            mark.touch()


def seed_variants(workspace: Workspace, progress: Callable[[str], None], folder: Path) -> None:
    """Add the bundled variants, and those that are made of the ones which come as weights for PyTorch."""
    bundled = sorted(bundled_variants(folder), key=lambda variant: variant.parent is not None)  # what others come from
    kept = {variant.full_name: variant for variant in workspace.variants.list()}
    for variant in bundled:
        mine = kept.get(variant.full_name)
        if mine is None or but_for_proof(mine) != but_for_proof(variant):
            kept[variant.full_name] = workspace.variants.put(variant)
    asked = (order_for(variant, kept, bundled) for variant in bundled)
    orders = [order for order in asked if order is not None]
    orders.sort(key=lambda order: order.source.size_bytes)  # small networks are done long before large ones
    if not orders:
        return
    networks = ", ".join(order.source.card.title for order in orders)
    progress(f"Making the forms of {networks} that this machine lacks, and proving them; this is done once.")
    with tempfile.TemporaryDirectory(dir=workspace.scratch) as scratch:
        for derived in derive(orders, Path(scratch)):
            if isinstance(derived.result, Variant):
                if derived.made_by == EXPORT:
                    check_golden(derived.result, folder / derived.result.card.name / GOLDEN)
                workspace.variants.put(derived.result)
                progress(f"{derived.full_name} is {'proven on this machine' if derived.made_by == PROOF else 'ready'}.")
            elif derived.made_by == EXPORT:
                raise derived.result
            else:
                progress(
                    f"{derived.full_name} is left {'unproven' if derived.made_by == PROOF else 'out'}: {derived.result}"
                )


def but_for_proof(variant: Variant) -> dict[str, Any]:
    """Return all that describes a bundled variant, but for its proof, which this machine may have made anew."""
    return {**variant.describe(), "verification": None}


def comes_back(variant: Variant, folder: Path = BUNDLED) -> bool:
    """Whether seeding brings a variant back that somebody removes."""
    bundled = bundled_variants(folder)
    made = [name_after(made_by, source) for source in bundled if source.format == "safetensors" for made_by in DERIVED]
    return variant.full_name in {*made, *(source.full_name for source in bundled)}


def bundled_variants(folder: Path = BUNDLED) -> list[Variant]:
    """Return the variants that come with Vibench, as they lie in its own folder.

    Raises
    ------
    DamagedModelError
        If one can't be read.
    """
    return [Variant.load(path.parent) for path in sorted(folder.glob(f"*/*/{DESCRIPTION}"))]


def check_golden(variant: Variant, golden: Path) -> None:
    """Raise `GoldenMismatchError` unless a variant answers the windows of ``golden`` with its logits."""
    record = np.load(golden, allow_pickle=False)
    windows, expected = record["windows"], record["logits"]
    with load(variant) as session:
        largest = float(np.abs(session.predict(windows) - expected).max())
    allowed = GOLDEN_TOLERANCE * float(np.abs(expected).max())
    if not largest <= allowed:
        raise GoldenMismatchError(variant.full_name, largest, allowed)


def seed_recordings(workspace: Workspace, progress: Callable[[str], None]) -> None:
    """Add a simulated recording of each condition, each of another machine."""
    progress("Simulating a recording of each condition.")
    for condition, number in SIMULATED:
        parameters = RollingBearing(condition=condition, seed=number)
        with tempfile.TemporaryDirectory(dir=workspace.scratch) as folder:
            path = Path(folder) / f"simulated-{condition}.npz"
            save(simulate(parameters), parameters, path)
            said = Description(label=condition, bearing=parameters.bearing, rig="simulated")
            workspace.recordings.add(path, path.name, said, move=True)
