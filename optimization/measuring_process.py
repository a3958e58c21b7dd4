"""Processes that do nothing but measure: fresh ones, so that no measurement inherits another's memory or threads.

Both ends of the conversation are here. The parent writes one line of JSON and the windows as ``.npy`` to the child's
standard input, so that no file is left behind however it ends; the child answers with lines of JSON.

    parent  --request, windows-->  child
    child   --{"done": rounds}*, then {"result": …} or {"error": code, "arguments": […]}-->  parent
"""

import gc
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BenchmarkError, ModelError
from engine.readers.child import die_with
from engine.runtimes import Session, load, runtime_for
from engine.variant import Variant

#: A slot is a variant's turn in a round: as many calls as take so long, at least one. Long enough for a median,
#: short enough that a disturbance meets all variants of a round.
SLOT_NS = 10_000_000
WARM_UP_NS, WARM_UP_CALLS = 300_000_000, 3
TOLD_EVERY_NS = 200_000_000
#: Fewest calls from which a 99 % quantile is told: with fewer, even the second slowest call may lie below it with
#: a probability above 1 %, as ``0.99**n + n * 0.01 * 0.99**(n - 1) <= 0.01`` asks for n >= 662. MLPerf Inference
#: holds its single streams to the same number (V. J. Reddi et al., 2020, arXiv:1911.02549).
CALLS_FOR_P99 = 662
#: What each runtime imports at its first use; a load is timed without it.
LIBRARIES = {"onnxruntime": ("onnxruntime",), "pytorch": ("torch", "safetensors.torch")}
#: Isolated, so that neither the folder it starts in nor the environment decides what it imports.
CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from optimization.measuring_process import serve; "
    "serve(int(sys.argv[2]))"
)


@dataclass(frozen=True, slots=True)
class Alone:
    """What a process tells that holds one variant alone; memory is all of its own, Python and runtime included."""

    load_ms: float
    first_ms: float
    peak_rss_mb: float


@dataclass(frozen=True, slots=True)
class Timed:
    """One variant's part in the rounds.

    Attributes
    ----------
    rounds_ms : tuple of float
        Median call of each round.
    p50_ms, p90_ms : float
        Of all calls.
    p99_ms : float or None
        ``None`` with fewer than `CALLS_FOR_P99` calls.
    calls_per_s : float
        Calls over the time that they took.
    """

    rounds_ms: tuple[float, ...]
    p50_ms: float
    p90_ms: float
    p99_ms: float | None
    calls_per_s: float


def measure_alone(variant: Variant, windows: NDArray[np.float32], threads: int) -> Alone:
    """Load and run a variant in a process of its own.

    Parameters
    ----------
    variant : Variant
        What to measure.
    windows : ndarray of float32, shape (W, C, L)
        One batch.
    threads : int
        Threads that it computes with.

    Raises
    ------
    BenchmarkError, ModelError
        If the process dies, or the variant can't be loaded.
    """
    return Alone(**ask({"measure": "alone"}, [variant], windows, threads))


def measure_rounds(
    variants: Sequence[Variant],
    windows: NDArray[np.float32],
    *,
    batch: int,
    threads: int,
    rounds: int,
    told: Callable[[int], None],
) -> list[Timed]:
    """Run variants by turns in one process, each once a round in an order that changes from round to round.

    Parameters
    ----------
    variants : sequence of Variant
        One that is named twice is loaded twice.
    windows : ndarray of float32, shape (W, C, L)
        At least one batch; calls go through them batch by batch.
    batch, threads, rounds : int
        Windows a call, threads that each computes with, and rounds.
    told : callable
        Told how many rounds are done, several times a second; what it raises ends the process.

    Raises
    ------
    BenchmarkError, ModelError
        If the process dies, or a variant can't be loaded.
    """
    request = {"measure": "rounds", "batch": batch, "rounds": rounds}
    answers = ask(request, variants, windows, threads, told)
    return [Timed(**{**answer, "rounds_ms": tuple(answer["rounds_ms"])}) for answer in answers]


def ask(
    request: Mapping[str, Any],
    variants: Sequence[Variant],
    windows: NDArray[np.float32],
    threads: int,
    told: Callable[[int], None] = lambda _: None,
) -> Any:
    """Start a child, ask it one thing, and return its result."""
    described = [{"description": each.describe(), "weights": str(each.weights.absolute())} for each in variants]
    line = json.dumps({**request, "variants": described, "threads": threads}) + "\n"
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
    variants = [Variant.from_description(each["description"], Path(each["weights"])) for each in request["variants"]]
    try:
        if request["measure"] == "alone":
            answer(result=alone(variants[0], windows, request["threads"]))
        else:
            with ExitStack() as loaded:
                sessions = [loaded.enter_context(load(each, threads=request["threads"])) for each in variants]
                batches = batches_of(windows, request["batch"])
                answer(result=take_turns(sessions, batches, request["rounds"], lambda done: answer(done=done)))
    except ModelError as error:
        answer(error=error.code, arguments=error.args)


def alone(variant: Variant, windows: NDArray[np.float32], threads: int) -> dict[str, float]:
    """Load a variant whose file is in the system's cache, run it a few times, and return the fields of `Alone`."""
    for library in LIBRARIES[runtime_for(variant).name]:
        import_module(library)
    variant.weights.read_bytes()
    began = time.perf_counter_ns()
    with load(variant, threads=threads) as session:
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


def batches_of(windows: NDArray[np.float32], batch: int) -> list[NDArray[np.float32]]:
    """Cut windows into whole batches."""
    return [windows[start : start + batch] for start in range(0, len(windows) - batch + 1, batch)]


def take_turns(
    sessions: Sequence[Session],
    batches: Sequence[NDArray[np.float32]],
    rounds: int,
    told: Callable[[int], None],
) -> list[dict[str, Any]]:
    """Run sessions by turns; return the fields of `Timed` for each."""
    calls = [calls_a_slot(session, batches) for session in sessions]
    taken = [np.empty((rounds, count), dtype=np.int64) for count in calls]
    order = np.random.default_rng(0)
    gc.collect()
    gc.disable()  # a collection would fall into whichever slot happens to be running
    try:
        last_told = time.perf_counter_ns()
        for number in range(rounds):
            for turn in order.permutation(len(sessions)):
                fill_slot(sessions[turn], batches, number, taken[turn][number])
            if (now := time.perf_counter_ns()) - last_told > TOLD_EVERY_NS or number + 1 == rounds:
                told(number + 1)
                last_told = now
    finally:
        gc.enable()
    return [timed(each) for each in taken]


def calls_a_slot(session: Session, batches: Sequence[NDArray[np.float32]]) -> int:
    """Warm a session up and return how many calls fill a slot."""
    count, began = 0, time.perf_counter_ns()
    while (took := time.perf_counter_ns() - began) < WARM_UP_NS or count < WARM_UP_CALLS:
        session.predict(batches[count % len(batches)])
        count += 1
    return max(1, round(SLOT_NS * count / took))


def fill_slot(session: Session, batches: Sequence[NDArray[np.float32]], first: int, taken: NDArray[np.int64]) -> None:
    """Call a session as often as ``taken``, of shape (calls,), has room, and write there how long each took, in ns.

    Calls go through the batches from number ``first`` on, and through them again.
    """
    predict, now = session.predict, time.perf_counter_ns
    for call in range(taken.size):
        batch = batches[(first + call) % len(batches)]
        began = now()
        predict(batch)
        taken[call] = now() - began


def timed(taken: NDArray[np.int64]) -> dict[str, Any]:
    """Return the fields of `Timed` from nanoseconds of shape (rounds, calls)."""
    p50, p90, p99 = np.quantile(taken, (0.5, 0.9, 0.99)) / 1e6
    return {
        "rounds_ms": (np.median(taken, axis=1) / 1e6).tolist(),
        "p50_ms": float(p50),
        "p90_ms": float(p90),
        "p99_ms": float(p99) if taken.size >= CALLS_FOR_P99 else None,
        "calls_per_s": taken.size / (float(taken.sum()) / 1e9),
    }
