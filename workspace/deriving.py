"""What is made of the bundled networks on this machine: in processes of their own, so that no other holds PyTorch."""

import logging
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from engine import __version__, interrupts
from engine.errors import BackendMissingError, ModelRefusedError, VibenchError
from engine.machine import Machine, installed, this_machine
from engine.readers.child import die_with
from engine.variant import Variant
from optimization.passes import PASSES
from optimization.recipe import Recipe, optimize
from optimization.recording_set import calibration_and_proof
from optimization.verification import is_stale, verify
from workspace.blobs import readable_errors

logger = logging.getLogger(__name__)

EXPORT = "export_onnx"
#: Made of the ONNX form; the static INT8 one comes with the network, held against the recordings of its training.
OF_ONNX = ("convert_fp16", "quantize_dynamic")
DERIVED = (EXPORT, *OF_ONNX)
#: Beside the passes: a variant is proven again, and nothing about it is made.
PROOF = "proof"
#: Among the producers of what is derived, so that a newer Vibench makes it anew.
VIBENCH = "vibench"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made of one network.

    Attributes
    ----------
    source : Variant
        In format ``safetensors``.
    onnx : Variant or None
        Its ONNX form, where that need not be made.
    passes : tuple of str
        Of `DERIVED`, in their order.
    stale : tuple of Variant
        Forms that come with the network, whose proof says nothing of this machine's processor or runtime.
    """

    source: Variant
    onnx: Variant | None
    passes: tuple[str, ...]
    stale: tuple[Variant, ...] = ()

    def awaited(self) -> list[tuple[str, str]]:
        """Return what comes of it, in order: what is done, and the full name of the variant."""
        proven = [(PROOF, variant.full_name) for variant in self.stale]
        return [(name, name_after(name, self.source)) for name in self.passes] + proven


@dataclass(frozen=True, slots=True)
class Derived:
    """What came of one pass of an order, or of a proof: a variant with its proof, or an error."""

    made_by: str
    full_name: str
    result: Variant | VibenchError


def order_for(source: Variant, kept: Mapping[str, Variant], brought: Sequence[Variant]) -> Order | None:
    """Return what has to be made of a bundled network, or proven again.

    Parameters
    ----------
    source : Variant
        As it comes with Vibench.
    kept : mapping of str to Variant
        What the workspace holds, by full name.
    brought : sequence of Variant
        All that come with Vibench, of whatever network.

    Returns
    -------
    Order or None
        ``None`` if nothing is missing, nothing was made of other weights, another card or by other libraries, and
        every proof was made with this machine's instruction sets and runtime.
    """
    if source.format != "safetensors":
        return None
    machine = this_machine()
    shown = [kept.get(variant.full_name, variant) for variant in brought if variant.card.name == source.card.name]
    stale = tuple(one for one in shown if proven_elsewhere(one, machine))
    onnx = kept.get(name_after(EXPORT, source))
    if not is_fresh(onnx, source, machine):
        return Order(source, None, DERIVED, stale)
    passes = tuple(name for name in OF_ONNX if not is_fresh(kept.get(name_after(name, source)), onnx, machine))
    return Order(source, onnx, passes, stale) if passes or stale else None


def is_fresh(made: Variant | None, source: Variant | None, machine: Machine) -> bool:
    """Whether a variant was made and proven here, of another as that is now, by this Vibench and these libraries."""
    if made is None or source is None or proven_elsewhere(made, machine):
        return False
    libraries = tuple(name for name in made.producer if name != VIBENCH)
    here = {**installed(libraries), VIBENCH: __version__}
    return (made.parent, made.card, dict(made.producer)) == (source.digest, source.card, here)


def proven_elsewhere(variant: Variant, machine: Machine) -> bool:
    """Whether the variant has a proof, and that was made with other instruction sets or another runtime."""
    return bool(variant.verification) and is_stale(variant.verification, machine)


def name_after(made_by: str, source: Variant) -> str:
    """Return the full name of what a pass makes of a network."""
    return f"{source.card.name}/{PASSES[made_by].result}"


def derive(orders: Sequence[Order], folder: Path) -> Iterator[Derived]:
    """Carry out orders, each in a process of its own and all at the same time; yield each result when it is there.

    If an ONNX form can't be made, nothing else is made of that network. The death of a process is told as the
    error of what it was at.
    """
    context = multiprocessing.get_context("spawn")
    children = []
    try:
        for order in orders:
            answers, sending = context.Pipe(duplex=False)
            arguments = (order, folder / order.source.card.name, sending, os.getpid())
            child = context.Process(target=carry_out, args=arguments, daemon=True)
            with interrupts.held_back():
                child.start()
            sending.close()  # the child holds the only other end, so its death ends the waiting
            children.append((order, child, answers))
        for order, child, answers in children:
            for made_by, full_name in order.awaited():
                try:
                    derived: Derived = answers.recv()
                except EOFError:
                    child.join()
                    reason = f"the process that makes it ended with status {child.exitcode}"
                    remedy = f"{reason}; free some memory, start again"
                    network, name = full_name.split("/")
                    yield Derived(made_by, full_name, BackendMissingError(network, name, remedy))
                    break
                yield derived
                if made_by == EXPORT and isinstance(derived.result, VibenchError):
                    break
    finally:
        for _, child, answers in children:
            child.kill()
            child.join()
            answers.close()


def carry_out(order: Order, folder: Path, answers: "Connection[Derived, object]", parent: int) -> None:
    """Make what was ordered, answering with what came of it one by one: the child's whole work."""
    die_with(parent)
    onnx = order.onnx
    for made_by in order.passes:
        source = order.source if made_by == EXPORT else onnx
        assert source is not None  # the export comes first
        result = result_of(made_by, source, folder / made_by)
        answers.send(Derived(made_by, name_after(made_by, order.source), result))
        if made_by == EXPORT:
            if isinstance(result, VibenchError):
                return
            onnx = result
    for variant in order.stale:
        assert onnx is not None  # it is kept, or was made just now
        answers.send(Derived(PROOF, variant.full_name, proven_again(variant, onnx)))


def proven_again(variant: Variant, onnx: Variant) -> Variant | VibenchError:
    """Return a variant with a proof of this machine, beside the ONNX form, on simulated recordings."""
    try:
        _, prove_with = calibration_and_proof(None, variant.card)
        return replace(variant, verification=verify(variant, onnx, prove_with).to_json())
    except VibenchError as error:
        return error


def result_of(made_by: str, source: Variant, folder: Path) -> Variant | VibenchError:
    """Return what a pass makes of a variant, proven on simulated recordings; an error becomes a sentence."""
    try:
        with readable_errors(folder):
            made = optimize(source, Recipe((PASSES[made_by](),)), folder).variant
            return replace(made, producer={**made.producer, VIBENCH: __version__})
    except VibenchError as error:
        return error
    except Exception as error:  # the start of everything must not fail over one form of one network
        logger.exception("%s could not be run on %s", made_by, source.full_name)
        return ModelRefusedError(name_after(made_by, source), f"{made_by} failed over it ({type(error).__name__})")
