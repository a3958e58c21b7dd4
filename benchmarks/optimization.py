"""What the optimisation library reaches: ``python benchmarks/optimization.py [--only PART] [--json] [--data DIR]``.

One thread, interleaved in fresh processes; every latency and size is a ratio to ONNX Runtime's float32 of the same
network at the same shape, the baseline measured a second time as control. With --data, once for each folder with a
recordings.csv, the verdicts on its recordings that the networks' cards list are compared too.

Parts, all of them without --only:
  latency    every form at every shape, on ONNX Runtime and OpenVINO, and how well the ratios were forecast
  fidelity   classes of easy and of noisy windows, the error of logits, verdicts of 1000 recordings
  pruned     half of ResNet18-1D's channels taken out; trains for some minutes
  rescued    a network that static INT8 ruins, saved by training with the rounding in place
  search     what vibench search finds for WDCNN; with --everywhere for the other networks too
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bars import Bar, print_bars
from gains.fidelity import HELD, fidelity_bars
from gains.forms import form
from gains.latency import latency_bars
from gains.pruned import pruned_bars
from gains.real import verdict_bar
from gains.rescued import rescued_bars
from gains.searched import search_bars

PARTS = ("latency", "fidelity", "pruned", "rescued", "search")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", action="append", choices=PARTS, help="may be given repeatedly")
    parser.add_argument("--everywhere", action="store_true", help="search for the other networks too")
    parser.add_argument("--data", action="append", type=Path, default=[], metavar="DIR", help="may be given repeatedly")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="keep what is made here, and use what lies here")
    arguments = parser.parse_args()
    parts = tuple(arguments.only or PARTS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        bars = measure(folder, parts, arguments.data, everywhere=arguments.everywhere)
        print_bars(bars, as_json=arguments.json)


def measure(folder: Path, parts: Sequence[str], data: Sequence[Path], *, everywhere: bool) -> Iterator[Bar]:
    """Yield the bars of the parts asked for, and the verdicts on the recordings in the folders ``data``."""
    if "latency" in parts:
        yield from latency_bars(folder)
    if "fidelity" in parts:
        yield from fidelity_bars(folder)
    if "pruned" in parts:
        yield from pruned_bars(folder)
    if "rescued" in parts:
        yield from rescued_bars(folder)
    if "search" in parts:
        yield from search_bars(folder, everywhere=everywhere)
    for place in data:
        for held in HELD:
            if held.runtime == "onnxruntime":
                pair = [form(held.network, name, folder) for name in ("onnx", held.form)]
                yield verdict_bar(held.title, pair, place)


if __name__ == "__main__":
    main()
