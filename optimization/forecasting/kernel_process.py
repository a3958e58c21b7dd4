"""A process that measures a machine's kernels, and what it is asked through.

parent  --nothing-->  child
child   --{"done": rounds}*, then {"result": …}-->  parent
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BenchmarkError
from engine.readers.child import die_with
from optimization.forecasting.kernel_builder import NUMPY
from optimization.forecasting.kernel_graphs import CHAIN, KernelGraph, axes_of, chain, kernel_graphs
from optimization.measuring.process import environment, result_of, why_it_died
from optimization.progress import Progress, silent

#: Every graph is run so often a round, and graphs take turns: a slow second meets all of them.
ROUNDS, CALLS = 8, 4
CHAIN_TURNS = 10  #: a round
CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from optimization.forecasting.kernel_process import serve; serve(int(sys.argv[2]), int(sys.argv[3]))"
)


def measure_kernels(progress: Progress = silent, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure this machine's kernels in a process of their own, on one thread.

    Parameters
    ----------
    progress : callable
        Told how many rounds are done.
    rounds : int
        How often each kernel is measured; fewer leave more of what else goes on in the machine.

    Returns
    -------
    dict
        ``call_s``, what a call costs beside its nodes; ``node_s``, what a node costs that computes next to nothing;
        ``kernels``, for each its ``axes`` and ``times_s``: rows of a size along the axes and a node's seconds there.

    Raises
    ------
    BenchmarkError
        If the process dies.
    """
    folders = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(  # noqa: S603 - it is Python itself
            [sys.executable, "-I", "-c", CHILD, folders, str(os.getpid()), str(rounds)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment(1),
            start_new_session=True,  # Ctrl-C is for the program in the terminal, which ends the child
        )
        assert child.stdout is not None
        try:
            measured: dict[str, Any] = result_of(
                child.stdout, lambda done: progress("Measuring this machine's kernels", done, rounds)
            )
        except EOFError:
            raise BenchmarkError(*why_it_died(child.wait(), said)) from None
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
    return measured


def serve(parent: int, rounds: int) -> None:
    """Measure once: the child's whole work."""
    die_with(parent)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    measured = measure(
        list(kernel_graphs()), rounds, lambda done: print(json.dumps({"done": done}), file=answers, flush=True)
    )
    print(json.dumps({"result": measured}), file=answers, flush=True)


def measure(graphs: Sequence[KernelGraph], rounds: int, told: Callable[[int], None]) -> dict[str, Any]:
    """Run graphs by turns; return as `measure_kernels`."""
    calls = [caller(graph.content) for graph in graphs]
    chains = {count: caller(chain(count)) for count in (1, CHAIN)}
    times: list[list[float]] = [[] for _ in calls]
    of_chains: dict[int, list[float]] = {count: [] for count in chains}
    for number in range(rounds):
        for call, taken in zip(calls, times, strict=True):
            taken.extend(timed(call, CALLS))
        for _ in range(CHAIN_TURNS):
            for count, call in chains.items():
                of_chains[count] += timed(call, CALLS)
        told(number + 1)
    one, many = (usual(of_chains[count]) for count in (1, CHAIN))
    node_s = (many - one) / (CHAIN - 1)
    call_s = one - node_s
    kernels: dict[str, dict[str, Any]] = {}
    for graph, taken in zip(graphs, times, strict=True):
        row = kernels.setdefault(graph.kernel, {"axes": axes_of(graph.kernel), "times_s": []})
        row["times_s"].append([*graph.place, max(node_s / 2, (usual(taken) - call_s) / graph.copies)])
    return {"call_s": call_s, "node_s": node_s, "kernels": kernels}


def timed(call: Callable[[], Any], count: int) -> list[float]:
    """Call so often and return the seconds of each, but for the first, which finds another kernel's caches."""
    taken = []
    for _ in range(count):
        began = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - began) / 1e9)
    return taken[1:]


def usual(seconds: Sequence[float]) -> float:
    """Return the lower quartile: what else goes on in a machine only ever adds to a time."""
    return float(np.quantile(seconds, 0.25))


def caller(content: bytes) -> Callable[[], Any]:
    """Return what runs a graph once, as it stands, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: its warnings speak to developers of the runtime
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    given = {each.name: numbers_like(each.type, each.shape, random) for each in session.get_inputs()}
    names = [result.name for result in session.get_outputs()]
    return lambda: session.run(names, given)


def numbers_like(kind: str, shape: Sequence[int], random: np.random.Generator) -> NDArray[Any]:
    """Return noise of a runtime's type, ``tensor(uint8)``, as large as activations are.

    Larger numbers saturate the gates of recurrent layers, whose states then sink into denormal numbers, which
    processors are slow with.
    """
    dtype = NUMPY[kind.removeprefix("tensor(").removesuffix(")")]
    numbers = random.standard_normal(shape) if issubclass(dtype, np.floating) else random.integers(0, 100, shape)
    return numbers.astype(dtype)
