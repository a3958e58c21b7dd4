"""What ``vibench search`` finds by itself, beside the forms that people make by hand from the same passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bars import Bar

from engine.runtimes import RUNTIMES
from engine.variant import Variant
from gains.forms import FORMS, OWN_WINDOW, form
from optimization.benchmark import BenchmarkSettings, benchmark, benchmark_windows
from optimization.measuring.candidate import Candidate
from optimization.recording_set import simulated_for
from optimization.search import search
from optimization.searching.question import Limits, Question
from optimization.verification import Budget, verify


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a search is made, and what its winner's latency should be at most; ``None`` where no limit is named."""

    network: str
    batch: int
    latency: float | None = None


CELLS = (Cell("wdcnn", 1, 0.60), Cell("wdcnn", 32, 0.32))
FURTHER_CELLS = (
    Cell("resnet18-1d", 1),
    Cell("cnn-bilstm", 1),
    Cell("cnn-bilstm", 32),
    Cell("patch-transformer", 1),
    Cell("patch-transformer", 32),
)
SECONDS = 180.0
#: Of the winner's latency over that of the fastest form made by hand: what a control may be off.
BESIDE_HAND = 1.02
RIVALS_PROVEN_ON, RIVALS_SEED = 400, 901


def search_bars(folder: Path, *, everywhere: bool) -> Iterator[Bar]:
    """Search in each cell, measure the winner and the forms made by hand side by side, and yield the bars."""
    for cell in (*CELLS, *(FURTHER_CELLS if everywhere else ())):
        yield from bars_in(cell, folder)


def bars_in(cell: Cell, folder: Path) -> Iterator[Bar]:
    """Search in one cell."""
    start = form(cell.network, "onnx", folder, OWN_WINDOW)
    found = search(start, Question(batch=cell.batch), folder / f"search-{cell.network}-{cell.batch}")
    ship, title = found.ship, f"{cell.network} ({cell.batch}, 1, {OWN_WINDOW}), found by search"
    yield Bar(f"{title}, seconds taken", found.seconds, found.seconds, found.seconds, SECONDS)
    if cell.latency is not None:
        named = f"{title}: {ship.candidate.title.partition('/')[2]}, latency"
        yield Bar(named, ship.row.ratio, ship.row.ratio_low, ship.row.ratio_high, cell.latency)
    rivals = [form(cell.network, name, folder, OWN_WINDOW) for name in FORMS[cell.network]]
    yield beside_hand(title, ship.candidate, start, rivals, cell.batch)


def beside_hand(title: str, winner: Candidate, start: Variant, by_hand: Sequence[Variant], batch: int) -> Bar:
    """Measure the winner beside the forms made by hand that keep the verdicts as it does."""
    variants = [winner.variant, *(one for one in by_hand if one.digest != winner.variant.digest and keeps(one, start))]
    runtimes = tuple(name for name in ("onnxruntime", "openvino") if RUNTIMES[name].available())
    windows, source = benchmark_windows(start.card, batch)
    settings = BenchmarkSettings(batches=(batch,), baseline=winner.variant.full_name, runtimes=runtimes)
    rows = benchmark(variants, settings, windows, source).rows
    mine = next(row for row in rows if (row.digest, row.runtime) == winner.key)
    fastest = min(rows, key=lambda row: row.ratio)
    name = f"{title}, latency beside the fastest by hand, {fastest.variant} on {RUNTIMES[fastest.runtime].title}"
    ratio = mine.ratio / fastest.ratio
    return Bar(name, ratio, mine.ratio_low / fastest.ratio_high, mine.ratio_high / fastest.ratio_low, BESIDE_HAND)


def keeps(variant: Variant, start: Variant) -> bool:
    """Whether a form flips no more verdicts than the winner of a search may."""
    if variant.digest == start.digest:
        return True
    recordings = simulated_for(start.card, RIVALS_PROVEN_ON, seed=RIVALS_SEED)
    return verify(variant, start, recordings, budget=Budget(flips_share=Limits().flips_share)).verdict == "equivalent"
