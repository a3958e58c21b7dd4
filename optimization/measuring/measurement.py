"""What a benchmark measured, and the machine and settings without which it means nothing."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, Self

import numpy as np

from engine.errors import BenchmarkError
from engine.machine import Machine
from engine.runtimes.base import BATCH
from optimization.measuring.candidate import on_runtime
from optimization.measuring.json_fields import built, plain

SCHEMA = "vibench.benchmark/1"
Speed = Literal["baseline", "faster", "slower", "tie"]

LARGEST_BATCH = BATCH  #: a session cuts larger ones, so their latency would be that of several calls
WINDOWS_SAID = ("source", "recording", "count")  #: of the windows that were given to the variants
#: Below the lower end an interval has too little to rest on.
FEWEST_ROUNDS, MOST_ROUNDS = 10, 10_000
MOST_PROCESSES = 20


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
        Rounds of one batch size and number of threads, `FEWEST_ROUNDS` to `MOST_ROUNDS`; each measures every candidate
        once, for 10 ms or one call, in changing order. With the default, four variants of a small network take less
        than a minute.
    baseline : str or None
        Full name of the variant that ratios are to; the first ONNX one, or else the first, if ``None``. It is the
        baseline on its usual runtime, or on the first on which it is measured.
    runtimes : tuple of str
        Runtimes to measure each variant on, as far as they take its format; on its usual one if there are none.
    processes : int
        Fresh processes over which the rounds are divided, 1 to `MOST_PROCESSES`. Where memory happens to lie makes
        one process slower than the next for as long as it lives, so fewer than five say little of that.

    Raises
    ------
    BenchmarkError
        If one of them can't be.
    """

    batches: tuple[int, ...] = (1,)
    threads: tuple[int, ...] = (1,)
    rounds: int = 200
    baseline: str | None = None
    runtimes: tuple[str, ...] = ()
    processes: int = 5

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
        most = min(MOST_PROCESSES, self.rounds)
        if not 1 <= self.processes <= most:
            reason = f"{self.rounds} rounds can't be divided over {self.processes} processes"
            raise BenchmarkError(reason, f"give a number of processes from 1 to {most}")
        if len(set(self.runtimes)) < len(self.runtimes):
            raise BenchmarkError(f"{', '.join(self.runtimes)} names a runtime twice", "name each once")


@dataclass(frozen=True, slots=True)
class Row:
    """One variant on one runtime, at one batch size and number of threads; latencies are of a call with the batch.

    ``ratio`` is the latency over the baseline's of the same round, its median over rounds, with a 95 % bootstrap
    interval; ``verdict`` says what the interval allows to say. ``throughput_per_s`` is in windows.
    ``load_ms`` is a session's loading, its library imported and its file in the system's cache; ``first_ms`` the first
    call after it; ``peak_rss_mb`` of a process that holds this variant alone, Python and runtime included. All three
    are measured once, in a process of their own. ``proof`` is what the variant's verification says: ``verdict``,
    ``flips``, ``recordings``, ``flips_upper_bound``, ``top1_agreement``, ``sqnr_db``, and ``stale`` where it was made
    on another kind of machine or runtime; empty for one without.

    What follows is ``None`` where it was not measured. ``realtime_factor`` is the seconds of signal whose windows, a
    hop apart, are answered in a second of computing; ``hop_share`` the median call over a hop's duration.
    ``ratio_to_best_fp32`` is as ``ratio``, to ``best_fp32``: the fastest of those that compute in float32, whatever the
    baseline. ``forecast`` is the ratio to the baseline that was expected before.
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
    realtime_factor: float | None = None
    hop_share: float | None = None
    best_fp32: str | None = None
    ratio_to_best_fp32: float | None = None
    ratio_to_best_fp32_low: float | None = None
    ratio_to_best_fp32_high: float | None = None
    verdict_to_best_fp32: Speed | None = None
    forecast: float | None = None

    @property
    def full_name(self) -> str:
        """``NETWORK/VARIANT``, as it is shown and typed."""
        return f"{self.network}/{self.variant}"

    @property
    def label(self) -> str:
        """The variant's name, and the runtime's title behind it unless that is a usual one."""
        return on_runtime(self.variant, self.runtime)

    @property
    def title(self) -> str:
        """As `label`, with the network."""
        return on_runtime(self.full_name, self.runtime)

    @property
    def forecast_error(self) -> float | None:
        """By which share the forecast missed the measured ratio: 0.1 where it expected a tenth too much."""
        return None if self.forecast is None else self.forecast / self.ratio - 1


#: Fields of a row that older files don't have.
ADDED = tuple(field.name for field in fields(Row) if field.default is not MISSING)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A variant on a runtime that refused it, and why."""

    candidate: str
    reason: str


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
class FileToVerdict:
    """What the steps of a diagnosis take, each its median of several after a first one.

    Attributes
    ----------
    duration_s : float
        Of the recording.
    windows : int
        In it, all given to the network at once.
    read_ms : float
        From the file to a signal: in the child with limits that every recording is read in, and with its SHA-256.
    prepare_ms : float
        Resampling, windows and their normalisation.
    predict_ms : float
        The network.
    judge_ms : float
        From logits to the verdict and its cautions.
    """

    duration_s: float
    windows: int
    read_ms: float
    prepare_ms: float
    predict_ms: float
    judge_ms: float

    @property
    def total_ms(self) -> float:
        """All of them."""
        return self.read_ms + self.prepare_ms + self.predict_ms + self.judge_ms

    @property
    def inference_share(self) -> float:
        """Share that the network takes, 0 to 1."""
        return self.predict_ms / self.total_ms


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
    file_to_verdict : FileToVerdict or None
        What the baseline's diagnosis of a simulated recording takes, step by step; ``None`` where none can be simulated
        for its card.
    left_out : tuple of LeftOut
        What a runtime refused to execute.
    """

    machine: Machine
    settings: BenchmarkSettings
    windows: Mapping[str, Any]
    rows: tuple[Row, ...]
    controls: tuple[Control, ...]
    noisy: bool
    measured_at: str
    seconds: float
    file_to_verdict: FileToVerdict | None = None
    left_out: tuple[LeftOut, ...] = ()

    @property
    def forecast_error(self) -> float | None:
        """Median over rows of how far the forecast missed, either way, as a share; ``None`` where there was none."""
        missed = [abs(row.forecast_error) for row in self.rows if row.forecast_error is not None]
        return float(np.median(missed)) if missed else None

    def rows_at(self, batch: int, threads: int) -> tuple[Row, ...]:
        """Return the rows of one batch size and number of threads, in the order in which variants were given."""
        return tuple(row for row in self.rows if (row.batch, row.threads) == (batch, threads))

    def baseline_at(self, batch: int, threads: int) -> Row | None:
        """Return the baseline's row; ``None`` if these were not measured."""
        return next((row for row in self.rows_at(batch, threads) if row.verdict == "baseline"), None)

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
        file = self.file_to_verdict
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
            "file_to_verdict": file and asdict(file) | {"inference_share": file.inference_share},
            "left_out": [asdict(each) for each in self.left_out],
            "forecast_error": self.forecast_error,
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
            file = data.get("file_to_verdict")
            left_out = data.get("left_out", [])
            if not isinstance(left_out, list):
                raise TypeError(f"left_out is {left_out!r}")
            return cls(
                machine=built(Machine, data["machine"]),
                # An older one was measured in one process.
                settings=built(BenchmarkSettings, {"processes": 1, **data["settings"]}, added=("runtimes",)),
                windows={name: data["windows"][name] for name in WINDOWS_SAID},
                rows=tuple(built(Row, row, added=ADDED) for row in data["rows"]),
                controls=tuple(built(Control, control) for control in data["controls"]),
                noisy=bool(data["noisy"]),
                measured_at=str(data["measured_at"]),
                seconds=float(data["seconds"]),
                file_to_verdict=None if file is None else built(FileToVerdict, file),
                left_out=tuple(built(LeftOut, each) for each in left_out),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BenchmarkError(f"This is no benchmark ({error})", "measure again") from error
