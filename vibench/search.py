"""``vibench search``: find the variant to ship, within limits and a time, on this machine."""

import secrets
import shutil
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import FileAccessError, UsageError
from vibench.benchmark import check_place
from vibench.models import seeded_workspace
from vibench.output import indented, one_line, print_json, print_table
from vibench.parser import Parser
from vibench.progress import WorkProgress
from vibench.turns import turn
from vibench.verify import share

if TYPE_CHECKING:
    from engine.variant import Variant
    from optimization.recording_set import RecordingSet
    from optimization.search import Found
    from optimization.searching.candidates import Tried
    from optimization.searching.question import Question
    from workspace.workspace import Workspace

SUMMARY = "Find the variant to ship: the fastest here that keeps the limits."
EXAMPLE = "vibench search wdcnn --batch 32 --max-flips 1% --out ship.yaml"
#: Where no candidate keeps all limits, and where the machine was too busy to be believed.
MISSED, UNDECIDED = 1, 4


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench search``; what is left out has the question's own default."""
    parser.add_argument("model", metavar="MODEL", help="network or NETWORK/VARIANT, in float32 as ONNX")
    parser.add_argument("--batch", type=int, metavar="N", help="windows a call (default: 1)")
    parser.add_argument("--threads", type=int, metavar="N", help="threads to compute with (default: 1)")
    parser.add_argument("--max-flips", type=share, metavar="SHARE", help="of verdicts that may flip (default: 1%%)")
    parser.add_argument("--max-latency", type=float, metavar="RATIO", help="to the network's in float32 (default: any)")
    parser.add_argument("--max-size", type=float, metavar="RATIO", help="to the network's in float32 (default: any)")
    on = parser.add_mutually_exclusive_group()
    on.add_argument("--recordings", type=Path, metavar="DIR", help="calibrate on, learn from and prove with these")
    on.add_argument("--workspace-recordings", metavar="ID,...", help="recordings of the workspace instead")
    parser.add_argument("--resample", action="store_true", help="take recordings of other sampling rates too")
    parser.add_argument("--runtime", metavar="NAME,...", help="only these (default: all that are installed)")
    parser.add_argument("--minutes", type=float, metavar="M", help="time for all of it (default: 2.5)")
    parser.add_argument("--seed", type=int, metavar="N", help="of what the sampler draws (default: 0)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="remember all that was tried, and go on from there")
    parser.add_argument("--out", type=Path, metavar="FILE.yaml", help="write the recipe; is replaced")
    parser.add_argument("--dry-run", action="store_true", help="do not keep the variant in the workspace")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: Namespace) -> int:
    """Search, keep the variant, write its recipe, print the answer."""
    question = question_of(arguments)
    if arguments.out is not None:
        check_place(arguments.out)
    progress = WorkProgress()
    with seeded_workspace() as workspace:
        try:
            found = look(arguments, question, workspace, progress)
        finally:
            progress.clear()
    text = found.ship.yaml(str(arguments.out or "FILE.yaml"), recordings=found.own_recordings)
    if not arguments.json:
        print_found(found, text)  # before the recipe, whose disk may be full: what was found is not lost
    if arguments.out is not None and text is not None:
        write_whole(arguments.out, text)
    if arguments.json:
        print_json(found.to_json())
    return MISSED if found.ship.missed else UNDECIDED if found.noisy else 0


def question_of(arguments: Namespace) -> "Question":
    """Return what is asked; raises `SearchError` if it can't be."""
    from optimization.searching.question import Limits, Question

    limits: dict[str, Any] = {
        "flips_share": arguments.max_flips,
        "latency_ratio": arguments.max_latency,
        "size_ratio": arguments.max_size,
    }
    asked: dict[str, Any] = {name: getattr(arguments, name) for name in ("batch", "threads", "minutes", "seed")}
    if arguments.runtime is not None:
        asked["runtimes"] = tuple(part.strip() for part in arguments.runtime.split(",") if part.strip())
        if not asked["runtimes"]:
            raise UsageError("--runtime names no runtime", "vibench search --help")
    return Question(
        limits=Limits(**{name: value for name, value in limits.items() if value is not None}),
        **{name: value for name, value in asked.items() if value is not None},
    )


def look(arguments: Namespace, question: "Question", workspace: "Workspace", progress: WorkProgress) -> "Found":
    """Search in the workspace and keep what was found there, unless told not to; return it as it is kept."""
    from optimization.search import require_searchable, search
    from workspace.blobs import readable_errors
    from workspace.searches import search_folder, source_of

    start = start_of(arguments.model, workspace)
    require_searchable(start, question)
    recordings = recordings_of(arguments, workspace)
    folder = arguments.state or search_folder(workspace, start, question, recordings)
    with readable_errors(folder), turn(workspace.folder, progress, alone=True):
        found = search(
            start,
            question,
            folder,
            source=source_of(workspace, start),
            recordings=recordings,
            resample=arguments.resample,
            progress=progress,
        )
        if found.ship.chain and not arguments.dry_run:
            found = found.kept(workspace.variants.add_all(found.ship.chain))
    if arguments.state is None:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def start_of(name: str, workspace: "Workspace") -> "Variant":
    """Return the network that is meant; one in a folder, which anybody may have written, is tried first."""
    from optimization.admission import admit
    from workspace.naming import resolve

    here = workspace.variants.list()
    found = resolve(name, here)
    if any(found is known for known in here):
        return found
    return admit(found.weights.parent, workspace.settings.reader_limits)


def recordings_of(arguments: Namespace, workspace: "Workspace") -> "RecordingSet | None":
    """Return the recordings that were asked for, ``None`` for simulated ones alone."""
    from optimization.folder import folder_set
    from workspace.sets import recording_set

    if arguments.recordings is not None:
        return folder_set(arguments.recordings, limits=workspace.settings.reader_limits)
    if arguments.workspace_recordings is None:
        return None
    ids = [part.strip() for part in arguments.workspace_recordings.split(",") if part.strip()]
    if not ids:
        raise UsageError("--workspace-recordings names no recording", "vibench search --help")
    return recording_set(workspace, ids)


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FileAccessError(str(path), error.strerror or str(error)) from error


def print_found(found: "Found", recipe: str | None) -> None:
    """Print what to ship and why, the recipe, the front, and what all that rests on."""
    print(one_line(found.sentence()))
    said = [found.ship.reason]
    if found.noisy:
        said.append("The control was no tie: close other programs and search again before you believe the ratios.")
    said.append(tried_told(found))
    for sentence in said:
        for line in indented(sentence):
            print(line)
    if recipe is not None:
        print()
        print(recipe, end="")
    print()
    print_table(
        ("front", "runtime", "latency", "size", "SQNR dB", "flipped"), [front_row(each) for each in found.front]
    )


def tried_told(found: "Found") -> str:
    """Return how many candidates there were and where the time went."""
    sent_off = sum(bool(each.dropped) for each in found.candidates)
    return (
        f"{len(found.candidates)} candidates tried, {sent_off} of them sent off, in {found.seconds:.0f} s; "
        f"chosen on {found.recordings['chosen_by']} recordings, proven on {found.recordings['proven_with']} others"
    )


def front_row(tried: "Tried") -> tuple[str, ...]:
    """Return the row of a candidate that nothing beats."""
    assert tried.ratio is not None
    noise = tried.proof.get("sqnr_db")
    return (
        one_line(tried.name),
        tried.runtime,
        f"{tried.ratio.median:.3f}",
        f"{tried.size_ratio:.3f}",
        "exact" if noise is None else f"{noise:.1f}",
        f"{tried.proof['flips']} of {tried.proof['recordings']}",
    )
