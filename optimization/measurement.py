"""What a benchmark measured, and the machine and settings without which it means nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import NoneType
from typing import Any, Literal, Self, TypeVar, get_args

from engine.errors import BenchmarkError
from engine.machine import Machine
from engine.runtimes.base import BATCH

SCHEMA = "vibench.benchmark/1"
Speed = Literal["baseline", "faster", "slower", "tie"]
Kind = TypeVar("Kind")

LARGEST_BATCH = BATCH  #: a session cuts larger ones, so their latency would be that of several calls
WINDOWS_SAID = ("source", "recording", "count")  #: of the windows that were given to the variants
#: Below the lower end an interval has too little to rest on.
FEWEST_ROUNDS, MOST_ROUNDS = 10, 10_000


@dataclass(frozen=True, slots=True)
class BenchmarkSettings:
    """What to measure, and how long.

    Attributes
    ----------
    batches : tuple of int
        Windows given to a variant at once, 1 to `LARGEST_BATCH`.
    threads : tuple of int
        Threads that a session computes with.
    rounds : int
        Rounds of one batch size and number of threads, `FEWEST_ROUNDS` to `MOST_ROUNDS`; each measures every variant
        once, for 10 ms or one call, in changing order. With the default, four variants of a small network take about
        half a minute.
    baseline : str or None
        Full name of the variant that ratios are to; the first ONNX one, or else the first, if ``None``.

    Raises
    ------
    BenchmarkError
        If one of them can't be.
    """

    batches: tuple[int, ...] = (1,)
    threads: tuple[int, ...] = (1,)
    rounds: int = 200
    baseline: str | None = None

    def __post_init__(self) -> None:
        for name, values, largest in (("batch", self.batches, LARGEST_BATCH), ("threads", self.threads, None)):
            if not values or len(set(values)) < len(values):
                raise BenchmarkError(f"{values} can't be measured for {name}", "give one or several numbers, each once")
            for value in values:
                if value < 1 or (largest and value > largest):
                    allowed = f"from 1 to {largest}" if largest else "from 1 on"
                    raise BenchmarkError(f"{value} is no number for {name}", f"give one {allowed}")
        if not FEWEST_ROUNDS <= self.rounds <= MOST_ROUNDS:
            remedy = f"give a number from {FEWEST_ROUNDS} to {MOST_ROUNDS}"
            raise BenchmarkError(f"{self.rounds} rounds can't be measured", remedy)


@dataclass(frozen=True, slots=True)
class Row:
    """One variant at one batch size and number of threads; latencies are of one call with the whole batch.

    ``ratio`` is the variant's latency over the baseline's of the same round, its median over rounds, with a 95 %
    bootstrap interval; ``verdict`` says what the interval allows to say. ``throughput_per_s`` is in windows.
    ``load_ms`` is a session's loading, its library imported and its file in the system's cache; ``first_ms`` the first
    call after it; ``peak_rss_mb`` of a process that holds this variant alone, Python and runtime included. All three
    are measured once, in a process of their own. ``proof`` is what the variant's verification says: ``verdict``,
    ``flips``, ``recordings``, ``flips_upper_bound``, ``top1_agreement``, ``sqnr_db``, and ``stale`` where it was made
    on another kind of machine; empty for one without.
    """

    network: str
    variant: str
    digest: str
    backend: str
    runtime: str
    batch: int
    threads: int
    size_bytes: int
    load_ms: float
    first_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float | None
    throughput_per_s: float
    peak_rss_mb: float
    ratio: float
    ratio_low: float
    ratio_high: float
    verdict: Speed
    proof: Mapping[str, Any]

    @property
    def full_name(self) -> str:
        """``NETWORK/VARIANT``, as it is shown and typed."""
        return f"{self.network}/{self.variant}"


@dataclass(frozen=True, slots=True)
class Control:
    """The baseline measured a second time as if it were another variant; it must come out as a tie.

    ``resolution`` is the share by which two equal variants may seem to differ; a variant that differs by less is a tie.
    """

    variant: str
    batch: int
    threads: int
    ratio: float
    ratio_low: float
    ratio_high: float
    resolution: float
    verdict: Speed


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A measurement.

    Attributes
    ----------
    machine : Machine
        Where it was made.
    settings : BenchmarkSettings
        With the baseline's full name.
    windows : mapping
        What was given to the variants: ``source``, ``recording``, ``count``.
    rows : tuple of Row
        Variant by batch size by threads.
    controls : tuple of Control
        One for each batch size and number of threads.
    noisy : bool
        Whether a control was no tie: then no ratio is to be believed.
    measured_at : str
        UTC, ISO 8601.
    seconds : float
        How long it took.
    """

    machine: Machine
    settings: BenchmarkSettings
    windows: Mapping[str, Any]
    rows: tuple[Row, ...]
    controls: tuple[Control, ...]
    noisy: bool
    measured_at: str
    seconds: float

    def rows_at(self, batch: int, threads: int) -> tuple[Row, ...]:
        """Return the rows of one batch size and number of threads, in the order in which variants were given."""
        return tuple(row for row in self.rows if (row.batch, row.threads) == (batch, threads))

    def control_at(self, batch: int, threads: int) -> Control:
        """Return the control of one batch size and number of threads.

        Raises
        ------
        BenchmarkError
            If they were not measured.
        """
        for control in self.controls:
            if (control.batch, control.threads) == (batch, threads):
                return control
        raise BenchmarkError(f"Batch {batch} with threads {threads} was not measured", "choose one that was")

    def to_json(self) -> dict[str, Any]:
        """As ``vibench benchmark --json`` prints it; ``control`` is the one of ``controls`` furthest from a tie."""
        worst = max(self.controls, key=lambda control: (control.verdict != "tie", control.resolution))
        return {
            "schema": SCHEMA,
            "machine": plain(asdict(self.machine)),
            "settings": plain(asdict(self.settings)),
            "windows": dict(self.windows),
            "rows": [asdict(row) for row in self.rows],
            "control": asdict(worst),
            "controls": [asdict(control) for control in self.controls],
            "noisy": self.noisy,
            "measured_at": self.measured_at,
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the benchmark that `to_json` wrote.

        Raises
        ------
        BenchmarkError
            If it is anything else.
        """
        try:
            if data["schema"] != SCHEMA:
                raise ValueError(f"schema {data['schema']}")
            if not data["rows"] or not data["controls"]:
                raise ValueError("nothing was measured")
            return cls(
                machine=built(Machine, data["machine"]),
                settings=built(BenchmarkSettings, data["settings"]),
                windows={name: data["windows"][name] for name in WINDOWS_SAID},
                rows=tuple(built(Row, row) for row in data["rows"]),
                controls=tuple(built(Control, control) for control in data["controls"]),
                noisy=bool(data["noisy"]),
                measured_at=str(data["measured_at"]),
                seconds=float(data["seconds"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BenchmarkError(f"This is no benchmark ({error})", "measure again") from error


#: What JSON has for each type of field.
ALLOWED: Mapping[Any, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (int, float),
    Speed: (str,),
    str | None: (str, NoneType),
    float | None: (int, float, NoneType),
    tuple[int, ...]: (list,),
    tuple[str, ...]: (list,),
    dict[str, str]: (dict,),
    Mapping[str, Any]: (dict,),
}


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with their tuples as lists, as JSON has them."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def built(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """Build a dataclass from JSON, lists as tuples; raises TypeError or ValueError where a field can't be."""
    for field in fields(kind):  # type: ignore[arg-type]
        value = values[field.name]
        if isinstance(value, bool) or not isinstance(value, ALLOWED[field.type]):
            raise TypeError(f"{field.name} is {value!r}")
        if field.type is Speed and value not in get_args(Speed):
            raise ValueError(f"{field.name} is {value!r}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
