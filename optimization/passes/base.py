"""The contract of every pass: one transformation of a variant, whose parameters are the fields of its dataclass."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from engine.errors import ModelRefusedError, NoEffect, PassNotApplicableError
from engine.runtimes import load
from engine.variant import BACKEND_TITLES, Backend, Format, Variant
from optimization.calibration import Calibration
from optimization.passes.parameters import check_parameters
from optimization.progress import Progress, silent

#: Every result must take so many windows at once: one, and a number that no trace was made with.
TRIED_BATCHES = (1, 3)


@dataclass(frozen=True, slots=True)
class PassContext:
    """What a pass works with.

    Attributes
    ----------
    folder : Path
        Empty or missing; receives the weight file and ``variant.json``, both or neither. Scratch files lie beside it
        while the pass runs.
    calibration : Calibration or None
        Windows to read ranges from, for the passes that say they need them (`Pass.calibrates`).
    progress : callable
        Told how far the pass is.
    """

    folder: Path
    calibration: Calibration | None = None
    progress: Progress = field(default=silent)


class Pass(ABC):
    """One transformation; every entry of `optimization.passes.PASSES` passes one conformance suite.

    A subclass is a frozen, slotted dataclass. Each of its fields is made by `parameters.parameter` and becomes a
    control of the form, a line of ``--help`` and a key of a recipe; an impossible value raises `RecipeError`.
    """

    __slots__ = ()

    name: ClassVar[str]  #: as recipes and commands write it: ``quantize_static``
    title: ClassVar[str]  #: for people: ``Static INT8``
    summary: ClassVar[str]  #: one sentence: what it does to a network, and what for
    gives: ClassVar[tuple[Format, Backend]]  #: what its result is
    result: ClassVar[str]  #: name of its result within the network, unless somebody gives another: ``int8-static``
    calibrates: ClassVar[bool] = False  #: whether it reads ranges from windows

    def __post_init__(self) -> None:
        check_parameters(self)

    @abstractmethod
    def requires(self, variant: Variant) -> None:
        """Raise `PassNotApplicableError` unless the pass can be run on the variant.

        Judged by format, backend, card and steps alone, so that a chain is checked before anything runs; the weight
        file of a variant that a chain has yet to make is not there.
        """

    @abstractmethod
    def run(self, variant: Variant, context: PassContext) -> Variant:
        """Write a new variant into ``context.folder``; ``variant`` itself stays as it is.

        Raises
        ------
        NoEffect
            If weights and graph come out as they were.
        ModelError
            If the variant can't be read, or what was made is not admitted.
        RecipeError
            If a parameter does not fit the variant, or there are no windows to read ranges from.
        OSError
            If the disk is full, or may not be written to.
        """

    def ensures(self, before: Variant, after: Variant) -> None:
        """Check what holds for every pass: the result is not its parent, loads, and takes the card's windows.

        Raises
        ------
        NoEffect
            If both have the same weight file.
        ModelError
            If the result can't be loaded, or does not answer one finite row of logits for each window.
        """
        if after.digest == before.digest:
            raise NoEffect(self.name, "weights and graph come out as they were")
        card = after.card
        random = np.random.default_rng(0)
        with load(after) as session:
            for batch in TRIED_BATCHES:
                windows = random.standard_normal((batch, card.channels, card.window), dtype=np.float32)
                try:
                    logits = session.predict(windows)
                except Exception as error:  # each runtime raises what it likes
                    reason = f"it can't be run on {batch} windows at once ({str(error).splitlines()[0]})"
                    raise ModelRefusedError(after.full_name, reason) from error
                if logits.shape != (batch, len(card.classes)) or not np.isfinite(logits).all():
                    reason = f"it does not answer {len(card.classes)} finite logits for each of {batch} windows"
                    raise ModelRefusedError(after.full_name, reason)

    def step(self) -> dict[str, Any]:
        """The pass and its parameters as ``variant.json`` keeps them: ``{"pass": name, "parameters": {…}}``."""
        values = {known.name: getattr(self, known.name) for known in fields(self)}  # type: ignore[arg-type]
        return {"pass": self.name, "parameters": {name: plain(value) for name, value in values.items()}}

    def require_backend(self, variant: Variant, backend: Backend) -> None:
        """Raise `PassNotApplicableError` unless the variant is of a backend, saying where to start instead."""
        if variant.backend == backend:
            return
        network = variant.card.name
        if backend == "onnx" and variant.backend == "pytorch":
            reason = f"it is in PyTorch's form; put export_onnx before it, or start from {network}/onnx"
        else:
            here, wanted = BACKEND_TITLES[variant.backend], BACKEND_TITLES[backend]
            reason = f"it is {here} already; start from the network's {wanted} variant, {network}/{backend}"
        raise PassNotApplicableError(self.name, variant.full_name, reason)


def plain(value: Any) -> Any:
    """Return a parameter's value as JSON has it."""
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Changes:
    """What a pass changed, told by comparing the two weight files (`optimization.passes.changes.compare`).

    Attributes
    ----------
    nodes : mapping of str to (int, int)
        Operators whose number differs, before and after; empty where one side is no graph.
    weights : (int, int)
        Numbers stored in the weight file, before and after.
    size_bytes : (int, int)
        Size of the weight file, before and after.
    """

    nodes: Mapping[str, tuple[int, int]]
    weights: tuple[int, int]
    size_bytes: tuple[int, int]

    def to_json(self) -> dict[str, Any]:
        """As ``vibench optimize --json`` prints it."""
        return {
            "nodes": {operator: list(counts) for operator, counts in self.nodes.items()},
            "weights": list(self.weights),
            "size_bytes": list(self.size_bytes),
        }
