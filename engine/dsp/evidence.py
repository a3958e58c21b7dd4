"""How far the fault lines of a bearing stand above the floor of an envelope spectrum: evidence, no verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import expm1, log, log10

import numpy as np
from numpy.typing import NDArray

from engine.dsp.envelope import EnvelopeSpectrum
from engine.dsp.kinematics import FaultOrders

#: Width of the pieces whose medians make the floor: narrower than the distance of shaft harmonics, and wide
#: enough that a line with its sidebands does not lift its own floor.
FLOOR_ORDERS = 0.6
FLOOR_BINS = 24
FLOOR_BINS_WITHOUT_SPEED = 100
#: Levels are kept between these, in dB; lower ones are accidents of the noise.
LOWEST_DB = -20.0
#: In a comb a line counts from 0 up to this, so that one huge line does not pass for a row of them.
COMB_LIMIT_DB = 25.0
#: A line is looked for so near to its place in the comb, as a share of its frequency: what slip spreads.
SPREAD = 0.002
#: So near to a whole order, and two bins, stand the shaft's own harmonics.
SHAFT_ORDERS = 0.015
CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One harmonic of one fault frequency, as it was found in an envelope spectrum.

    Attributes
    ----------
    name : {"BPFO", "BPFI", "2xBSF", "FTF"}
        The fault frequency.
    harmonic : int
        1 for the frequency itself.
    expected_order, found_order : float
        Where geometry puts it, and where it stands, in orders of the shaft.
    level_db : float
        Power above the local floor.
    chance_db : float
        Level that the highest of as many bins of mere noise exceeds in one of twenty recordings; a line below it
        says nothing.
    """

    name: str
    harmonic: int
    expected_order: float
    found_order: float
    level_db: float
    chance_db: float


@dataclass(frozen=True, slots=True)
class FaultEvidence:
    """What the lines of one fault frequency say together.

    Attributes
    ----------
    name : {"BPFO", "BPFI", "2xBSF", "FTF"}
        The fault frequency.
    found_order : float
        Where its first harmonic stands, in orders of the shaft.
    first_db : float
        Level of its first harmonic above the floor.
    chance_db : float
        What chance alone reaches at the first harmonic, as in `FaultLine`.
    """

    name: str
    found_order: float
    first_db: float
    chance_db: float


def above_floor_db(envelope: EnvelopeSpectrum) -> NDArray[np.float64]:
    """Return how far each bin's power stands above the local floor, in dB.

    The floor is the median over pieces of 0.6 shaft orders, divided by ln 2: for noise, whose power is
    distributed exponentially, that is the mean, which lines would lift and the median ignores.

    Parameters
    ----------
    envelope : EnvelopeSpectrum
        ``amplitude`` of shape (C, F).

    Returns
    -------
    ndarray of float64, shape (C, F)
        At least -20.
    """
    power = np.square(envelope.amplitude)
    count = power.shape[1]
    if envelope.resolution_orders is None:
        width = FLOOR_BINS_WITHOUT_SPEED
    else:
        width = max(FLOOR_BINS, round(FLOOR_ORDERS / envelope.resolution_orders))
    pieces = max(1, count // width)
    width = count // pieces
    medians = np.median(power[:, : pieces * width].reshape(len(power), pieces, width), axis=2)
    tiny = np.finfo(np.float64).tiny
    level_db = 10 * np.log10(np.maximum(power, tiny))
    floors_db = 10 * np.log10(np.maximum(medians, tiny) / log(2))
    middles = (np.arange(pieces) + 0.5) * width
    floor_db = np.stack([np.interp(np.arange(count), middles, row) for row in floors_db])
    return np.asarray(np.maximum(level_db - floor_db, LOWEST_DB))


def fault_lines(
    envelope: EnvelopeSpectrum,
    orders: FaultOrders,
    shaft_speed_hz: float,
    harmonics: int = 3,
    tolerance: float = 0.02,
    channel: int = 0,
) -> tuple[FaultLine, ...]:
    """Find the lines of each fault frequency in an envelope spectrum.

    Slip and an inexact speed move a fault frequency and all of its harmonics by the same factor, so a comb is
    moved as a whole to where its lines are highest, and each line is read off near its place in the comb.
    Places at a harmonic of the shaft are left out: there it would be the shaft that is found.

    Parameters
    ----------
    envelope : EnvelopeSpectrum
        Of the recording.
    orders : FaultOrders
        Of its bearing.
    shaft_speed_hz : float
        Speed of the rotating ring, above 0.
    harmonics : int
        How many of each; those beyond the envelope spectrum's end are left out.
    tolerance : float
        How far, as a share, a fault frequency may be away from where geometry puts it.
    channel : int
        Row of the envelope spectrum.

    Raises
    ------
    ValueError
        If the shaft speed is not above 0.
    """
    if not shaft_speed_hz > 0:
        raise ValueError(f"a shaft at {shaft_speed_hz} revolutions per second has no orders")
    levels = above_floor_db(envelope)[channel]
    bins_per_order = shaft_speed_hz / envelope.resolution_hz
    lines = []
    for name, order in orders.by_name().items():
        reachable = min(harmonics, int((len(levels) - 1) / (order * (1 + tolerance) * bins_per_order)))
        if reachable < 1:
            continue
        base = best_comb(levels, order, bins_per_order, reachable, tolerance)
        for harmonic in range(1, reachable + 1):
            place = highest_near(levels, np.array([base * harmonic]))[0]
            searched = 2 * tolerance * harmonic * order * bins_per_order + 1
            lines.append(
                FaultLine(
                    name=name,
                    harmonic=harmonic,
                    expected_order=order * harmonic,
                    found_order=float(place / bins_per_order),
                    level_db=float(levels[place]),
                    chance_db=10 * log10(-log(-expm1(log(1 - CHANCE) / searched))),
                )
            )
    return tuple(lines)


def best_comb(
    levels: NDArray[np.float64], order: float, bins_per_order: float, harmonics: int, tolerance: float
) -> float:
    """Return the place, in bins, of the first line of the comb around an order whose lines are highest together."""
    middle = order * bins_per_order
    reach = max(tolerance * middle, 1.0)
    bases = middle + np.linspace(-reach, reach, 2 * int(np.ceil(3 * reach)) + 1)  # a third of a bin apart
    off_shaft = np.abs(bases / bins_per_order - np.round(bases / bins_per_order)) * bins_per_order
    clear = off_shaft > max(SHAFT_ORDERS * bins_per_order, 2.0)
    bases = bases[clear] if clear.any() else bases
    sums = np.zeros(len(bases))
    for harmonic in range(1, harmonics + 1):
        sums += np.clip(levels[highest_near(levels, bases * harmonic)], 0.0, COMB_LIMIT_DB)
    # Where slip has spread the lines over several bins, several places score alike; geometry's is the likeliest.
    best = np.flatnonzero(sums >= sums.max() - 1e-9)
    return float(bases[best[np.abs(bases[best] - middle).argmin()]])


def highest_near(levels: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the highest bin near each of some places, of shape (K,), given in bins."""
    reach = max(1, int(SPREAD * places.max()))
    near = np.round(places).astype(np.intp)[:, np.newaxis] + np.arange(-reach, reach + 1)
    near = np.clip(near, 0, len(levels) - 1)
    return np.asarray(near[np.arange(len(near)), levels[near].argmax(axis=1)])


def summarise(lines: Iterable[FaultLine]) -> tuple[FaultEvidence, ...]:
    """Return the lines of each fault frequency as one, the highest first harmonic first.

    Higher harmonics are no good to rank by: in many bearings 3 BPFO and 2 BPFI fall together.
    """
    by_name: dict[str, list[FaultLine]] = {}
    for line in lines:
        by_name.setdefault(line.name, []).append(line)
    found = [
        FaultEvidence(
            name=name,
            found_order=of_name[0].found_order,
            first_db=of_name[0].level_db,
            chance_db=of_name[0].chance_db,
        )
        for name, of_name in by_name.items()
    ]
    return tuple(sorted(found, key=lambda evidence: -evidence.first_db))
