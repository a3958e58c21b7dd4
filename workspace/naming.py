"""How variants are named, and found by what somebody types."""

import re
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from engine.errors import BackendMissingError, ModelNotFoundError, ModelRefusedError
from engine.variant import BACKEND_TITLES, BACKENDS, DESCRIPTION, Backend, Variant

DEFAULT_BACKEND: Backend = "onnx"
DIGEST_BEGINNING = re.compile(r"[0-9a-f]{8,64}")
#: Of networks and of variants: short enough for a table, and harmless in paths and addresses.
NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,63}")
LONGEST_NAME = 64
#: From which backend, and by which pass, a network gets a variant for a backend.
MADE_BY: Mapping[Backend, tuple[Backend, str]] = {
    "onnx": ("pytorch", "export_onnx"),
    "fp16": ("onnx", "convert_fp16"),
    "int8": ("onnx", "quantize_static"),
}


def check_name(variant: Variant) -> None:
    """Raise `ModelRefusedError` unless a variant and its network have names that tables and addresses can hold."""
    for name in (variant.card.name, variant.name):
        if not NAME.fullmatch(name):
            raise ModelRefusedError(
                variant.full_name,
                f"a name has 1 to {LONGEST_NAME} lower-case letters, digits, dots, dashes and underscores, and does "
                "not begin with a dot",
            )


def free_name(name: str, used: Container[str]) -> str:
    """Return the name, or the first of ``name-2``, ``name-3``, … that is not used."""
    free, number = name, 1
    while free in used:
        number += 1
        free = f"{name[: LONGEST_NAME - len(str(number)) - 1]}-{number}"
    return free


def resolve(text: str, variants: Sequence[Variant], backend: Backend | None = None) -> Variant:
    """Return the variant that ``text`` names, as `named`, or whose folder it is the path of.

    Addresses of pages are not resolved so, lest they reach into the server's folders.

    Raises
    ------
    ModelNotFoundError, BackendMissingError
        As `named`.
    DamagedModelError
        If ``text`` is a folder whose variant can't be read.
    """
    try:
        return named(text, variants, backend)
    except ModelNotFoundError:
        folder = Path(text).expanduser()
        if folder.name == DESCRIPTION:
            folder = folder.parent
        if text and folder.is_dir():
            return Variant.load(folder)
        raise


def named(text: str, variants: Sequence[Variant], backend: Backend | None = None) -> Variant:
    """Return the variant that ``text`` names.

    Parameters
    ----------
    text : str
        ``NETWORK``, ``NETWORK/VARIANT``, or 8 or more hex digits of a digest.
    variants : sequence of Variant
        Those that may be meant, the oldest first.
    backend : {"pytorch", "onnx", "fp16", "int8"} or None
        Which variant of a network, where ``text`` names no more than that; ``onnx`` if ``None``.

    Raises
    ------
    ModelNotFoundError
        If nothing is called so, or two digests begin so.
    BackendMissingError
        If the network has no variant for the backend.
    """
    if any(variant.card.name == text for variant in variants):
        return default_variant(text, variants, backend or DEFAULT_BACKEND)
    for variant in variants:
        if variant.full_name == text:
            return variant
    if DIGEST_BEGINNING.fullmatch(text.lower()):
        found = {variant.digest: variant for variant in variants if variant.digest.startswith(text.lower())}
        if len(found) == 1:
            return next(iter(found.values()))
    raise ModelNotFoundError(text, [variant.full_name for variant in variants])


def default_variant(network: str, variants: Sequence[Variant], backend: Backend) -> Variant:
    """Return a network's variant for a backend: static before dynamic INT8, then the oldest.

    Raises
    ------
    BackendMissingError
        If there is none.
    """
    fitting = [variant for variant in variants if variant.card.name == network and variant.backend == backend]
    if not fitting:
        raise BackendMissingError(network, BACKEND_TITLES[backend], remedy(network, variants, backend))
    return min(fitting, key=lambda variant: "dynamic" in variant.name)  # the first of equals


def remedy(network: str, variants: Sequence[Variant], backend: Backend) -> str:
    """Return what to do about a missing variant, as the end of a sentence."""
    made = {variant.backend for variant in variants if variant.card.name == network}
    if backend in MADE_BY and MADE_BY[backend][0] in made:
        return f"`vibench optimize {network} --pass {MADE_BY[backend][1]}` makes it"
    return f"nothing here can make it; choose {' or '.join(known for known in BACKENDS if known in made)}"
