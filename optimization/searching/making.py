"""Variants made of recipes, each once, however many candidates it is on the way to."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import DamagedModelError, ModelRefusedError, VibenchError
from engine.variant import DESCRIPTION, Variant
from optimization.calibration import Calibration
from optimization.passes import Pass, PassContext
from optimization.progress import Progress, silent
from optimization.recipe import Recipe, calibration_from, make_step
from optimization.recording_set import RecordingSet
from optimization.searching.state import SearchState


class Workshop:
    """Makes variants, and remembers which can't be made.

    Parameters
    ----------
    start : Variant
        What recipes start from.
    source : Variant or None
        The same network in PyTorch's form, from which those start that train it.
    state : SearchState
        Where they are kept, those of an earlier search of the same question among them.
    learn_from : RecordingSet or None
        To calibrate on and learn from; simulated recordings if ``None``.
    progress : callable
        Told how far a pass is.
    """

    def __init__(
        self,
        start: Variant,
        source: Variant | None,
        state: SearchState,
        learn_from: RecordingSet | None,
        progress: Progress = silent,
    ) -> None:
        self.start = start
        self.source = source
        self.made = 0  #: passes that were run
        self.longest_s = 0.0  #: what the slowest of them took
        self._state = state
        self._learn_from = learn_from
        self._progress = progress
        self._stopped = False
        self._calibrations: dict[tuple[int, str], Calibration] = {}
        self._refused: dict[str, VibenchError] = {}

    def make(self, recipe: Recipe | None, windows: int, name: str) -> list[Variant]:
        """Return the variants that a recipe makes, one a pass, the last one called ``name``.

        Parameters
        ----------
        recipe : Recipe or None
            ``None`` makes nothing: the start alone is returned.
        windows : int
            How many to calibrate on.
        name : str
            Of the last one within its network.

        Raises
        ------
        NoEffect, RecipeError, ModelError
            As `optimization.recipe.optimize`; also if a pass fails in a way that nobody foresaw.
        OSError
            If the disk is full, or may not be written to.
        """
        if recipe is None:
            return [self.start]
        start = self.start_of(recipe)
        recipe.check(start)
        chain: list[Variant] = []
        for number, step in enumerate(recipe.passes, start=1):
            before = chain[-1] if chain else start
            calibrate = partial(self.calibration, windows, start)
            chain.append(self._step(step, before, key_of(start, recipe.passes[:number], windows), calibrate))
        if chain[-1].name != name:
            chain[-1] = replace(chain[-1], name=name)
        return chain

    def start_of(self, recipe: Recipe | None) -> Variant:
        """Return what a recipe starts from."""
        if recipe is not None and self.source is not None and recipe.learns:
            return self.source
        return self.start

    def _step(self, step: Pass, before: Variant, key: str, calibrate: Callable[[], Calibration]) -> Variant:
        if key in self._refused:
            raise self._refused[key]
        folder = self._state.place(key)
        kept = variant_in(folder)
        if kept is not None:
            return kept
        context = PassContext(folder, calibrate() if step.calibrates else None, self._learn_from, self._tell)
        try:
            report = make_step(step, before, context, step.name_after(before))
        except VibenchError as error:
            self._refused[key] = error
            discard(folder)
            raise
        except OSError:
            raise
        except Exception as error:
            if self._stopped:
                raise
            # One recipe that breaks a library must not end a search of many.
            reason = f"{step.name} broke off ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
            self._refused[key] = ModelRefusedError(before.full_name, reason)
            discard(folder)
            raise self._refused[key] from error
        self.made += 1
        self.longest_s = max(self.longest_s, report.seconds)
        return report.variant

    def calibration(self, windows: int, start: Variant) -> Calibration:
        """Return windows to read ranges from, so many of them, as a recipe that starts from ``start`` chooses them."""
        key = windows, start.digest
        if key not in self._calibrations:
            self._calibrations[key] = calibration_from(self._learn_from, start.card, windows, self._tell, network=start)
        return self._calibrations[key]

    def _tell(self, what: str, done: int, total: int) -> None:
        try:
            self._progress(what, done, total)
        except BaseException:
            self._stopped = True  # and no pass shall take the blame
            raise


def variant_in(folder: Path) -> Variant | None:
    """Return the variant that a folder holds whole, ``None`` after removing one that it does not."""
    if not (folder / DESCRIPTION).exists():
        discard(folder)
        return None
    try:
        variant = Variant.load(folder)
        variant.check_weights()
    except DamagedModelError:
        discard(folder)
        return None
    return variant


def discard(folder: Path) -> None:
    """Remove a folder, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def key_of(start: Variant, passes: Sequence[Pass], windows: int) -> str:
    """Return the same short text for the same start, passes and, where it matters, windows."""
    asked: Mapping[str, Any] = {
        "start": [start.digest, start.card.digest_text()],
        "passes": [step.step() for step in passes],
        "windows": windows if any(step.calibrates for step in passes) else None,
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:24]
