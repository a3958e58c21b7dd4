"""Diagnose recordings with a bundle: ``python run.py FILE --rate HZ``; NumPy and ONNX Runtime are all that it needs.

Exit status: 0 done; 2 bad input, in one sentence, after all other files were done; 130 interrupted.
"""

import argparse
import hashlib
import json
import os
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .machine import check_threads
from .model import Model, load
from .reading import check_rate, read
from .stream import Stream, Window, diagnose
from .terms import Terms, read_json
from .verdict import judge

SCHEMA, ERROR_SCHEMA = "vibench.diagnosis/1", "vibench.error/1"
INTERRUPTED = 130
HERE = Path(__file__).resolve().parents[1]
#: Samples read from standard input at once, at most; fewer where the sensor's program writes fewer.
BLOCK = 4096


def main(words: Sequence[str] | None = None, folder: Path = HERE) -> int:
    """Run the command line with a bundle's folder and return the exit status."""
    arguments = parse(words)
    try:
        terms = Terms.load(folder)
        model = load(folder, terms, arguments.candidate, arguments.threads)
        if arguments.stream:
            return stream(arguments, model, terms, folder)
        if not arguments.files:
            raise InputError("name a recording, or take blocks from standard input with --stream")
        return max([diagnose_file(Path(path), arguments, model, terms, folder) for path in arguments.files])
    except InputError as error:
        print(f"run.py: {error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the lines, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("run.py", description="Diagnose recordings of one channel with this bundle.")
    parser.add_argument("files", nargs="*", metavar="FILE", help=".npy, .csv, .wav or raw little-endian float32 (.f32)")
    parser.add_argument(
        "--rate", type=float, metavar="HZ", help="the sensor's sampling rate; WAV files and columns of time say it"
    )
    parser.add_argument("--channel", type=int, metavar="N", help="from 1, where a file has several")
    parser.add_argument("--stream", action="store_true", help="take raw little-endian float32 from standard input")
    parser.add_argument(
        "--over", type=int, metavar="N", default=120, help="windows that a stream's verdict is over (120)"
    )
    parser.add_argument("--candidate", metavar="NAME", help="which network of the bundle (default: the first)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads to compute with (default: 1)")
    parser.add_argument("--json", action="store_true", help="one JSON document a line")
    arguments = parser.parse_args(words)
    if arguments.stream and (arguments.files or arguments.rate is None):
        parser.error("--stream takes no file, and needs --rate HZ")
    if arguments.over < 1:
        parser.error("--over is 1 at least")
    check_threads(parser, arguments.threads)
    return arguments


def diagnose_file(path: Path, arguments: argparse.Namespace, model: Model, terms: Terms, folder: Path) -> int:
    """Print what the network says of a file, or what is wrong with the file; return the exit status."""
    try:
        told = diagnosis(path, arguments, model, terms, folder)
    except InputError as error:
        if not arguments.json:
            print(f"run.py: {error}.", file=sys.stderr)
            return 2
        wrong = {"code": "bad-input", "message": f"{error}."}
        print(json.dumps({"schema": ERROR_SCHEMA, "recording": {"name": path.name}, "error": wrong}), flush=True)
        return 2
    print(json.dumps(told) if arguments.json else sentence(told), flush=True)
    return 0


def diagnosis(path: Path, arguments: argparse.Namespace, model: Model, terms: Terms, folder: Path) -> dict[str, Any]:
    """Return what the network says of a file, as ``vibench diagnose --json`` does."""
    begun = perf_counter()
    samples, rate_hz = read(path, arguments.rate, arguments.channel)
    was_read = perf_counter()
    try:
        windows = diagnose(samples, rate_hz, model, terms)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from error
    done = perf_counter()
    recording = {
        "name": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "channel": str(arguments.channel or 1),
        "unit": None,
        "samples": len(samples),
        "sampling_rate_hz": rate_hz,
        "sampling_rate_from": "file" if arguments.rate is None else "option",
        "duration_s": round(len(samples) / rate_hz, 6),
        "shaft_speed_rpm": None,
        "bearing": None,
    }
    timing = {"read": (was_read - begun) * 1e3, "predict": (done - was_read) * 1e3, "total": (done - begun) * 1e3}
    return {
        "schema": SCHEMA,
        "recording": recording,
        "model": facts_of(model, folder),
        **answer(windows, terms, rate_hz),
        "timing_ms": {step: round(value, 3) for step, value in timing.items()},
    }


def facts_of(model: Model, folder: Path) -> dict[str, str]:
    """Return which network answers."""
    return {
        "name": str(read_json(folder / "bundle.json")["network"]),
        "variant": model.name,
        "digest": str(model.entry["digest"]),
        "backend": str(model.entry["backend"]),
        "runtime": "onnxruntime",
    }


def answer(windows: Sequence[Window], terms: Terms, rate_hz: float) -> dict[str, Any]:
    """Return verdict, windows and cautions of what the network said of windows."""
    judged = [window for window in windows if window.probabilities is not None]
    probabilities = stacked(judged, terms)
    verdict = judge(probabilities, terms)
    cautions = [{"code": "rig-not-validated", "message": terms.validated}]
    if rate_hz / 2 < terms.band_upper_hz:
        message = f"At {rate_hz:g} Hz nothing above {rate_hz / 2:g} Hz was recorded, where the network listens."
        cautions.append({"code": "upsampled", "message": message})
    if len(judged) < len(windows):
        count = len(windows) - len(judged)
        message = f"In {count} of {len(windows)} windows nothing moves; they were not judged."
        cautions.append({"code": "silent-windows", "message": message})
    return {
        "verdict": None if verdict is None else asdict(verdict),
        "classes": list(terms.classes),
        "windows": {
            "length": terms.window,
            "hop": terms.hop,
            "start_s": [round(window.start_s, 6) for window in judged],
            "probabilities": np.round(probabilities, 6).tolist(),
        },
        "opinions": [],
        "cautions": cautions,
    }


def stacked(windows: Sequence[Window], terms: Terms) -> NDArray[np.float64]:
    """Return the probabilities of windows, of shape (W, K)."""
    rows = [window.probabilities for window in windows if window.probabilities is not None]
    return np.array(rows, np.float64).reshape(-1, len(terms.classes))


def stream(arguments: argparse.Namespace, model: Model, terms: Terms, folder: Path) -> int:
    """Print a line for each window of what standard input brings, and the verdict at its end."""
    rate_hz = check_rate(arguments.rate)
    running = Stream(model, rate_hz, terms)
    last: deque[Window] = deque(maxlen=arguments.over)
    left = b""
    while data := sys.stdin.buffer.read1(4 * BLOCK):
        data = left + data
        whole = len(data) // 4 * 4
        left = data[whole:]
        tell(running.push(np.frombuffer(data[:whole], "<f4")), last, terms, as_json=arguments.json)
    if left:
        raise InputError("standard input ended within a sample: send little-endian float32")
    tell(running.finish(), last, terms, as_json=arguments.json)
    if not last:
        raise InputError("standard input ended before the first window was complete: send it for longer")
    told = {"schema": SCHEMA, "model": facts_of(model, folder), **answer(list(last), terms, rate_hz)}
    print(json.dumps(told) if arguments.json else verdict_told(told), flush=True)
    return 0


def tell(windows: Sequence[Window], last: deque[Window], terms: Terms, *, as_json: bool) -> None:
    """Print windows as they come, each with the verdict so far."""
    for window in windows:
        last.append(window)
        verdict = judge(stacked(list(last), terms), terms)
        own = None if window.probabilities is None else terms.classes[int(window.probabilities.argmax())]
        if as_json:
            chances = None if window.probabilities is None else np.round(window.probabilities, 6).tolist()
            said = {"start_s": round(window.start_s, 6), "class": own, "probabilities": chances}
            print(json.dumps({**said, "verdict": None if verdict is None else asdict(verdict)}), flush=True)
        else:
            so_far = "nothing judged" if verdict is None else f"{verdict.label} {verdict.confidence:.1%}"
            print(f"{window.start_s:10.3f} s  {own or 'nothing moves':15} so far {so_far}", flush=True)


def sentence(told: dict[str, Any]) -> str:
    """Return a diagnosis in one line."""
    return f"{told['recording']['name']}: {verdict_told(told)}"


def verdict_told(told: dict[str, Any]) -> str:
    """Return a verdict in words."""
    verdict = told["verdict"]
    if verdict is None:
        return "no window could be judged"
    return (
        f"{verdict['label']}: confidence {verdict['confidence']:.1%}, "
        f"{verdict['share']:.0%} of {verdict['windows']} windows"
    )


if __name__ == "__main__":
    raise SystemExit(main())
