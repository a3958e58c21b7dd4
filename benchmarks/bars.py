"""How benchmark scripts measure, compare and print: ratios from interleaved rounds, with an interval."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

# Python looks for modules in a script's own folder first, where `optimization` is a script and not the package. Every
# script imports this module before any package.
sys.path.insert(0, str(Path(__file__).absolute().parents[1]))

import numpy as np

from engine.machine import this_machine

ROUNDS = 60
ROUND_S = 0.02
WARM_UP_S = 0.3


@dataclass(frozen=True, slots=True)
class Bar:
    """A measured value beside what it should reach.

    Attributes
    ----------
    name : str
        What was measured.
    value, low, high : float
        Median over the rounds and its 95 % interval (bootstrap, Efron 1979).
    bar : float
        The limit.
    better : {"lower", "higher"}
        On which side of the limit the value should be.
    obstacle : str
        What stands in the way, where the bar is missed and that was looked into.
    """

    name: str
    value: float
    low: float
    high: float
    bar: float
    better: Literal["lower", "higher"] = "lower"
    obstacle: str = ""

    @property
    def holds(self) -> bool:
        """Whether the value is on the right side."""
        return self.value <= self.bar if self.better == "lower" else self.value >= self.bar


def ratio_bar(name: str, candidate: Callable[[], object], baseline: Callable[[], object], bar: float) -> Bar:
    """Time two functions by turns and compare them round by round, so that a slow minute slows both."""
    calls = {function: calls_a_round(function) for function in (candidate, baseline)}
    ratios = np.empty(ROUNDS)
    for number in range(ROUNDS):
        pair = (candidate, baseline) if number % 2 else (baseline, candidate)
        took = {function: seconds_a_call(function, calls[function]) for function in pair}
        ratios[number] = took[candidate] / took[baseline]
    drawn = np.random.default_rng(0).choice(ratios, size=(2000, ROUNDS))
    low, high = np.percentile(np.median(drawn, axis=1), (2.5, 97.5))
    return Bar(name, float(np.median(ratios)), float(low), float(high), bar)


def calls_a_round(function: Callable[[], object]) -> int:
    """Warm a function up and return how often it runs in a round."""
    count, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < WARM_UP_S:
        function()
        count += 1
    return max(1, round(count * ROUND_S / elapsed))


def seconds_a_call(function: Callable[[], object], calls: int) -> float:
    """Return the mean time of a number of calls."""
    began = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - began) / calls


def print_bars(bars: Iterable[Bar], *, as_json: bool) -> None:
    """Print the bars as the table of the README, each as it comes, the machine above it; or as one JSON document."""
    machine = this_machine()
    if as_json:
        rows = [asdict(bar) | {"holds": bar.holds} for bar in bars]
        print(json.dumps({"schema": "vibench.bars/1", "machine": asdict(machine), "bars": rows}))
        return
    libraries = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    print(f"{machine.cpu}, {' '.join(machine.flags)}, {machine.threads} threads; {libraries}\n")
    print("| measured | ratio | 95 % interval | bar | holds |")
    print("| --- | ---: | ---: | ---: | --- |")
    obstacles = []
    for bar in bars:
        side = "at most" if bar.better == "lower" else "at least"
        interval = f"{bar.low:.3f} to {bar.high:.3f}"
        holds = "yes" if bar.holds else "no"
        print(f"| {bar.name} | {bar.value:.3f} | {interval} | {side} {bar.bar:g} | {holds} |", flush=True)
        obstacles += [f"\n{bar.name}: {bar.obstacle}"] if bar.obstacle else []
    print(*obstacles, sep="\n", end="\n" if obstacles else "")
