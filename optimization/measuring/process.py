"""Processes that do nothing but measure: fresh ones, so that no measurement inherits another's memory or threads.

Both ends of the conversation are here. The parent writes one line of JSON and the windows as ``.npy`` to the child's
standard input, so that no file is left behind however it ends; the child answers with lines of JSON.

    parent  --request, windows-->  child
    child   --{"done": rounds}*, then {"result": …} or {"error": code, "arguments": […]}-->  parent
"""

import base64
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BenchmarkError, ModelError
from engine.readers.child import die_with
from engine.runtimes import RUNTIMES, Session, load
from engine.variant import Variant
from optimization.measuring.candidate import Candidate
from optimization.measuring.measurement import FileToVerdict
from optimization.measuring.turns import WARM_UP_CALLS, Timed, batches_of, take_turns, timed

#: Isolated, so that neither the folder it starts in nor the environment decides what it imports.
CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from optimization.measuring.process import serve; "
    "serve(int(sys.argv[2]))"
)


@dataclass(frozen=True, slots=True)
class Alone:
    """What a process tells that holds one variant alone; memory is all of its own, Python and runtime included."""

    load_ms: float
    first_ms: float
    peak_rss_mb: float


def measure_alone(candidate: Candidate, windows: NDArray[np.float32], threads: int) -> Alone:
    """Load and run a variant in a process of its own.

    Parameters
    ----------
    candidate : Candidate
        What to measure, and on which runtime.
    windows : ndarray of float32, shape (W, C, L)
        One batch.
    threads : int
        Threads that it computes with.

    Raises
    ------
    BenchmarkError, ModelError
        If the process dies, or the variant can't be loaded.
    """
    return Alone(**ask({"measure": "alone"}, [candidate], windows, threads))


def measure_rounds(
    candidates: Sequence[Candidate],
    windows: NDArray[np.float32],
    *,
    batch: int,
    threads: int,
    rounds: int,
    told: Callable[[int], None],
    seed: int = 0,
) -> list[Timed]:
    """Run candidates by turns in one process, each once a round in an order that changes from round to round.

    Parameters
    ----------
    candidates : sequence of Candidate
        One that is named twice is loaded twice.
    windows : ndarray of float32, shape (W, C, L)
        At least one batch; calls go through them batch by batch.
    batch, threads, rounds : int
        Windows a call, threads that each computes with, and rounds.
    told : callable
        Told how many rounds are done, several times a second; what it raises ends the process.
    seed : int
        Of the order in each round.

    Raises
    ------
    BenchmarkError, ModelError
        If the process dies, or a variant can't be loaded.
    """
    request = {"measure": "rounds", "batch": batch, "rounds": rounds, "seed": seed}
    answers = ask(request, candidates, windows, threads, told)
    return [timed(np.frombuffer(base64.b64decode(answer), np.int64).reshape(rounds, -1)) for answer in answers]


def measure_file(candidate: Candidate, file: Path, threads: int) -> FileToVerdict:
    """Diagnose a recording's file in a process of its own, and tell what each step takes.

    Parameters
    ----------
    candidate : Candidate
        Whose verdict it is.
    file : Path
        What `vibench diagnose` could read without being told more.
    threads : int
        Threads that it computes with.

    Raises
    ------
    BenchmarkError, ModelError
        If the process dies, or the variant can't be loaded.
    """
    request = {"measure": "file", "file": str(file.absolute())}
    return FileToVerdict(**ask(request, [candidate], np.empty(0, np.float32), threads))


def ask(
    request: Mapping[str, Any],
    candidates: Sequence[Candidate],
    windows: NDArray[np.float32],
    threads: int,
    told: Callable[[int], None] = lambda _: None,
) -> Any:
    """Start a child, ask it one thing, and return its result."""
    line = json.dumps({**request, "candidates": [described(each) for each in candidates], "threads": threads}) + "\n"
    folders = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    with tempfile.TemporaryFile() as said:  # not a pipe, which would have to be emptied meanwhile
        child = subprocess.Popen(  # noqa: S603 - it is Python itself
            [sys.executable, "-I", "-c", CHILD, folders, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment(threads),
            start_new_session=True,  # Ctrl-C is for the program in the terminal, which ends the child
        )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            with suppress(BrokenPipeError), child.stdin:  # it may die early; what it said tells why
                child.stdin.write(line.encode())
                child.stdin.write(packed(windows))
            return result_of(child.stdout, told)
        except EOFError:
            raise BenchmarkError(*why_it_died(child.wait(), said)) from None
        finally:
            child.kill()
            child.wait()
            child.stdout.close()


def described(candidate: Candidate) -> dict[str, Any]:
    """Return a candidate as JSON; `candidate_of` takes it back."""
    variant = candidate.variant
    return {
        "description": variant.describe(),
        "weights": str(variant.weights.absolute()),
        "runtime": candidate.runtime,
    }


def candidate_of(described: Mapping[str, Any]) -> Candidate:
    """Return the candidate that the parent described."""
    variant = Variant.from_description(described["description"], Path(described["weights"]))
    return Candidate(variant, described["runtime"])


def packed(windows: NDArray[np.float32]) -> bytes:
    """Return windows as a ``.npy`` file's bytes."""
    file = io.BytesIO()
    np.save(file, windows, allow_pickle=False)
    return file.getvalue()


def environment(threads: int) -> dict[str, str]:
    """Return the child's environment: threads of all that computes, and nothing else, lest it hold a secret."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    # Threads that spin while they wait for work would slow whichever variant comes next.
    return {**dict.fromkeys(names, str(threads)), "OMP_WAIT_POLICY": "PASSIVE"}


def result_of(answers: IO[bytes], told: Callable[[int], None]) -> Any:
    """Read the child's lines until the last; raises the `ModelError` that it reports, `EOFError` if it just ends."""
    for line in answers:
        answer = json.loads(line)
        if "error" in answer:
            raise {kind.code: kind for kind in ModelError.__subclasses__()}[answer["error"]](*answer["arguments"])
        if "result" in answer:
            return answer["result"]
        told(answer["done"])
    raise EOFError


def why_it_died(status: int, said: IO[bytes]) -> tuple[str, str]:
    """Return reason and remedy for a child that ended without a result."""
    said.seek(0)
    lines = said.read().decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    ended = f"with status {status}" if status >= 0 else f"by signal {-status}"
    return f"The process that measures ended {ended} ({last})", "close other programs or measure smaller batches"


def serve(parent: int) -> None:
    """Answer one request: the child's whole work."""
    die_with(parent)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer

    def answer(**line: Any) -> None:
        print(json.dumps(line), file=answers, flush=True)

    request = json.loads(sys.stdin.buffer.readline())
    windows = np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False)
    candidates = [candidate_of(each) for each in request["candidates"]]
    threads = request["threads"]
    try:
        if request["measure"] == "alone":
            answer(result=alone(candidates[0], windows, threads))
        elif request["measure"] == "file":
            from optimization.measuring.file_to_verdict import file_to_verdict  # reads signals, which takes memory

            with loaded_by(candidates[0], threads) as session:
                answer(result=asdict(file_to_verdict(session, Path(request["file"]))))
        else:
            with ExitStack() as loaded:
                sessions = [loaded.enter_context(loaded_by(each, threads)) for each in candidates]
                batches = batches_of(windows, request["batch"])
                rounds, seed = request["rounds"], request["seed"]
                taken = take_turns(sessions, batches, rounds, lambda done: answer(done=done), seed)
                answer(result=[base64.b64encode(each.tobytes()).decode() for each in taken])
    except ModelError as error:
        answer(error=error.code, arguments=error.args)


def loaded_by(candidate: Candidate, threads: int) -> Session:
    """Load a candidate's variant with its runtime."""
    return load(candidate.variant, threads=threads, runtime=candidate.runtime)


def alone(candidate: Candidate, windows: NDArray[np.float32], threads: int) -> dict[str, float]:
    """Load a variant whose file is in the system's cache, run it a few times, and return the fields of `Alone`."""
    RUNTIMES[candidate.runtime].import_libraries()  # a load is timed without them
    candidate.variant.weights.read_bytes()
    began = time.perf_counter_ns()
    with loaded_by(candidate, threads) as session:
        loaded = time.perf_counter_ns()
        session.predict(windows)
        ran = time.perf_counter_ns()
        for _ in range(WARM_UP_CALLS):
            session.predict(windows)
        peak_rss_mb = peak_rss_bytes() / 1e6
    return {"load_ms": (loaded - began) / 1e6, "first_ms": (ran - loaded) / 1e6, "peak_rss_mb": peak_rss_mb}


def peak_rss_bytes() -> int:
    """Most memory that this process ever held; not from `resource`, whose peak a child inherits from its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (kilobytes,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kilobytes) * 1024
