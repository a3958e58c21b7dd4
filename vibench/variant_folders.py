"""Variants as folders ``DIR/NETWORK/VARIANT``: a chain of them is there whole, or not at all."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.errors import UsageError
from engine.variant import Variant


def check_places(out: Path, full_names: Sequence[str]) -> None:
    """Raise `UsageError` naming the first variant whose folder is there already."""
    for full_name in full_names:
        if (out / full_name).exists():
            message = f"{out / full_name} is there already: give another --out, or another --name"
            raise UsageError(message, "vibench optimize --help")


def place_all(variants: Sequence[Variant], out: Path) -> list[Variant]:
    """Move the folders of variants to where they belong under ``out``, on the same disk; return them from there.

    Raises
    ------
    UsageError
        If there is something already.
    OSError
        If the disk is full, or may not be written to; nothing is left of the others then.
    """
    check_places(out, [variant.full_name for variant in variants])
    placed: list[Path] = []
    try:
        for variant in variants:
            place = out / variant.full_name
            place.parent.mkdir(exist_ok=True)
            variant.weights.parent.rename(place)
            placed.append(place)
    except BaseException:
        for place in placed:
            for file in place.iterdir():
                file.unlink()
            place.rmdir()
        with suppress(OSError):  # others lie in it
            (out / variants[0].card.name).rmdir()
        raise
    return [
        replace(variant, weights=place / variant.weights.name) for variant, place in zip(variants, placed, strict=True)
    ]
