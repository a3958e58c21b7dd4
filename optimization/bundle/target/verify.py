"""Check a bundle on its target: files, parity, latency; ``python verify.py --out target.json``.

Exit status: 0 it answers as it should, proven for this processor, and in time; 1 it does not; 2 bad input; 4 it answers
as it should on the golden recordings, but the proof does not hold for this processor or runtime; 130 interrupted.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import checksums, latency, parity
from .errors import InputError
from .machine import CPUINFO, check_threads, this_machine
from .model import Model, candidates_of
from .proof import held_here
from .reading import check_rate
from .terms import Terms, read_json

SCHEMA = "vibench.target/1"
HERE = Path(__file__).resolve().parents[1]
STATUS = {"passed": 0, "undecided": 4, "failed": 1}
INTERRUPTED = 130


def main(words: Sequence[str] | None = None, folder: Path = HERE, cpuinfo: Path = CPUINFO) -> int:
    """Run the command line with a bundle's folder and return the exit status."""
    arguments = parse(words)
    try:
        if arguments.out is not None:
            check_place(Path(arguments.out))
        told = verify(folder, arguments, this_machine(cpuinfo))
        text = json.dumps(told, indent=1) + "\n"
        if arguments.out is None:
            print(text, end="", flush=True)
        else:
            write(Path(arguments.out), text)
    except InputError as error:
        print(f"verify.py: {error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    for line in told["reasons"]:
        print(line, file=sys.stderr)
    return STATUS[told["outcome"]]


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("verify.py", description="Check this bundle on the machine that it is for.")
    parser.add_argument("--out", metavar="FILE.json", help="where the result goes (default: standard output)")
    parser.add_argument("--seconds", type=float, default=10, help="of measuring; 0: parity alone (default: 10)")
    parser.add_argument("--rate", type=float, default=25_600, metavar="HZ", help="the sensor's rate (default: 25600)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads to compute with (default: 1)")
    arguments = parser.parse_args(words)
    if not 0 <= arguments.seconds <= 86_400:
        parser.error("--seconds goes from 0 to 86400")
    check_threads(parser, arguments.threads)
    return arguments


def verify(folder: Path, arguments: argparse.Namespace, machine: dict[str, Any]) -> dict[str, Any]:
    """Return everything that was found, as ``vibench bundle --import`` takes it."""
    check_rate(arguments.rate)
    files, wrong = checksums.check(folder)
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "bundle": {"sha256": checksums.digest(folder / checksums.SUMS)},
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {**machine, "used_threads": arguments.threads},
        "checksums": {"files": files, "wrong": wrong},
        "candidates": [],
        "sensor_rate_hz": arguments.rate,
        "measuring": None,
        "take": None,
    }
    if wrong:  # nothing that these files answer would mean anything
        reason = f"{wrong[0]}; of {files} files {len(wrong)} are wrong: unpack the bundle again."
        return {**told, "outcome": "failed", "reasons": [reason]}
    bundle, terms = read_json(folder / "bundle.json"), Terms.load(folder)
    told["bundle"].update(network=bundle["network"], vibench=bundle["vibench"])
    models = [Model(folder, entry, terms, arguments.threads) for entry in candidates_of(folder)]
    found = [answers_of(folder, model, terms, machine) for model in models]
    times: list[latency.Times] = []
    if arguments.seconds > 0:
        told["measuring"], times = latency.measure(models, terms, rate_hz=arguments.rate, seconds=arguments.seconds)
    for candidate, taken in zip(found, times, strict=bool(times)):
        candidate["latency"] = latency.latency_of(taken, terms)
        candidate["sustained"] = latency.sustained(taken)
        candidate["ratio"] = {"to": found[0]["name"], **latency.ratio(taken, times[0])}
    for candidate in found:
        candidate["outcome"] = outcome_of(candidate)
    chosen = best(found, times)
    outcome, told["candidates"] = found[chosen]["outcome"], found
    told["take"] = None if outcome == "failed" else found[chosen]["name"]
    return {**told, "outcome": outcome, "reasons": reasons_of(found, chosen, told)}


def answers_of(folder: Path, model: Model, terms: Terms, machine: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of a candidate before its latency is measured."""
    compared = parity.check(folder, model, terms)
    return {
        "name": model.name,
        "digest": model.entry["digest"],
        "size_bytes": model.entry["size_bytes"],
        "parity": compared,
        "proof": held_here(model.entry, machine, compared),
        "latency": None,
        "sustained": None,
        "ratio": None,
    }


def outcome_of(candidate: dict[str, Any]) -> str:
    """Return ``failed``, ``passed``, or ``undecided`` where the proof does not hold for this machine."""
    too_slow = candidate["latency"] is not None and not candidate["latency"]["fits"]
    degraded = candidate["proof"]["verdict"] == "degraded"  # it was packed all the same
    if too_slow or degraded or not candidate["parity"]["holds"]:
        return "failed"
    return "passed" if candidate["proof"]["holds_here"] else "undecided"


def best(found: list[dict[str, Any]], times: list[latency.Times]) -> int:
    """Return which candidate to take: a proven one if there is one, the fastest, and of ties the smallest.

    Without latencies, and where all failed, it is the first of the best outcome.
    """
    for outcome in ("passed", "undecided"):
        fitting = [index for index, candidate in enumerate(found) if candidate["outcome"] == outcome]
        if fitting and not times:
            return fitting[0]
        if fitting:
            fastest = min(fitting, key=lambda index: float(found[index]["ratio"]["median"]))
            most = 1 + latency.RESOLUTION
            ties = [index for index in fitting if latency.ratio(times[index], times[fastest])["low"] <= most]
            return min(ties, key=lambda index: int(found[index]["size_bytes"]))
    return 0


def reasons_of(found: list[dict[str, Any]], taken: int, told: dict[str, Any]) -> list[str]:
    """Return what was found in sentences, the answer first."""
    candidate = found[taken]
    if told["take"] is None:
        sentences = ["None of the candidates passes." if len(found) > 1 else f"{candidate['name']} does not pass."]
    else:
        sentences = [f"Take {candidate['name']}." if len(found) > 1 else f"{candidate['name']} answers as it should."]
    for each in found:
        compared = each["parity"]
        sentences.append(
            f"{each['name']}: {compared['verdicts_changed']} of {compared['recordings']} golden verdicts changed, "
            f"largest difference of a logit {compared['largest_logit_difference']:.2g} "
            f"({compared['logit_tolerance']:.2g} may)."
        )
        sentences += [f"{each['name']}: {difference}." for difference in compared["differing"][:3]]
        if each["latency"] is not None:
            sentences.append(f"{each['name']}: {latency_told(each)}.")
    return [*sentences, candidate["proof"]["sentence"]]


def latency_told(candidate: dict[str, Any]) -> str:
    """Return a candidate's latency in words."""
    taken, lasting = candidate["latency"], candidate["sustained"]
    name = "p99" if taken["hop"]["p99_ms"] is not None else "p90"
    fits = "fits" if taken["fits"] else "does not fit"
    heat = f"; the last tenth of the time was {lasting['ratio']:.2f} times the first" if lasting["throttled"] else ""
    return (
        f"a hop takes {taken['hop']['p50_ms']:.3g} ms ({name} {taken['hop'][name + '_ms']:.3g} ms) and {fits} into its "
        f"{taken['hop_length_ms']:.3g} ms; {taken['realtime_factor']:.3g} times real time{heat}"
    )


def check_place(path: Path) -> None:
    """Raise `InputError` unless a file can be written there, before anything is measured."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InputError(f"{path} can't be written: {'it is a folder' if path.is_dir() else 'there is no such folder'}")


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all; raises `InputError` if it can't be."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{path} can't be written: {(error.strerror or str(error)).lower()}") from error


if __name__ == "__main__":
    raise SystemExit(main())
