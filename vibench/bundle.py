"""``vibench bundle``: a variant as a zip for the machine that it is for, and what that machine found."""

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import BundleError, FileAccessError, UsageError
from vibench.models import seeded_workspace
from vibench.output import indented, one_line, print_json, print_table
from vibench.parser import Parser
from vibench.progress import WorkProgress

if TYPE_CHECKING:
    from engine.variant import Variant
    from optimization.measuring.measurement import Benchmark, Row
    from workspace.workspace import Workspace

SUMMARY = "Pack variants for the machine that they are for, or show what it found."
EXAMPLE = "vibench bundle wdcnn/int8-static --out wdcnn.zip"
HELP = "vibench bundle --help"
SCHEMA = "vibench.bundled/1"
#: What a target's outcome ends the command with.
STATUS = {"passed": 0, "failed": 1, "undecided": 4}
LARGEST_JSON_BYTES = 50_000_000


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench bundle``."""
    parser.add_argument(
        "variants", nargs="*", metavar="VARIANT", help="in ONNX; of several the target says which to take"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.zip", help="where the bundle goes; is replaced")
    parser.add_argument("--against", metavar="PARENT", help="whose verdicts are compared (default: its parent's)")
    parser.add_argument("--candidates", type=Path, metavar="FILE.json", help="variants that `vibench search` found")
    parser.add_argument(
        "--benchmark", type=Path, metavar="FILE.json", help="what was measured here (default: the newest job's)"
    )
    parser.add_argument("--force", action="store_true", help="pack a variant that is proven to be degraded, too")
    parser.add_argument("--import", dest="brought", type=Path, metavar="FILE.json", help="show and keep verify.py's")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: Namespace) -> int:
    """Pack, or take back what a target found."""
    if arguments.brought is not None:
        packing = (arguments.variants, arguments.out, arguments.against, arguments.candidates, arguments.force)
        if any(packing):
            raise UsageError("--import goes with --benchmark and --json alone", HELP)
        return bring(arguments.brought, arguments.benchmark, as_json=arguments.json)
    if arguments.out is None:
        raise UsageError("--out FILE.zip is missing", HELP)
    check_place(arguments.out)
    return pack(arguments)


def pack(arguments: Namespace) -> int:
    """Write the bundle and say what is in it."""
    from optimization.bundle.admission import require_packable, warnings_of
    from optimization.bundle.contents import contents
    from optimization.bundle.zipping import write_zip

    progress = WorkProgress()
    with seeded_workspace() as workspace:
        here = workspace.variants.list()
        try:
            candidates, warnings = chosen(arguments, workspace, here, progress)
            parent = parent_of(arguments.against, candidates[0], here)
            require_packable(candidates, parent, force=arguments.force)
            measured = benchmark_of(arguments.benchmark, workspace, candidates)
            files = contents(
                candidates,
                parent,
                measured,
                force=arguments.force,
                named=arguments.against is not None,
                progress=progress,
            )
        finally:
            progress.clear()
    write_zip(files, arguments.out)
    against = None if arguments.against is None else parent
    warnings += [warning for variant in candidates for warning in warnings_of(variant, against)]
    told = {
        "schema": SCHEMA,
        "file": str(arguments.out),
        "size_bytes": arguments.out.stat().st_size,
        "files": len(files),
        "candidates": [{"name": variant.full_name, "digest": variant.digest} for variant in candidates],
        "against": None if parent is None else parent.full_name,
        "benchmark": None if measured is None else measured.measured_at,
        "warnings": warnings,
    }
    if arguments.json:
        print_json(told)
        return 0
    print_packed(told)
    return 0


def print_packed(told: dict[str, Any]) -> None:
    """Print what was packed and what to do with it."""
    names = ", ".join(candidate["name"] for candidate in told["candidates"])
    print(one_line(f"{told['file']}: {names}, {told['files']} files, {told['size_bytes'] / 1e6:.1f} MB"))
    said = [] if told["against"] is None else [f"verdicts are compared with {told['against']}'s"]
    measured = told["benchmark"]
    said.append("no benchmark is kept" if measured is None else f"with the benchmark of {measured}")
    said += [f"warning: {warning}" for warning in told["warnings"]]
    said.append("on the target: python verify.py --out target.json; here: vibench bundle --import target.json")
    for sentence in said:
        for line in indented(sentence):
            print(line)


def check_place(out: Path) -> None:
    """Raise `FileAccessError` unless a file can be written where it is asked for."""
    folder = out.absolute().parent
    if not folder.is_dir():
        raise FileAccessError(str(out), f"there is no folder {folder.name}")
    if out.is_dir():
        raise FileAccessError(str(out), "it is a folder")
    if not os.access(folder, os.W_OK):
        raise FileAccessError(str(out), f"nothing may be written into {folder.name}")


def chosen(
    arguments: Namespace, workspace: "Workspace", here: "Sequence[Variant]", progress: WorkProgress
) -> "tuple[list[Variant], list[str]]":
    """Return the variants that are named or that a search found, each once, and warnings; folders are tried before."""
    from optimization.admission import admit
    from vibench.front import front_of, variants_of
    from workspace.naming import resolve

    if not arguments.variants and arguments.candidates is None:
        raise UsageError("a VARIANT is missing", HELP)
    found: dict[str, Variant] = {}
    for name in arguments.variants:
        variant = resolve(name, here)
        if not any(variant is known for known in here):  # a folder, which anybody may have written
            variant = admit(variant.weights.parent, workspace.settings.reader_limits)
        found.setdefault(variant.digest, variant)
    warnings: list[str] = []
    if arguments.candidates is not None:
        front = front_of(json_of(arguments.candidates), arguments.candidates.name)
        warnings += front.warnings
        for variant in variants_of(front, workspace, progress):
            found.setdefault(variant.digest, variant)
    return list(found.values()), warnings


def json_of(path: Path) -> Any:
    """Read a JSON file that a command printed; raises `FileAccessError` or `BundleError`."""
    import json

    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_JSON_BYTES + 1)
    except OSError as error:
        raise FileAccessError(path.name, (error.strerror or str(error)).lower()) from error
    try:
        if len(data) > LARGEST_JSON_BYTES:
            raise ValueError("it is too large")
        return json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"{path.name} is no JSON document ({error})", "give what a command printed with --json"
        ) from error


def parent_of(against: str | None, variant: "Variant", here: "Sequence[Variant]") -> "Variant | None":
    """Return what the verdicts are held against: the one named, or what the variant was made from, where it is kept."""
    from vibench import model_told
    from workspace.naming import resolve

    return model_told.parent_of(variant, here) if against is None else resolve(against, here)


def benchmark_of(path: Path | None, workspace: "Workspace", candidates: "Sequence[Variant]") -> "Benchmark | None":
    """Return a benchmark for the report: from a file, or the newest kept one that measured the first candidate."""
    from optimization.measuring.measurement import Benchmark

    if path is not None:
        return Benchmark.from_json(json_of(path))
    return next((made for made in kept_benchmarks(workspace) if measures(made, candidates[0].digest)), None)


def measures(made: "Benchmark", digest: str) -> bool:
    """Whether a benchmark has a row of a variant."""
    return any(row.digest == digest for row in made.rows)


def kept_benchmarks(workspace: "Workspace") -> "list[Benchmark]":
    """Return the benchmarks that jobs of the workspace made, the newest first."""
    from engine.errors import BenchmarkError
    from optimization.measuring.measurement import Benchmark

    found = []
    for job in workspace.jobs.list("succeeded", kind="benchmark"):
        try:
            found.append(Benchmark.from_json(job.result or {}))
        except BenchmarkError:  # an older Vibench wrote what can't be read here
            continue
    return found


def bring(path: Path, benchmark: Path | None, *, as_json: bool) -> int:
    """Show what a target found beside what was measured here, and keep it; the exit status is the target's outcome."""
    from optimization.bundle.target_result import read_target
    from optimization.measuring.measurement import Benchmark
    from workspace.targets import keep

    document = read_target(path)
    given = [] if benchmark is None else [Benchmark.from_json(json_of(benchmark))]
    if document["checksums"]["wrong"]:
        wrong = document["checksums"]["wrong"][0]
        raise BundleError(f"The bundle on the target was damaged: {wrong}", "unpack it there again, and run verify.py")
    with seeded_workspace() as workspace:
        here = {variant.digest: variant for variant in workspace.variants.list()}
        known = [candidate for candidate in document["candidates"] if candidate["digest"] in here]
        if not known:
            remedy = "open the workspace that the bundle was made in, or add its variants with `vibench models add`"
            raise BundleError(f"{path.name} is about no variant that is here", remedy)
        keep(workspace.folder, document)
        made = [*given, *kept_benchmarks(workspace)]
    threads = document["machine"]["used_threads"]
    rows = {candidate["digest"]: row_here(made, candidate["digest"], threads) for candidate in known}
    doubts = [doubt for each in known if (doubt := doubt_of(each, here[each["digest"]], document["machine"]))]
    if as_json:
        measured = {digest: None if row is None else row.p50_ms for digest, row in rows.items()}
        print_json(document | {"workstation_p50_ms": measured, "warnings": doubts})
    else:
        print_brought(document, {digest: variant.full_name for digest, variant in here.items()}, rows, doubts)
    return STATUS["undecided" if doubts and document["outcome"] == "passed" else document["outcome"]]


def doubt_of(candidate: dict[str, Any], variant: "Variant", machine: dict[str, Any]) -> str | None:
    """Say why the proof that is kept here does not hold on a machine for which the target claims it."""
    from optimization.bundle.contents import proof_of
    from optimization.bundle.target.proof import held_here

    held = held_here({"name": variant.full_name, "proof": proof_of(variant)}, machine, candidate["parity"])
    if held["holds_here"] or not candidate["proof"]["holds_here"]:
        return None
    kept = held["sentence"].replace("in this bundle", f"of {variant.full_name} that is kept here")
    return f"the target says that the proof holds there. {kept}"


def row_here(made: "Sequence[Benchmark]", digest: str, threads: int) -> "Row | None":
    """Return what the newest benchmark measured of a variant on one window, on the runtime that targets use."""
    for benchmark in made:
        for row in benchmark.rows:
            if (row.digest, row.batch, row.threads, row.runtime) == (digest, 1, threads, "onnxruntime"):
                return row
    return None


def print_brought(
    document: dict[str, Any], names: dict[str, str], rows: "dict[str, Row | None]", doubts: "Sequence[str]"
) -> None:
    """Print the target's numbers beside those of this machine."""
    machine = document["machine"]
    flags = " ".join(machine["instruction_sets"] or []) or "no instruction sets for reduced precision told"
    print(one_line(f"{machine['cpu']}, {flags}; onnxruntime {machine['versions']['onnxruntime']}, {machine['system']}"))
    head = (
        "variant",
        "outcome",
        "verdicts changed",
        "window ms",
        "here ms",
        "ratio",
        "hop p90 ms",
        "p99 ms",
        "of a hop",
    )
    print_table(head, [row_of(candidate, names, rows) for candidate in document["candidates"]])
    said = [*document["reasons"], *(f"warning: {doubt}" for doubt in doubts)]
    if any(row is None for row in rows.values()):
        missing = next(names[digest] for digest, row in rows.items() if row is None)
        said.append(
            f"`vibench benchmark {missing} --json > here.json` and --benchmark here.json fill the column of here"
        )
    for sentence in said:
        for line in indented(sentence):
            print(line)


def row_of(candidate: dict[str, Any], names: dict[str, str], rows: "dict[str, Row | None]") -> tuple[str, ...]:
    """Return a candidate's line of the table."""
    parity, taken = candidate["parity"], candidate["latency"]
    row = rows.get(candidate["digest"])
    name = names.get(candidate["digest"], f"{candidate['name']} (not here)")
    changed = f"{parity['verdicts_changed']} of {parity['recordings']}"
    here = "–" if row is None else f"{row.p50_ms:.3g}"
    if taken is None:
        return one_line(name), candidate["outcome"], changed, "–", here, "–", "–", "–", "–"
    p50, p99 = taken["network"]["p50_ms"], taken["hop"]["p99_ms"]
    return (
        one_line(name),
        candidate["outcome"],
        changed,
        f"{p50:.3g}",
        here,
        "–" if row is None else f"{p50 / row.p50_ms:.2f}",
        f"{taken['hop']['p90_ms']:.3g}",
        "–" if p99 is None else f"{p99:.3g}",
        f"{100 * taken['hop_share']:.2g} %",
    )
