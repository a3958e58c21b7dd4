"""What ``verify.py`` found on a target, read back: somebody else's file, so nothing in it is believed unseen."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.errors import BundleError, FileAccessError
from optimization.bundle.admission import MOST_CANDIDATES, NAME

SCHEMA = "vibench.target/1"
LARGEST_BYTES = 1_000_000
LONGEST_TEXT, LONGEST_LIST = 1_000, 1_000
DIGEST = re.compile(r"[0-9a-f]{64}")
OUTCOMES = ("passed", "failed", "undecided")

#: Takes a value and where it stands; returns it, or raises `ValueError`.
Check = Callable[[Any, str], Any]


def read_target(path: Path) -> dict[str, Any]:
    """Return what a target found, with the fields that are known here and no others.

    Raises
    ------
    FileAccessError
        If the file can't be opened.
    BundleError
        If it is anything but what ``verify.py`` writes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise FileAccessError(path.name, (error.strerror or str(error)).lower()) from error
    try:
        if len(data) > LARGEST_BYTES:
            raise ValueError(f"it is larger than {LARGEST_BYTES / 1e6:g} MB")
        document = json.loads(data.decode(), parse_constant=refused_constant)
        return checked(document)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        remedy = "give the file that verify.py wrote with --out"
        raise BundleError(f"{path.name} does not come from a bundle's verify.py ({reason})", remedy) from error


def refused_constant(name: str) -> float:
    """Raise `ValueError`: JSON has neither NaN nor infinity, though Python reads them."""
    raise ValueError(f"{name} is no number")


def checked(document: Any) -> dict[str, Any]:
    """Return a document of the right shape; raises `ValueError` of any other."""
    found: dict[str, Any] = TARGET(document, "it")
    names = [candidate["name"] for candidate in found["candidates"]]
    if len(set(names)) < len(names):
        raise ValueError("two candidates have one name")
    if found["take"] not in (None, *names):
        raise ValueError("take names no candidate")
    for candidate in found["candidates"]:
        if candidate["outcome"] != outcome_of(candidate):
            raise ValueError(
                f"{candidate['name']} is called {candidate['outcome']}, and its figures say {outcome_of(candidate)}"
            )
    taken = next((each["outcome"] for each in found["candidates"] if each["name"] == found["take"]), "failed")
    if found["outcome"] != taken:
        raise ValueError(f"its outcome is {found['outcome']}, that of what to take {taken}")
    return found


def outcome_of(candidate: Mapping[str, Any]) -> str:
    """Return what a candidate's figures amount to, as ``verify.py`` judges them."""
    taken, proof = candidate["latency"], candidate["proof"]
    in_time = taken is None or taken["fits"]
    if not in_time or not candidate["parity"]["holds"] or proof["verdict"] == "degraded":
        return "failed"
    return "passed" if proof["holds_here"] else "undecided"


def document_digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 that a document is kept under."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def text(value: Any, where: str) -> str:
    """Take text of one line that can be printed."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.isprintable():
        raise ValueError(f"{where} is no short line of text")
    return value


def matching(pattern: re.Pattern[str]) -> Check:
    """Take text of a pattern."""

    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"{where} can't be what it says")
        return value

    return check


def one_of(*allowed: str) -> Check:
    """Take one of some words."""

    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"{where} is not {' or '.join(allowed)}")
        return value

    return check


def number(value: Any, where: str) -> float:
    """Take a finite number that is not below zero."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15 or math.isnan(value):
        raise ValueError(f"{where} is no number from 0 on")
    return float(value)


def degrees(value: Any, where: str) -> float:
    """Take a temperature in degrees Celsius."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -273.2 <= value < 1e4:
        raise ValueError(f"{where} is no temperature")
    return float(value)


def whole(value: Any, where: str) -> int:
    """Take a whole number that is not below zero."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**15:
        raise ValueError(f"{where} is no whole number from 0 on")
    return value


def yes_or_no(value: Any, where: str) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{where} is neither true nor false")
    return value


def maybe(check: Check) -> Check:
    """Take null, too."""
    return lambda value, where: None if value is None else check(value, where)


def many(check: Check, most: int = LONGEST_LIST) -> Check:
    """Take a list."""

    def check_all(value: Any, where: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise ValueError(f"{where} is no list of at most {most}")
        return [check(each, f"{where} {number}") for number, each in enumerate(value, start=1)]

    return check_all


def fields(**checks: Check) -> Check:
    """Take an object with these fields at least; others are left out."""

    def check_all(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(f"{where} is no object")
        missing = [name for name in checks if name not in value]
        if missing:
            raise ValueError(f"{where} lacks {missing[0]}")
        return {name: check(value[name], name) for name, check in checks.items()}

    return check_all


QUANTILES = fields(calls=whole, p50_ms=number, p90_ms=number, p99_ms=maybe(number))
CLOCK = fields(mhz=maybe(number), celsius=maybe(degrees), slowed_by_heat=maybe(number))
PARITY = fields(
    holds=yes_or_no,
    recordings=whole,
    verdicts_changed=whole,
    verdicts_changed_at_most=number,
    parent=maybe(fields(name=text, digest=matching(DIGEST))),
    verdicts_not_of_parent=maybe(whole),
    windows=whole,
    classes_kept=whole,
    largest_logit_difference=number,
    logit_tolerance=number,
    largest_window_difference=number,
    window_tolerance=number,
    differing=many(text),
)
CANDIDATE = fields(
    name=matching(NAME),
    digest=matching(DIGEST),
    size_bytes=whole,
    parity=PARITY,
    proof=fields(verdict=maybe(one_of("equivalent", "degraded", "undecided")), holds_here=yes_or_no, sentence=text),
    latency=maybe(
        fields(
            network=QUANTILES,
            hop=QUANTILES,
            hop_length_ms=number,
            realtime_factor=number,
            hop_share=number,
            fits=yes_or_no,
        )
    ),
    sustained=maybe(
        fields(rounds=whole, first_tenth_ms=number, last_tenth_ms=number, ratio=number, throttled=yes_or_no)
    ),
    ratio=maybe(fields(to=matching(NAME), median=number, low=number, high=number)),
    outcome=one_of(*OUTCOMES),
)
MACHINE = fields(
    cpu=text,
    architecture=text,
    system=text,
    instruction_sets=maybe(many(text)),
    threads=whole,
    used_threads=whole,
    governor=maybe(text),
    versions=fields(python=text, numpy=text, onnxruntime=text),
)
TARGET = fields(
    schema=one_of(SCHEMA),
    bundle=fields(sha256=matching(DIGEST)),
    measured_at=text,
    machine=MACHINE,
    checksums=fields(files=whole, wrong=many(text)),
    candidates=many(CANDIDATE, MOST_CANDIDATES),
    sensor_rate_hz=number,
    measuring=maybe(fields(seconds=number, before=CLOCK, after=CLOCK)),
    take=maybe(matching(NAME)),
    outcome=one_of(*OUTCOMES),
    reasons=many(text),
)
