"""What somebody else's ``variant.json`` may say: the words, numbers and shapes that pages and commands rely on."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import DamagedModelError
from engine.variant import DESCRIPTION, Variant
from optimization.verification import Verification

LARGEST_BYTES = 2**22
LONGEST_TEXT = 2000
LARGEST_NUMBER = 1e9  #: no rate, length or temperature is larger; and neither NaN nor infinity is within
DIGEST = re.compile(r"[0-9a-f]{64}")
SENTENCES = ("name", "title", "reference", "elsewhere")
NUMBERS = ("sampling_rate_hz", "temperature", "threshold", "window", "hop", "channels")


def read_description(path: Path, name: str) -> dict[str, Any]:
    """Return a ``variant.json`` as plain JSON; raises `DamagedModelError` naming ``name`` if it is none."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise DamagedModelError(name, f"its {DESCRIPTION} is larger than {LARGEST_BYTES / 2**20:.0f} MiB")
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedModelError(name, f"its {DESCRIPTION} can't be read ({error})") from error
    if not isinstance(data, dict):
        raise DamagedModelError(name, f"its {DESCRIPTION} describes no variant")
    return data


def check_description(data: Mapping[str, Any], weights: Path, name: str) -> Variant:
    """Return the variant that a description tells of.

    Raises
    ------
    DamagedModelError
        If anything in it is missing, of the wrong kind, or contradicts the rest.
    """
    try:
        variant = Variant.from_description(data, weights)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise DamagedModelError(name, f"its description: {error}") from error
    wrong = [part for part, sound in parts_of(variant).items() if not sound]
    if wrong:
        raise DamagedModelError(name, f"what its description says of {', '.join(wrong)} can't be")
    return variant


def parts_of(variant: Variant) -> dict[str, bool]:
    """Return each part of a variant's description, and whether it is of the kind that others rely on."""
    card, proof = variant.card, variant.verification
    numbers = [getattr(card, field) for field in NUMBERS]
    return {
        "digest": bool(DIGEST.fullmatch(variant.digest)),
        "parent": variant.parent is None or (is_text(variant.parent) and bool(DIGEST.fullmatch(variant.parent))),
        "steps": all(is_step(step) for step in variant.steps),
        "producer": all(is_text(key) and is_text(value) for key, value in variant.producer.items()),
        "calibration": not variant.calibration or is_source(variant.calibration),
        "verification": not proof or is_proof(proof, variant.digest),
        "card": all(-LARGEST_NUMBER <= number <= LARGEST_NUMBER for number in (*numbers, *card.band_hz))
        and all(is_text(getattr(card, field)) for field in SENTENCES)
        and all(is_text(text) for rig in card.rigs for text in (rig.name, rig.bearing, rig.note))
        and all(is_text(key) and key for key in card.classes),
        "evaluation": is_evaluation(card.evaluation) and isinstance(card.training, Mapping),
    }


def is_text(value: object) -> bool:
    """Whether a value is a text that fits a page."""
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def is_count(value: object) -> bool:
    """Whether a value is a number of things."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_step(value: object) -> bool:
    """Whether a value is a pass with its parameters, and notes that can be shown."""
    if not isinstance(value, Mapping):
        return False
    notes = value.get("notes", [])
    return (
        is_text(value.get("pass"))
        and isinstance(value.get("parameters"), Mapping)
        and isinstance(notes, list)
        and all(is_text(note) for note in notes)
        and is_binding(value.get("bound_to", {}))
    )


def is_binding(value: object) -> bool:
    """Whether a value says what a step's result is bound to: a runtime and instruction sets."""
    if not isinstance(value, Mapping):
        return False
    flags = value.get("flags", [])
    return is_text(value.get("runtime", "")) and isinstance(flags, list) and all(is_text(flag) for flag in flags)


def is_source(value: Mapping[str, Any]) -> bool:
    """Whether a value says where recordings come from."""
    recordings = value.get("recordings", [])
    return (
        is_text(value.get("source"))
        and is_count(value.get("windows", 0))
        and isinstance(recordings, list)
        and all(isinstance(one, Mapping) and is_text(one.get("name")) for one in recordings)
    )


def is_proof(value: Mapping[str, Any], digest: str) -> bool:
    """Whether a value is a verification of the variant with that digest."""
    try:
        return Verification.from_json(value).variant == digest
    except DamagedModelError:
        return False


def is_evaluation(value: object) -> bool:
    """Whether a value is what a card says of its tests: counts of recordings, by the name of the test."""
    if not isinstance(value, Mapping) or not isinstance(value.get("protocols", {}), Mapping):
        return False
    tests = [*value.get("protocols", {}).values(), *(value[key] for key in ("simulated", "elsewhere") if key in value)]
    linear = [test.get("linear_model_on_trivial_statistics", {}) for test in tests if isinstance(test, Mapping)]
    return all(isinstance(test, Mapping) for test in [*tests, *linear]) and all(
        is_count(test.get(count, 0)) for test in [*tests, *linear] for count in ("recordings", "recordings_right")
    )
