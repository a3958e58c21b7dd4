"""The recordings that the bundled networks learn from: real ones, checked byte by byte, and simulated ones."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.bearings import BEARINGS
from engine.card import ModelCard
from engine.description import Description, make_signal
from engine.networks.examples import Example, make_example
from engine.preparation import prepare
from engine.readers.sandbox import read_contents
from engine.signal import Signal
from engine.simulation.rolling import CONDITIONS, RollingBearing, simulate
from engine.variant import sha256_of

TABLE = Path(__file__).with_name("training_recordings.csv")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRecording:
    """A recording whose condition is known, ready to learn from and to be tested on.

    Attributes
    ----------
    file, specimen, rig, load : str
        Where it comes from; ``specimen`` is the physical bearing.
    label : int
        Index of its class on the card.
    example : Example
        Its band-limited signal, at every time scale.
    windows : ndarray of float32, shape (W, 1, L)
        Its windows as a diagnosis prepares them.
    """

    file: str
    specimen: str
    rig: str
    load: str
    label: int
    example: Example
    windows: NDArray[np.float32]


def load_real(folder: Path, card: ModelCard) -> list[LabelledRecording]:
    """Read the recordings of the table from ``folder``.

    Raises
    ------
    SystemExit
        If a file is missing or is not the one that the table names.
    """
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [load_row(folder, row, card) for row in csv.DictReader(file)]


def load_row(folder: Path, row: dict[str, str], card: ModelCard) -> LabelledRecording:
    """Read one recording of the table, its SHA-256 checked first."""
    path = folder / row["file"]
    if not path.is_file() or sha256_of(path) != row["sha256"]:
        raise SystemExit(f"{path} is missing or is not the recording that {TABLE.name} names.")
    signal = read_signal(path, row)
    label = card.classes.index(row["label"])
    return LabelledRecording(
        file=row["file"],
        specimen=row["specimen"],
        rig=row["machine"],
        load=row["load"],
        label=label,
        example=make_example(signal, label, card),
        windows=prepare(signal, card).windows,
    )


def read_signal(path: Path, row: dict[str, str]) -> Signal:
    """Read the one channel that a row of a ``recordings.csv`` describes."""
    description = Description(
        sampling_rate_hz=float(row["sampling_rate_hz"]),
        shaft_rpm=float(row["shaft_rpm"]) if row["shaft_rpm"] else None,
        channel=row["channel"] or None,
    )
    signal, _ = make_signal(path.name, read_contents(path), description)
    return signal


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A simulated recording and the index of its class."""

    signal: Signal
    label: int


def draw_simulations(count: int, *, seed: int, snr_db: tuple[float, float]) -> list[Simulated]:
    """Simulate ``count`` recordings of every class in turn, with bearings and speeds drawn at random."""
    random = np.random.default_rng(seed)
    return [draw_simulation(random, number, snr_db) for number in range(count)]


def draw_simulation(random: np.random.Generator, number: int, snr_db: tuple[float, float]) -> Simulated:
    """Simulate one recording of two seconds; ``number`` chooses its class."""
    label = number % len(CONDITIONS)
    parameters = RollingBearing(
        condition=CONDITIONS[label],
        sampling_rate_hz=float(random.choice((12_000.0, 25_600.0))),
        duration_s=2.0,
        shaft_rpm=float(random.uniform(600, 3000)),
        bearing=str(random.choice(sorted(BEARINGS))) if random.random() < 0.5 else "6205-2RS",
        snr_db=float(random.uniform(*snr_db)),
        seed=int(random.integers(2**31)),
    )
    return Simulated(simulate(parameters), label)


def examples_of(simulated: Sequence[Simulated], card: ModelCard) -> list[Example]:
    """Make simulations ready to learn from; they come at every speed already."""
    return [make_example(one.signal, one.label, card, scales=(1.0,)) for one in simulated]
