"""Where a variant spends its time: ONNX Runtime's own profile, operator by operator of the graph that it runs.

What it runs is not what the file holds: it fuses, drops and inserts operators when it loads a graph, and only the
profile tells which ones there are in the end.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DamagedModelError, ModelRefusedError
from engine.runtimes.onnx_file import admitted
from engine.variant import Variant
from optimization.forecasting.kernel_graphs import CHAIN, chain

#: Runs before the counted ones, so that memory is allocated and caches are filled.
WARM_UP_RUNS = 5
FEWEST_RUNS, MOST_RUNS = 10, 200
#: What counted runs may take together.
SECONDS = 0.3
#: How the runtime ends the name of the event that is a node's computing, as against waiting for it.
KERNEL = "_kernel_time"
MICROSECONDS = 1e-6
CHAIN_CALLS = 100


@dataclass(frozen=True, slots=True)
class Tensor:
    """Type, as the runtime writes it (``float``, ``uint8``), and shape of what a node takes or gives."""

    type: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class NodeTime:
    """One node of the graph that runs.

    Attributes
    ----------
    name : str
        Of the node; the runtime's own where it made the node.
    operator : str
        What it computes: ``QLinearConv``.
    seconds : float
        One call's, over all counted runs (`undisturbed`), without the profiler's own work.
    inputs, outputs : tuple of Tensor
        Weights that the runtime keeps in a form of its own are missing among the inputs.
    """

    name: str
    operator: str
    seconds: float
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class OperatorTime:
    """All nodes of one operator: how many, their time in one call, and their share of all nodes' time."""

    operator: str
    count: int
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class Profile:
    """A variant's profile on ONNX Runtime.

    Attributes
    ----------
    variant : str
        Its full name.
    batch, threads, runs : int
        Windows a call, threads that it computed with, and counted runs.
    seconds : float
        One call's, as the runtime times it, what is between nodes included.
    nodes : tuple of NodeTime
        In the order in which they run.
    """

    variant: str
    batch: int
    threads: int
    runs: int
    seconds: float
    nodes: tuple[NodeTime, ...]

    @property
    def operators(self) -> tuple[OperatorTime, ...]:
        """The operators, the one that takes longest first."""
        total = sum(node.seconds for node in self.nodes) or 1.0
        found: dict[str, list[float]] = {}
        for node in self.nodes:
            found.setdefault(node.operator, []).append(node.seconds)
        rows = (OperatorTime(name, len(each), sum(each), sum(each) / total) for name, each in found.items())
        return tuple(sorted(rows, key=lambda row: (-row.seconds, row.operator)))

    def count(self, *operators: str) -> int:
        """Return how many nodes are of these operators."""
        return sum(node.operator in operators for node in self.nodes)

    def time(self, *operators: str) -> float:
        """Return the seconds of one call that nodes of these operators take."""
        return sum(node.seconds for node in self.nodes if node.operator in operators)

    def share(self, *operators: str) -> float:
        """Return the share of all nodes' time that these operators take."""
        return self.time(*operators) / (sum(node.seconds for node in self.nodes) or 1.0)

    def to_json(self) -> dict[str, Any]:
        """As ``vibench explain --json`` prints it: the call and its operators."""
        head = {"variant": self.variant, "batch": self.batch, "threads": self.threads, "runs": self.runs}
        return {**head, "seconds": self.seconds, "operators": [asdict(row) for row in self.operators]}


def profile(variant: Variant, windows: NDArray[np.float32], *, threads: int = 1, runs: int | None = None) -> Profile:
    """Run a variant on ONNX Runtime under its profiler.

    Parameters
    ----------
    variant : Variant
        An ONNX one.
    windows : ndarray of float32, shape (B, C, L)
        One batch.
    threads : int
        Threads to compute with.
    runs : int or None
        Runs to count after `WARM_UP_RUNS`; as many as take `SECONDS` if ``None``.

    Raises
    ------
    DamagedModelError, ModelRefusedError
        If it is no ONNX variant, or can't be loaded or run.
    """
    events, counted = run_profiled(variant, windows, threads=threads, runs=runs)
    seconds, nodes = read_events(events, counted, profiler_cost())
    return Profile(variant.full_name, len(windows), threads, counted, seconds, nodes)


def trace(variant: Variant, batch: int) -> tuple[NodeTime, ...]:
    """Return the nodes that run, with the types and shapes of all that they take, weights included.

    Found out by one run, whose times mean nothing: it is the first, and weights are kept as they stand in the file.

    Raises
    ------
    DamagedModelError, ModelRefusedError
        As `profile`.
    """
    card = variant.card
    windows = np.random.default_rng(0).standard_normal((batch, card.channels, card.window), dtype=np.float32)
    events, _ = run_profiled(variant, windows, threads=1, runs=1, warm_up=0, prepacking=False)
    return read_events(events, 1)[1]


def run_profiled(
    variant: Variant,
    windows: NDArray[np.float32],
    *,
    threads: int,
    runs: int | None,
    warm_up: int = WARM_UP_RUNS,
    prepacking: bool = True,
) -> tuple[list[Mapping[str, Any]], int]:
    """Run a variant under the profiler; return its events and how many runs are to be counted."""
    import onnxruntime

    if variant.format != "onnx":
        raise ModelRefusedError(variant.full_name, "only ONNX Runtime tells where time goes; export the network first")
    model = admitted(variant)
    with TemporaryDirectory(prefix="vibench-profile-") as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: its warnings speak to developers of the runtime
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if not prepacking:
            options.add_session_config_entry("session.disable_prepacking", "1")
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        try:
            session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            given = {session.get_inputs()[0].name: windows}
            counted = call_often(lambda: session.run(None, given), warm_up, runs)
        except Exception as error:  # the runtime's errors share no class of their own
            raise DamagedModelError(variant.full_name, str(error).splitlines()[0]) from error
        written = Path(session.end_profiling())
        events: list[Mapping[str, Any]] = json.loads(written.read_text(encoding="utf-8", errors="replace"))
    return events, counted


def call_often(call: Any, warm_up: int, runs: int | None) -> int:
    """Call ``warm_up`` times and then ``runs`` times, or as often as fits into `SECONDS`; return how often."""
    last = 0.0
    for _ in range(warm_up):
        began = perf_counter()
        call()
        last = perf_counter() - began
    if runs is None:
        runs = int(np.clip(SECONDS / max(last, 1e-6), FEWEST_RUNS, MOST_RUNS))
    for _ in range(runs):
        call()
    return runs


@cache
def profiler_cost() -> float:
    """Return the seconds that the profiler adds to what it says of a node, on this machine just now.

    A chain of small nodes tells: what the profiler says of one, less what one more makes a call longer without it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    calls = {}
    for count in (1, CHAIN):
        session = onnxruntime.InferenceSession(chain(count), options, providers=["CPUExecutionProvider"])
        given = {session.get_inputs()[0].name: np.ones((1, 64, 8), np.float32)}
        calls[count] = partial(session.run, None, given)
    times: dict[int, list[float]] = {count: [] for count in calls}
    for _ in range(CHAIN_CALLS):
        for count, call in calls.items():
            began = perf_counter()
            call()
            times[count].append(perf_counter() - began)
    alone = (undisturbed(times[CHAIN]) - undisturbed(times[1])) / (CHAIN - 1)
    with TemporaryDirectory(prefix="vibench-profile-") as folder:
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "chain")
        session = onnxruntime.InferenceSession(chain(CHAIN), options, providers=["CPUExecutionProvider"])
        for _ in range(CHAIN_CALLS):
            session.run(None, given)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8", errors="replace"))
    _, nodes = read_events(events, CHAIN_CALLS - WARM_UP_RUNS)
    return max(0.0, sum(node.seconds for node in nodes) / CHAIN - alone)


def read_events(
    events: Iterable[Mapping[str, Any]], counted: int, cost: float = 0.0
) -> tuple[float, tuple[NodeTime, ...]]:
    """Return a call's seconds and its nodes from a profile's events, of which the last ``counted`` runs count.

    ``cost``, in seconds, is taken off each node and off the call for each of them.

    Only what every version of ONNX Runtime writes is asked for: events of category ``Session`` named ``model_run``,
    and within their time events of category ``Node`` whose name ends in `KERNEL`.
    """
    sessions, kernels = [], []
    for event in events:
        if event.get("cat") == "Session" and event.get("name") == "model_run":
            sessions.append((event["ts"], event["dur"]))
        elif event.get("cat") == "Node" and str(event.get("name", "")).endswith(KERNEL):
            kernels.append(event)
    last = sorted(sessions)[-counted:]
    times: dict[tuple[str, str], list[float]] = {}
    first: dict[tuple[str, str], Mapping[str, Any]] = {}
    for begun, lasted in last:
        spent: dict[tuple[str, str], float] = {}
        for event in kernels:
            if begun <= event["ts"] <= begun + lasted:
                key = (event["name"], str(event["args"].get("node_index", "")))
                spent[key] = spent.get(key, 0.0) + event["dur"] * MICROSECONDS  # a loop runs its nodes more than once
                first.setdefault(key, event)
        for key, seconds in spent.items():
            times.setdefault(key, []).append(seconds)
    nodes = tuple(node_time(event, max(0.0, undisturbed(times[key]) - cost)) for key, event in first.items())
    whole = undisturbed([lasted * MICROSECONDS for _, lasted in last]) - cost * len(nodes)
    return max(whole, sum(node.seconds for node in nodes)), nodes


def node_time(event: Mapping[str, Any], seconds: float) -> NodeTime:
    """Return the node that an event tells of."""
    said = event["args"]
    return NodeTime(
        name=str(event["name"]).removesuffix(KERNEL),
        operator=str(said.get("op_name", "unknown")),
        seconds=seconds,
        inputs=tensors(said.get("input_type_shape", ())),
        outputs=tensors(said.get("output_type_shape", ())),
    )


def tensors(said: Sequence[Mapping[str, Sequence[int]]]) -> tuple[Tensor, ...]:
    """Return types and shapes as an event lists them: ``[{"float": [1, 16, 128]}]``."""
    return tuple(Tensor(kind, tuple(shape)) for each in said for kind, shape in each.items())


def undisturbed(seconds: Sequence[float]) -> float:
    """Return the mean of what is within a step of the profiler's clock of the lower quartile.

    What else goes on in a machine only adds to a time, so the slower ones say little; and a quantile alone would keep
    the clock's steps of a microsecond, which are half of a small node's time.
    """
    numbers = np.asarray(seconds, dtype=np.float64)
    return float(numbers[numbers <= np.quantile(numbers, 0.25) + MICROSECONDS].mean())
