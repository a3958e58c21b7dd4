"""``vibench benchmark``: sizes and latencies of a network's variants, measured side by side."""

import os
import secrets
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import FileAccessError, UsageError
from vibench.benchmark_told import print_measured
from vibench.models import variants_here
from vibench.output import print_json
from vibench.parser import Parser
from vibench.progress import WorkProgress
from vibench.turns import turn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.card import ModelCard
    from engine.variant import Variant
    from optimization.benchmark import Benchmark, BenchmarkSettings
    from workspace.settings import Settings

SUMMARY = "Measure variants of a network side by side, and say which one to ship."
EXAMPLE = "vibench benchmark wdcnn --batch 1,32 --report wdcnn.html"


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench benchmark``; what is left out has the benchmark's own default."""
    parser.add_argument(
        "variants", nargs="+", metavar="VARIANT", help="NETWORK/VARIANT, folder or digest; NETWORK: all of its variants"
    )
    parser.add_argument("--batch", type=numbers, metavar="N,...", help="windows a call (default: 1)")
    parser.add_argument("--threads", type=numbers, metavar="N,...", help="threads to compute with (default: 1)")
    parser.add_argument("--runtime", metavar="R,...", help="onnxruntime, openvino, pytorch, all (default: the usual)")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of measuring each by turns (default: 200)")
    parser.add_argument("--processes", type=int, metavar="N", help="fresh processes to divide them over (default: 5)")
    parser.add_argument("--baseline", metavar="VARIANT", help="what ratios are to (default: the ONNX variant)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--recordings", type=Path, metavar="DIR", help="measure on their windows (default: simulated)")
    source.add_argument("--recording", metavar="ID", help="measure on the windows of one in the workspace")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a page that opens offline; is replaced")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def numbers(text: str) -> tuple[int, ...]:
    """Read whole numbers with commas between them."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no list of whole numbers such as 1,32") from None


def run(arguments: Namespace) -> int:
    """Measure, write the report, print the answer."""
    from optimization.benchmark import benchmark, require_measurable
    from workspace.kernels import forecaster_for
    from workspace.naming import resolve
    from workspace.settings import load_settings

    wanted = settings_of(arguments)
    if arguments.report is not None:
        check_place(arguments.report)
    settings = load_settings(host="127.0.0.1")
    progress = WorkProgress()
    here = variants_here()
    variants = chosen(arguments.variants, here)
    if arguments.baseline is not None:
        baseline = resolve(arguments.baseline, here)
        wanted = settings_of(arguments, baseline.full_name)
        if baseline.full_name not in {variant.full_name for variant in variants}:
            variants = [baseline, *variants]
    base = require_measurable(variants, wanted)
    windows, source = windows_of(arguments, settings, variants[0].card, max(wanted.batches))
    try:
        with turn(settings.workspace, progress, alone=True):
            expected = forecaster_for(settings.workspace, base, wanted.rounds, progress)
            measured = benchmark(variants, wanted, windows, source, progress=progress, forecast=expected)
    finally:
        progress.clear()
    if not arguments.json:
        print_measured(measured)  # before the report, whose disk may be full: what was measured is not lost
    if arguments.report is not None:
        write_report(measured, arguments.report)
    if arguments.json:
        print_json(measured.to_json())
    return 0


def settings_of(arguments: Namespace, baseline: str | None = None) -> "BenchmarkSettings":
    """Return what is to be measured; raises `BenchmarkError` if it can't be."""
    from optimization.benchmark import BenchmarkSettings

    given = {
        "batches": arguments.batch,
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "baseline": baseline,
        "runtimes": None if arguments.runtime is None else runtimes(arguments.runtime),
        "processes": arguments.processes,
    }
    return BenchmarkSettings(**{name: value for name, value in given.items() if value is not None})


def runtimes(text: str) -> tuple[str, ...]:
    """Read names of runtimes with commas between them; ``all`` stands for those that are installed."""
    from engine.runtimes import RUNTIMES

    if text.strip() == "all":
        return tuple(name for name, runtime in RUNTIMES.items() if runtime.available())
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise UsageError("--runtime names no runtime", "vibench benchmark --help")
    return names


def windows_of(
    arguments: Namespace, settings: "Settings", card: "ModelCard", count: int
) -> "tuple[NDArray[np.float32], dict[str, Any]]":
    """Return windows to measure on, at least ``count``, and what they are from; raises as what it calls."""
    from optimization.benchmark import benchmark_windows

    if arguments.recording is not None:
        from workspace.sets import recording_set
        from workspace.workspace import Workspace

        with Workspace.open(settings) as workspace:
            return benchmark_windows(card, count, recording_set(workspace, [arguments.recording]))
    if arguments.recordings is not None:
        from optimization.folder import folder_set

        return benchmark_windows(card, count, folder_set(arguments.recordings, limits=settings.reader_limits))
    return benchmark_windows(card, count, None)


def chosen(names: Sequence[str], here: "Sequence[Variant]") -> "list[Variant]":
    """Return the variants that names stand for, each once; a network's name stands for all of its variants."""
    from workspace.naming import resolve

    found: dict[str, Variant] = {}
    for name in names:
        of_network = [variant for variant in here if variant.card.name == name]
        for variant in of_network or [resolve(name, here)]:
            found.setdefault(f"{variant.full_name} {variant.digest}", variant)
    return list(found.values())


def check_place(report: Path) -> None:
    """Raise `FileAccessError` unless a report can be written where it is asked for."""
    folder = report.absolute().parent
    if not folder.is_dir():
        raise FileAccessError(str(report), f"there is no folder {folder.name}")
    if report.is_dir():
        raise FileAccessError(str(report), "it is a folder")
    if not os.access(folder, os.W_OK):
        raise FileAccessError(str(report), f"nothing may be written into {folder.name}")


def write_report(measured: "Benchmark", report: Path) -> None:
    """Write the page whole or not at all."""
    from optimization.report import report_html

    # Beside its place, so that the renaming can't cross to another disk and stays one step.
    part = report.with_name(f".{report.name}.{secrets.token_hex(8)}.part")
    try:
        try:
            part.write_text(report_html(measured), encoding="utf-8")
            part.replace(report)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FileAccessError(str(report), error.strerror or str(error)) from error
