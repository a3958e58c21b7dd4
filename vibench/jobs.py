"""``vibench jobs``: what waits, runs and has ended; end one, or try one again."""

from argparse import SUPPRESS, Namespace
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from vibench.output import indented, one_line, print_json, print_table
from vibench.parser import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workspace.jobs.job import Job, JobProgress, LogLine
    from workspace.jobs.queue import JobQueue

SUMMARY = "Show the jobs and their logs, cancel one, or try one again."
EXAMPLE = "vibench jobs show 3f9c2a71d0"
ACTIONS = {
    "list": "every job: those that run, those that wait, the newest that ended",
    "show": "one of them, with its log",
    "cancel": "end one that waits or runs",
    "retry": "queue one again that failed or was cancelled",
}


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``vibench jobs``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions (default: list)")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    for name, told in ACTIONS.items():
        example = f"vibench jobs {name}" + ("" if name == "list" else " 3f9c2a71d0")
        action = actions.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.", example=example)
        if name != "list":
            action.add_argument("id", metavar="ID", help="as `vibench jobs` shows it")
        # After the action too, where it must not undo what stood before.
        action.add_argument("--json", action="store_true", default=SUPPRESS, help="one JSON document")


def run(arguments: Namespace) -> int:
    """List the jobs, or do what was asked of one."""
    from workspace.settings import load_settings
    from workspace.workspace import Workspace

    # This process listens nowhere, so an address that would need a token is no reason to refuse.
    with Workspace.open(load_settings(host="127.0.0.1")) as workspace:
        queue = workspace.jobs
        if arguments.action == "show":
            show(queue.get(arguments.id), queue.log(arguments.id), as_json=arguments.json)
        elif arguments.action == "cancel":
            told(queue.cancel(arguments.id), as_json=arguments.json)
        elif arguments.action == "retry":
            told(queue.retry(arguments.id), as_json=arguments.json)
        else:
            show_all(queue, as_json=arguments.json)
    return 0


def show_all(queue: "JobQueue", *, as_json: bool) -> None:
    """Print a line for each job."""
    jobs = queue.list()
    if as_json:
        print_json([facts(job) for job in jobs])
        return
    if not jobs:
        print("There is no job; the pages Models and Benchmark start them.")
        return
    rows = [(job.id, state_of(job), since(job), f"{job.title} {job.subject}") for job in jobs]
    print_table(("job", "state", "since", "what"), [tuple(map(one_line, row)) for row in rows])
    if any(job.state in {"queued", "running"} for job in jobs) and not queue.worker_alive():
        print("No worker runs, so none of these goes on: start one with `vibench serve` or `vibench worker`.")


def show(job: "Job", log: "Sequence[LogLine]", *, as_json: bool) -> None:
    """Print all that is known of a job."""
    if as_json:
        lines = [{"at": line.at.isoformat(), "attempt": line.attempt, "text": line.text} for line in log]
        print_json(facts(job) | {"parameters": dict(job.parameters), "result": job.result, "log": lines})
        return
    print(one_line(f"{job.title} {job.subject}: {state_of(job)}"))
    if job.progress is not None:
        print("\n".join(indented(progress_told(job.progress))))
    if job.error is not None:
        print("\n".join(indented(job.error["message"])))
    for line in log:
        print(f"  {clock(line.at)}  {one_line(line.text)}")


def told(job: "Job", *, as_json: bool) -> None:
    """Print what became of a job that something was asked of."""
    if as_json:
        print_json(facts(job))
    else:
        print(one_line(f"{job.id} {job.title} {job.subject}: {state_of(job)}"))


def facts(job: "Job") -> dict[str, Any]:
    """Return what a list says of a job; its parameters and its result, which may be long, are shown alone."""
    times = {name: getattr(job, name) for name in ("queued_at", "started_at", "ended_at")}
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "subject": job.subject,
        "state": job.state,
        "alone": job.alone,
        "cancelling": job.cancelling,
        "attempt": job.attempt,
        "progress": None if job.progress is None else asdict(job.progress),
        "error": job.error,
    } | {name: None if at is None else at.isoformat() for name, at in times.items()}


def state_of(job: "Job") -> str:
    """Return a job's state in a word or two."""
    return "being cancelled" if job.cancelling else job.state


def since(job: "Job") -> str:
    """Return when a job came into its state."""
    return clock(job.ended_at or job.started_at if job.state != "queued" else job.queued_at)


def clock(at: "datetime | None") -> str:
    """Return a time as the clock on the wall here shows it."""
    return "" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def progress_told(progress: "JobProgress") -> str:
    """Return how far a job is, in one line."""
    counted = f", {progress.done} of {progress.total}" if progress.total else ""
    left = "" if progress.left_s is None else f", about {progress.left_s:.0f} s left"
    return f"{progress.what}{counted}{left}"
