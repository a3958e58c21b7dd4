"""What INT8 gains and what it must not lose: ``python benchmarks/optimization.py [--json] [--data DIR]``.

One thread, interleaved, every latency and size as a ratio to ONNX Runtime's FP32 of the same network, the baseline
measured a second time as control. With --data, once for each folder with a recordings.csv, the verdicts on its
recordings that the networks' cards list are compared too.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from bars import Bar, print_bars
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.description import Description
from engine.diagnosis import diagnose
from engine.preparation import prepare
from engine.readers.contents import ReadOptions
from engine.readers.limits import Limits
from engine.runtimes import load
from engine.sidecar import describe_file
from engine.simulation.rolling import Condition, RollingBearing, simulate
from engine.variant import Variant
from optimization.benchmark import BenchmarkSettings, Row, benchmark, benchmark_windows, sentence
from optimization.comparison import upper_bound
from optimization.passes.export_onnx import ExportOnnx
from optimization.passes.quantize_static import QuantizeStatic
from optimization.recipe import Recipe, optimize
from vibench.diagnose import read_recording, recordings_in
from workspace.seeding import bundled_variants, seed
from workspace.settings import load_settings
from workspace.workspace import Workspace

LONG_WINDOW = 20_480
#: Latency and size of static INT8, at most.
LONG_RESNET_BARS, WDCNN_BARS = (0.27, 0.27), (0.75, 0.35)
AGREEMENT_BAR = 0.995
CONDITIONS: tuple[Condition, ...] = ("normal", "inner", "outer", "ball")
#: Machines of each condition, under a noise that leaves no doubt; seeds that no calibration uses.
EASY_SNR_DB, EASY_SEEDS = 20.0, range(5_000, 5_012)

Pair = tuple[Variant, Variant]  #: FP32 on ONNX Runtime, and its INT8


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", action="append", type=Path, default=[], metavar="DIR", help="may be given repeatedly")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print_bars(list(measure(Path(folder), arguments.data)), as_json=arguments.json)


def measure(folder: Path, data: Sequence[Path]) -> Iterator[Bar]:
    """Yield the bars: latency and size, agreement, and verdicts on the recordings in the folders ``data``."""
    networks = {variant.card.name: None for variant in bundled_variants()}  # each once, in their order
    kept = {network: pair_of(network, folder / "workspace") for network in networks}
    yield from gain_bars("ResNet18-1D", long_resnet(folder / "long"), LONG_RESNET_BARS)
    yield from gain_bars("WDCNN", kept["wdcnn"], WDCNN_BARS)
    for pair in kept.values():
        yield agreement_bar(pair)
    for place in data:
        for pair in kept.values():
            yield verdict_bar(pair, place)


@cache
def seeded(folder: Path) -> Workspace:
    """Return a workspace of its own with the variants that come with Vibench."""
    workspace = Workspace.open(load_settings(workspace=folder))
    seed(workspace, recordings=False, progress=lambda _: None)
    return workspace


def pair_of(network: str, folder: Path) -> Pair:
    """Return a network's FP32 and static INT8, as they come with Vibench."""
    variants = seeded(folder).variants
    return variants.find(f"{network}/onnx"), variants.find(f"{network}/int8-static")


def long_resnet(folder: Path) -> Pair:
    """Return ResNet18-1D for windows ten times as long, and its static INT8 made with the usual parameters."""
    (network,) = (variant for variant in bundled_variants() if variant.full_name == "resnet18-1d/pytorch")
    card = replace(network.card, window=LONG_WINDOW, hop=LONG_WINDOW // 2)
    made = optimize(replace(network, card=card), Recipe((ExportOnnx(), QuantizeStatic())), folder)
    fp32, int8 = (step.variant for step in made.steps)
    return fp32, int8


def gain_bars(title: str, pair: Pair, limits: tuple[float, float]) -> Iterator[Bar]:
    """Measure what INT8 gains at batch 1: in latency and in size."""
    fp32, int8 = pair
    windows, source = benchmark_windows(fp32.card, 1)
    measured = benchmark(pair, BenchmarkSettings(baseline=fp32.full_name), windows, source)
    if measured.noisy:
        print(sentence(measured, 1, 1), file=sys.stderr)
    row: Row = measured.rows[1]
    shape = f"(1, {fp32.card.channels}, {fp32.card.window})"
    yield Bar(f"{title} {shape}, INT8, latency", row.ratio, row.ratio_low, row.ratio_high, limits[0])
    size = int8.size_bytes / fp32.size_bytes
    yield Bar(f"{title} {shape}, INT8, size", size, size, size, limits[1])


def agreement_bar(pair: Pair) -> Bar:
    """Compare the classes of easy windows, simulated at the network's own length."""
    card = pair[0].card
    windows = easy_windows(card)
    fp32, int8 = (classes(variant, windows) for variant in pair)
    return share_bar(f"{card.title}, INT8, same class, {len(windows)} easy windows", fp32 == int8, AGREEMENT_BAR)


def easy_windows(card: ModelCard) -> NDArray[np.float32]:
    """Return windows of simulated machines in every condition."""
    machines = (
        RollingBearing(
            condition, seed=number, snr_db=EASY_SNR_DB, duration_s=2.0, sampling_rate_hz=card.sampling_rate_hz
        )
        for condition in CONDITIONS
        for number in EASY_SEEDS
    )
    return np.concatenate([prepare(simulate(machine), card).windows for machine in machines])


def classes(variant: Variant, windows: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the class of each window."""
    with load(variant) as session:
        found: NDArray[np.intp] = session.predict(windows).argmax(axis=1)
    return found


def listed_in(folder: Path, card: ModelCard) -> list[Path]:
    """Return the recordings of a folder's table that are of machines which the card lists; the others aren't opened."""
    found = []
    for file in recordings_in(folder):
        said = describe_file(file, Description(), None, ())
        if card.validated_on(said.rig, said.bearing):
            found.append(file)
    return found


def verdict_bar(pair: Pair, folder: Path) -> Bar:
    """Compare the verdicts on the recordings in a folder that the card lists."""
    card = pair[0].card
    files = listed_in(folder, card)
    if not files:
        raise SystemExit(f"{folder.name} holds no recording of a machine that the card of {card.title} lists.")
    read = [read_recording(file, Description(), None, ReadOptions(), Limits()) for file in files]
    labels = []
    for variant in pair:
        with load(variant) as session:
            found = [diagnose(one.signal, one.description, session, name="", sha256=one.sha256) for one in read]
        labels.append([one.verdict and one.verdict.label for one in found])
    same = np.array([one == other for one, other in zip(*labels, strict=True)], dtype=bool)
    return share_bar(f"{card.title}, INT8, same verdict, {len(files)} recordings of {folder.name}", same, 1.0)


def share_bar(name: str, same: NDArray[np.bool_], bar: float) -> Bar:
    """Return a share with its 95 % interval (Clopper and Pearson, 1934), one-sided on each side."""
    count, agreeing = same.size, int(np.count_nonzero(same))
    low, high = 1 - upper_bound(count - agreeing, count), upper_bound(agreeing, count)
    return Bar(name, agreeing / count, low, high, bar, "higher")


if __name__ == "__main__":
    main()
