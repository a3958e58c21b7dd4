"""What a workspace holds from the start: the networks that come with Vibench, and a few simulated recordings."""

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

import engine
from engine.description import Description
from engine.errors import BackendMissingError, GoldenMismatchError, VibenchError
from engine.runtimes import load
from engine.simulation.rolling import Condition, RollingBearing, save, simulate
from engine.variant import BACKEND_TITLES, DESCRIPTION, Variant
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
    """Add the bundled variants, and the ONNX form of those that come as weights for PyTorch."""
    kept = {variant.full_name: variant for variant in workspace.variants.list()}
    bundled = bundled_variants(folder)
    for variant in bundled:
        mine = kept.get(variant.full_name)
        if mine is None or (mine.digest, mine.card) != (variant.digest, variant.card):
            workspace.variants.add(variant, limited=False)
    wanting = [variant for variant in bundled if lacks_onnx(variant, kept.get(f"{variant.card.name}/onnx"))]
    if not wanting:
        return
    progress(f"Making the ONNX form of {', '.join(variant.card.title for variant in wanting)}; this is done once.")
    with tempfile.TemporaryDirectory(dir=workspace.scratch) as scratch:
        for exported in exported_in_child(wanting, Path(scratch)):
            check_golden(exported, folder / exported.card.name / GOLDEN)
            workspace.variants.add(exported, limited=False)
            progress(f"{exported.card.title} is ready for ONNX Runtime.")


def bundled_variants(folder: Path = BUNDLED) -> list[Variant]:
    """Return the variants that come with Vibench, as they lie in its own folder.

    Raises
    ------
    DamagedModelError
        If one can't be read.
    """
    return [Variant.load(path.parent) for path in sorted(folder.glob(f"*/*/{DESCRIPTION}"))]


def lacks_onnx(variant: Variant, made: Variant | None) -> bool:
    """Whether a bundled variant has no ONNX form yet, or one of older weights or an older card."""
    if variant.format != "safetensors":
        return False
    return made is None or (made.parent, made.card) != (variant.digest, variant.card)


def exported_in_child(variants: Sequence[Variant], folder: Path) -> Iterator[Variant]:
    """Export variants in one process of its own, so that this one stays without PyTorch; yield each when it is done.

    Raises
    ------
    ModelError
        As `optimization.export.export_onnx`.
    BackendMissingError
        If the process died.
    """
    context = multiprocessing.get_context("spawn")
    answers, sending = context.Pipe(duplex=False)
    child = context.Process(target=export_all, args=(variants, folder, sending, os.getpid()), daemon=True)
    child.start()
    sending.close()  # the child holds the only other end, so its death ends the waiting
    try:
        for variant in variants:
            try:
                answer = answers.recv()
            except EOFError:
                child.join()
                remedy = f"the process that makes it ended with status {child.exitcode}; free some memory, start again"
                raise BackendMissingError(variant.card.name, BACKEND_TITLES["onnx"], remedy) from None
            if isinstance(answer, VibenchError):
                raise answer
            yield answer
    finally:
        child.terminate()
        child.join()
        answers.close()


def export_all(
    variants: Sequence[Variant], folder: Path, answers: "Connection[Variant | VibenchError, object]", parent: int
) -> None:
    """Export each variant into a folder of its own, answering with what came of it: the child's whole work."""
    import logging

    import torch.onnx  # noqa: F401 - it sets up its logging, which is changed below

    from engine.readers.child import die_with
    from optimization.export import export_onnx

    die_with(parent)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns of packages that Vibench does not use
    for variant in variants:
        try:
            answers.send(export_onnx(variant, folder / variant.card.name))
        except VibenchError as error:
            answers.send(error)
            return


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
