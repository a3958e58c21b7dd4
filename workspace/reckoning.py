"""What a variant costs and what a recipe would give, worked out in processes of their own and kept as JSON.

Both read graphs and run passes, for which ONNX or PyTorch is loaded; whoever asks holds neither.
"""

import hashlib
import json
import logging
import multiprocessing
import os
import secrets
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import __version__, interrupts
from engine.errors import BenchmarkError, VibenchError
from engine.machine import installed
from engine.readers.child import die_with
from engine.variant import Variant
from optimization.forecasting.kernels import Kernels
from optimization.recipe import Recipe
from workspace.kernels import kept_kernels

if TYPE_CHECKING:
    from workspace.workspace import Workspace

logger = logging.getLogger(__name__)

FOLDER = Path("cache", "reckoned")
#: Whose versions decide what graphs passes write.
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime")
#: An export of the slowest network on a busy small machine takes less than half of it.
LIMIT_S = 90.0


class OvertakenError(Exception):
    """Whoever asked has asked for something else meanwhile, so that nobody waits for this answer."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be worked out.

    Attributes
    ----------
    variant : Variant
        Of which.
    recipe : Recipe or None
        What would be done with it; ``None`` to count what the variant itself costs.
    batch : int
        Windows a call, for a recipe.
    kernels : Kernels or None
        Of this machine, for a recipe.
    known : tuple of Variant
        Variants that are here, so that an export among them is not made again.
    scratch : Path or None
        Where to work for a moment.
    """

    variant: Variant
    recipe: Recipe | None = None
    batch: int = 1
    kernels: Kernels | None = None
    known: tuple[Variant, ...] = ()
    scratch: Path | None = None

    @property
    def key(self) -> str:
        """The same for the same work with the same libraries."""
        facts = [
            __version__,
            self.variant.digest,
            self.variant.card.digest_text(),
            None if self.recipe is None else self.recipe.to_json(),
            self.batch,
            None if self.kernels is None else self.kernels.to_json(),
            installed(LIBRARIES),
        ]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def work_out(self) -> dict[str, Any]:
        """Return `Forecast.to_json` or, without a recipe, `Statistics.to_json`; loads ONNX or PyTorch.

        Raises
        ------
        VibenchError, OSError
            As the recipe would.
        """
        if self.recipe is None:
            from optimization.statistics import statistics_of

            return statistics_of(self.variant).to_json()
        from optimization.forecast import forecast

        told = forecast(
            self.variant, self.recipe, self.kernels, batch=self.batch, known=self.known, folder=self.scratch
        )
        return told.to_json()


def forecast_task(workspace: "Workspace", variant: Variant, recipe: Recipe, batch: int) -> Task:
    """Return what works out what a recipe would give, with the kernels that the workspace knows of this machine."""
    known = tuple(workspace.variants.list(variant.card.name))
    return Task(variant, recipe, batch, kept_kernels(workspace.folder), known, workspace.scratch)


class Reckoner:
    """Works tasks out one at a time and keeps the answers; used from several threads.

    Parameters
    ----------
    folder : Path
        The workspace's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._turn = threading.Lock()
        self._state = threading.Lock()
        self._newest: dict[str, object] = {}
        self._running: tuple[str, BaseProcess] | None = None

    def kept(self, task: Task) -> dict[str, Any] | None:
        """Return what is known of a task without any work; ``None`` if nothing is, or if its file makes no sense."""
        try:
            found = json.loads((self._folder / f"{task.key}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            logger.warning("An answer is worked out again, because its file makes no sense: %s", error)
            return None
        return found if isinstance(found, dict) else None

    def ask(self, task: Task, asker: str) -> dict[str, Any]:
        """Return the answer to a task, worked out now where it is not kept.

        Parameters
        ----------
        task : Task
            Takes some seconds, in another process.
        asker : str
            Who asks, such as an open page: it waits for one answer only, so that another task of its ends this one.

        Raises
        ------
        VibenchError
            If there is no answer, because the recipe can't be run for instance.
        OvertakenError
            If the asker has asked for something else meanwhile.
        """
        mine = object()
        with self._state:
            self._newest[asker] = mine
            if self._running is not None and self._running[0] == asker:
                self._running[1].kill()
        try:
            with self._turn:
                if self._newest.get(asker) is not mine:
                    raise OvertakenError
                found = self.kept(task)
                if found is None:
                    found = self._work_out(task, asker, mine)
                    self._keep(task, found)
                return found
        finally:
            with self._state:
                if self._newest.get(asker) is mine:
                    del self._newest[asker]

    def _work_out(self, task: Task, asker: str, mine: object) -> dict[str, Any]:
        context = multiprocessing.get_context("spawn")
        answers, sending = context.Pipe(duplex=False)
        child = context.Process(target=answer, args=(task, sending, os.getpid()), daemon=True)
        with self._state, interrupts.held_back():
            child.start()
            self._running = asker, child
        sending.close()  # the child holds the only other end, so its death ends the waiting
        try:
            if not answers.poll(LIMIT_S):
                raise BenchmarkError(f"It can't be foretold within {LIMIT_S:g} s", "try when less is running")
            found: dict[str, Any] | VibenchError = answers.recv()
        except EOFError as error:
            if self._newest.get(asker) is not mine:
                raise OvertakenError from error
            child.join()
            reason = f"The process that foretells it ended with status {child.exitcode}"
            raise BenchmarkError(reason, "free some memory and try again") from error
        finally:
            with self._state:
                self._running = None
            child.kill()
            child.join()
            answers.close()
        if isinstance(found, VibenchError):
            raise found
        return found

    def _keep(self, task: Task, found: dict[str, Any]) -> None:
        """Write an answer whole or not at all; a full disk only costs the time of working it out again."""
        place = self._folder / f"{task.key}.json"
        part = place.with_name(f".{secrets.token_hex(8)}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                part.write_text(json.dumps(found), encoding="utf-8")
                part.replace(place)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("An answer can't be kept and will be worked out again: %s", error)


def answer(task: Task, answers: "Connection[dict[str, Any] | VibenchError, object]", parent: int) -> None:
    """Work a task out and send what came of it: the child's whole work."""
    die_with(parent)
    try:
        answers.send(json.loads(json.dumps(task.work_out())))  # plain, as it is kept
    except VibenchError as error:
        answers.send(error)
    except OSError as error:
        answers.send(BenchmarkError(f"It can't be foretold: {error.strerror or error}", "free some disk space"))
