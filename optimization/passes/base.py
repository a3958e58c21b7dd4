"""The contract of every pass: one transformation of a variant, whose parameters are the fields of its dataclass."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from engine.errors import ModelRefusedError, NoEffect, PassNotApplicableError, RecipeError
from engine.networks import NETWORKS
from engine.runtimes import load
from engine.variant import BACKEND_TITLES, Backend, Format, Variant
from optimization.calibration import Calibration
from optimization.passes.graph import opset_of
from optimization.passes.parameters import check_parameters
from optimization.progress import Progress, silent
from optimization.recording_set import RecordingSet

if TYPE_CHECKING:
    import onnx

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
    learn_from : RecordingSet or None
        Labelled recordings, apart from those of the proof, for the passes that train (`Pass.learns`); simulated ones
        if ``None``.
    progress : callable
        Told how far the pass is.
    """

    folder: Path
    calibration: Calibration | None = None
    learn_from: RecordingSet | None = None
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
    gives: ClassVar[tuple[Format, Backend] | None]  #: what its result is; ``None`` where that is what it was given
    #: What its result is called within the network, ``int8-static``, or, where it keeps the form, what it adds to the
    #: name of what it was given: ``conv2d`` makes ``onnx-conv2d`` of ``onnx``.
    result: ClassVar[str]
    calibrates: ClassVar[bool] = False  #: whether it reads ranges from windows
    learns: ClassVar[bool] = False  #: whether it trains on labelled recordings
    deterministic: ClassVar[bool] = True  #: whether equal inputs give equal bytes on one machine
    oldest_opset: ClassVar[int] = 0  #: of the graphs that it can be run on: the first with the operators it puts in
    #: What its suffix takes the place of in a name, where two results exclude each other.
    excludes: ClassVar[tuple[str, ...]] = ()

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

    @property
    def suffix(self) -> str:
        """What it adds to the name of what it was given, where it keeps the form."""
        return self.result

    @property
    def portable(self) -> bool:
        """Whether its result is of ONNX's own operators if what it was given is, so that other passes can take it."""
        return True

    def form_after(self, variant: Variant) -> tuple[Format, Backend]:
        """What its result is, made of the variant."""
        return self.gives or (variant.format, variant.backend)

    def name_after(self, variant: Variant) -> str:
        """What its result is called, made of the variant, unless somebody gives another name.

        What kept the form on the way here stays in the name: ``int8-static`` of ``onnx-conv2d`` is
        ``int8-static-conv2d``.
        """
        if self.gives is None:
            return "-".join(with_suffix(variant.name.split("-"), self))
        return "-".join([self.result, *kept_forms(variant)])

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

    def notes(self, before: Variant, after: Variant) -> tuple[str, ...]:  # noqa: ARG002 - others need both
        """What somebody should know of the result beside what changed, one sentence each.

        Told of the two variants alone, after `ensures`; what only the run knew is given to `writing.write_result`.
        """
        return ()

    def step(self) -> dict[str, Any]:
        """The pass and its parameters as ``variant.json`` keeps them: ``{"pass": name, "parameters": {…}}``."""
        values = {known.name: getattr(self, known.name) for known in fields(self)}  # type: ignore[arg-type]
        return {"pass": self.name, "parameters": {name: plain(value) for name, value in values.items()}}

    def require_backend(self, variant: Variant, backend: Backend, *others: Backend) -> None:
        """Raise `PassNotApplicableError` unless the variant is of a backend, or one of others, and a pass can take it.

        The error says where to start instead: from the first backend.
        """
        if variant.backend in (backend, *others):
            self.require_portable(variant)
            return
        network = variant.card.name
        if backend == "onnx" and variant.backend == "pytorch":
            reason = f"it is in PyTorch's form; put export_onnx before it, or start from {network}/onnx"
        else:
            here, wanted = BACKEND_TITLES[variant.backend], BACKEND_TITLES[backend]
            reason = f"it is {here} already; start from the network's {wanted} variant, {network}/{backend}"
        raise PassNotApplicableError(self.name, variant.full_name, reason)

    def require_network(self, variant: Variant) -> None:
        """Raise `PassNotApplicableError` unless the variant is in PyTorch's form, and of an architecture known here."""
        self.require_backend(variant, "pytorch")
        if variant.card.name not in NETWORKS:
            reason = f"its architecture is not among those known here ({', '.join(NETWORKS)})"
            raise PassNotApplicableError(self.name, variant.full_name, reason)

    def require_opset(self, variant: Variant, model: "onnx.ModelProto") -> None:
        """Raise `PassNotApplicableError` if the variant's graph is older than `oldest_opset`."""
        opset = opset_of(model)
        if opset < self.oldest_opset:
            reason = f"its graph is of opset {opset}; export it again with opset {self.oldest_opset} or a later one"
            raise PassNotApplicableError(self.name, variant.full_name, reason)

    def require_portable(self, variant: Variant) -> None:
        """Raise `PassNotApplicableError` if the variant's graph was made for one runtime alone."""
        for made_by in passes_of(variant):
            if not made_by.portable:
                reason = (
                    f"{made_by.name} fused its operators into those of one runtime; put {self.name} before that, or "
                    f"start from {variant.card.name}/{variant.backend}"
                )
                raise PassNotApplicableError(self.name, variant.full_name, reason)


def passes_of(variant: Variant) -> list[Pass]:
    """Return the passes that made a variant; a step that is none known here, or no longer can be, is left out."""
    from optimization.passes.parameters import pass_from_json

    made = []
    for step in variant.steps:
        with suppress(RecipeError):
            made.append(pass_from_json(step.get("pass", ""), step.get("parameters", {})))
    return made


def kept_forms(variant: Variant) -> list[str]:
    """Return what the passes that kept the form added to the names, on the variant's way here."""
    suffixes: list[str] = []
    for made_by in passes_of(variant):
        if made_by.gives is None:
            suffixes = with_suffix(suffixes, made_by)
    return suffixes


def with_suffix(parts: Sequence[str], made_by: Pass) -> list[str]:
    """Return the parts of a name once a pass has added its own, in the place of those that it excludes."""
    return [*(part for part in parts if part not in made_by.excludes), made_by.suffix]


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
