"""What may be packed, and what must be said of it."""

import re
from collections.abc import Sequence

from engine.errors import BundleError
from engine.machine import Machine, this_machine
from engine.variant import Variant
from optimization.verification import is_stale

#: Names become names of files.
NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,63}")
MOST_CANDIDATES = 32


def require_packable(candidates: Sequence[Variant], parent: Variant | None = None, *, force: bool = False) -> None:
    """Refuse what can't be a bundle.

    Parameters
    ----------
    candidates : sequence of Variant
        What is to be packed.
    parent : Variant or None
        What their verdicts are held against.
    force : bool
        Whether a variant may be packed whose proof says that it is degraded.

    Raises
    ------
    BundleError
        If there is none, one is not in ONNX, of several channels, of another card, or degraded, or two share a name.
    """
    if not 1 <= len(candidates) <= MOST_CANDIDATES:
        raise BundleError(f"{len(candidates)} variants can't be packed", f"name 1 to {MOST_CANDIDATES}")
    for variant in candidates:
        if not NAME.fullmatch(variant.name):
            raise BundleError(f"{variant.full_name} can't be packed under that name", "give it another one")
        if variant.format != "onnx":
            again = f"vibench optimize {variant.full_name} --pass export_onnx"
            raise BundleError(f"{variant.full_name} is in PyTorch's own form", f"export it first with `{again}`")
        if variant.card.channels != 1:
            raise BundleError(f"{variant.full_name} takes {variant.card.channels} channels", "a bundle takes one")
        if variant.verification.get("verdict") == "degraded" and not force:
            remedy = "choose another variant, or pack it all the same with --force"
            raise BundleError(f"{variant.full_name} is degraded: its proof says that verdicts change", remedy)
    if len({variant.name for variant in candidates}) < len(candidates):
        raise BundleError("Two of the variants have the same name", "name each once")
    others = [
        variant for variant in (*candidates, parent) if variant is not None and not same_terms(variant, candidates)
    ]
    if others:
        message = f"{others[0].full_name} does not take the windows of {candidates[0].full_name}"
        raise BundleError(message, "pack variants of one network")


def same_terms(variant: Variant, candidates: Sequence[Variant]) -> bool:
    """Whether a variant has the card of the first candidate."""
    return variant.card.digest_text() == candidates[0].card.digest_text()


def warnings_of(variant: Variant, against: Variant | None = None, machine: Machine | None = None) -> list[str]:
    """Say what a variant's proof does not show.

    Parameters
    ----------
    variant : Variant
        What is packed.
    against : Variant or None
        What somebody wants its verdicts held against; ``None`` for what it was made from.
    machine : Machine or None
        Where this is asked; the one that this runs on if ``None``.
    """
    proof, name = variant.verification, variant.full_name
    again = f"`vibench verify {name} --against {'PARENT' if against is None else against.full_name}` makes one"
    if not proof:
        return [f"{name} has no proof that it gives the verdicts of what it was made from; {again}."]
    warnings = []
    if proof["verdict"] == "undecided":
        warnings.append(f"The proof of {name} is undecided: its verdicts may change more often than allowed.")
    if proof["verdict"] == "degraded":
        warnings.append(f"{name} is degraded: its proof says that verdicts change.")
    if against is not None and against.digest not in (variant.digest, proof.get("parent")):
        warnings.append(f"The proof of {name} is against another variant than {against.full_name}; {again}.")
    if is_stale(proof, machine or this_machine()):
        warnings.append(f"The proof of {name} was made on another processor or runtime than this one; {again}.")
    return warnings
