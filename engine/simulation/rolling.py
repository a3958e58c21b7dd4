"""Recordings of a rolling bearing with a known fault.

A damaged place is struck at a kinematic rate; each strike rings the structure between bearing and sensor
(McFadden & Smith 1984). The intervals between strikes scatter independently, so that their errors add up:
the strike times are a random walk around the kinematic rate, as they are where rolling elements slip
(Antoni & Randall 2003). How hard a strike is follows the load on the place that is struck.

.. [1] P. D. McFadden and J. D. Smith, "Model for the vibration produced by a single point defect in a rolling
   element bearing", Journal of Sound and Vibration 96(1), 1984. doi:10.1016/0022-460X(84)90595-9
.. [2] J. Antoni and R. B. Randall, "A stochastic model for simulation and diagnostics of rolling element
   bearings with localized faults", Journal of Vibration and Acoustics 125(3), 2003. doi:10.1115/1.1569940
.. [3] T. A. Harris, "Rolling Bearing Analysis", 1991: Stribeck's distribution of the load.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, get_args

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from engine.bearings import bearing
from engine.dsp.kinematics import FaultOrders, fault_orders
from engine.errors import SimulationError
from engine.signal import Channel, Signal

Condition = Literal["normal", "inner", "outer", "ball"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)

CHANNEL = "simulated"
NOISE_RMS = 0.5  #: in m/s2, as a small motor shows at its bearing housing
LONGEST = 20_000_000  #: samples
STRIKES_BELOW = 8  #: a strike needs at least so many samples before the next, or it could not ring


@dataclass(frozen=True, slots=True)
class RollingBearing:
    """What to simulate.

    What a parameter does not fix is drawn from the seed: resonances, their damping and strength, the level of
    the noise, shaft harmonics. The same seed is the same machine in every condition.

    Attributes
    ----------
    condition : {"normal", "inner", "outer", "ball"}
        Which part is damaged.
    sampling_rate_hz : float
        From 1 kHz to 1 MHz.
    duration_s : float
        At least one revolution; at most 20 million samples.
    shaft_rpm : float
        Speed of the inner ring, in revolutions per minute, above 0; the outer ring stands.
    bearing : str
        A type in `engine.bearings.BEARINGS`.
    snr_db : float
        Power of the ringing over that of the noise, both over the whole record and the whole band. The noise
        keeps its level and the ringing is scaled to it, so ``normal`` has the noise that a fault would have had.
    slip : float
        Standard deviation of an interval between strikes, as a share of its mean; 0 to 0.1.
    load_zone : float
        Stribeck's load distribution factor: at 0.5 half of the circumference carries load, above 1 all of it.
    noise_colour : float
        Exponent c of noise whose power density falls as 1 / frequency**c: 0 white, 1 pink, 2 brown; -2 to 3.
    structural_share : float
        Share of the noise's power that is white noise rung through the structure's resonances; 0 to 1. With
        none of it a resonance would give a fault away that no healthy machine could show.
    seed : int
        At least 0.

    Raises
    ------
    SimulationError
        If a parameter is impossible.
    BearingUnknownError
        If the bearing's geometry is unknown.
    """

    condition: Condition = "normal"
    sampling_rate_hz: float = 12_000.0
    duration_s: float = 10.0
    shaft_rpm: float = 1797.0
    bearing: str = "6205-2RS"
    snr_db: float = 10.0
    slip: float = 0.01
    load_zone: float = 0.5
    noise_colour: float = 0.0
    structural_share: float = 0.25
    seed: int = 0

    def __post_init__(self) -> None:
        if self.condition not in CONDITIONS:
            raise SimulationError("condition", self.condition, f"it is one of {', '.join(CONDITIONS)}")
        self.require("sampling_rate_hz", 1e3, 1e6)
        self.require("shaft_rpm", 1.0, 1e5)
        self.require("duration_s", 60 / self.shaft_rpm, LONGEST / self.sampling_rate_hz)
        self.require("snr_db", -60, 60)
        self.require("slip", 0, 0.1)
        self.require("load_zone", 0.1, 10)
        self.require("noise_colour", -2, 3)
        self.require("structural_share", 0, 1)
        self.require("seed", 0, 2**63)
        orders = fault_orders(bearing(self.bearing))
        fastest = max(orders.bpfi, orders.bsf2) * self.shaft_speed_hz
        if fastest * STRIKES_BELOW > self.sampling_rate_hz:
            allowed = f"its strikes, up to {fastest:.0f} a second, need a sampling rate {STRIKES_BELOW} times as high"
            raise SimulationError("shaft_rpm", f"{self.shaft_rpm:g}", allowed)

    def require(self, parameter: str, lowest: float, highest: float) -> None:
        """Raise `SimulationError` unless a parameter lies between two limits; NaN lies nowhere."""
        value = getattr(self, parameter)
        if not lowest <= value <= highest:
            raise SimulationError(parameter, f"{value:g}", f"it must lie from {lowest:g} to {highest:g}")

    @property
    def shaft_speed_hz(self) -> float:
        """Revolutions per second."""
        return self.shaft_rpm / 60

    @property
    def samples(self) -> int:
        """Length of the recording."""
        return round(self.duration_s * self.sampling_rate_hz)


def simulate(parameters: RollingBearing) -> Signal:
    """Return a recording of one channel, ``simulated``, in m/s2; equal parameters give equal samples.

    Raises
    ------
    BearingUnknownError
        If the bearing's geometry is unknown.
    """
    # One stream a part: the machine and its noise stay as they are when the condition or the slip changes.
    machine, strikes, noise = np.random.default_rng(parameters.seed).spawn(3)
    response = structural_response(parameters.sampling_rate_hz, machine)
    floor_rms = NOISE_RMS * 10 ** machine.uniform(-0.5, 0.5)
    background = background_noise(parameters, response, noise)
    samples = background * (floor_rms / rms(background))
    samples += floor_rms * shaft_harmonics(parameters, machine)
    if parameters.condition != "normal":
        ringing = ringing_of(parameters, response, strikes)
        samples += ringing * (floor_rms * 10 ** (parameters.snr_db / 20) / rms(ringing))
    channel = Channel(CHANNEL, unit="m/s2", bearing=parameters.bearing)
    return Signal(samples[np.newaxis], parameters.sampling_rate_hz, (channel,), parameters.shaft_speed_hz)


def structural_response(rate_hz: float, machine: np.random.Generator) -> NDArray[np.float32]:
    """Draw the impulse response, of shape (H,), of the path between the struck place and the sensor.

    Two to four modes; the first rings between 1.5 and 5 kHz, as bearing housings do, the others up to 0.45 of
    the sampling rate.
    """
    highest = 0.45 * rate_hz
    lowest = min(1500.0, 0.3 * rate_hz)
    tops = [min(5000.0, highest)] + [highest] * machine.integers(1, 4)
    frequency_hz = lowest * (np.array(tops) / lowest) ** machine.uniform(size=len(tops))
    decay = 2 * np.pi * frequency_hz * machine.uniform(0.01, 0.06, len(tops))
    strength = 10 ** machine.uniform(-0.5, 0.0, len(tops))
    phase = machine.uniform(0, 2 * np.pi, len(tops))
    seconds = np.arange(np.ceil(np.log(1e4) / decay.min() * rate_hz))[:, np.newaxis] / rate_hz
    modes = strength * np.exp(-decay * seconds) * np.sin(2 * np.pi * frequency_hz * seconds + phase)
    return np.asarray(modes.sum(axis=1), dtype=np.float32)


def background_noise(
    parameters: RollingBearing, response: NDArray[np.float32], noise: np.random.Generator
) -> NDArray[np.float32]:
    """Return noise of the stated colour, a share of it rung through the structure, of shape (N,) and no set level."""
    length = scipy.fft.next_fast_len(parameters.samples, real=True)
    spectrum = scipy.fft.rfft(noise.standard_normal(length, dtype=np.float32))
    frequency = np.arange(1, len(spectrum), dtype=np.float32) / len(spectrum)
    spectrum[1:] *= frequency ** np.float32(-parameters.noise_colour / 2)
    spectrum[0] = 0
    coloured = scipy.fft.irfft(spectrum, length)[: parameters.samples]
    if not parameters.structural_share:
        return np.asarray(coloured)
    structural = convolved(noise.standard_normal(parameters.samples, dtype=np.float32), response)
    share = np.float32(parameters.structural_share)
    return np.asarray(np.sqrt(1 - share) / rms(coloured) * coloured + np.sqrt(share) / rms(structural) * structural)


def shaft_harmonics(parameters: RollingBearing, machine: np.random.Generator) -> NDArray[np.float32]:
    """Draw the first four harmonics of the shaft, of shape (N,); together up to about twice as strong as the noise."""
    turn = np.arange(parameters.samples) * (parameters.shaft_speed_hz / parameters.sampling_rate_hz)
    # Harmonics of one sinusoid are its powers' real parts, which costs one sine and one cosine.
    once = np.exp(2j * np.pi * (turn % 1)).astype(np.complex64)
    total = np.zeros(parameters.samples, np.float32)
    power = once
    for harmonic in range(1, 5):
        amplitude = 10 ** machine.uniform(-1.5, 0.0) / harmonic
        total += (power * np.complex64(amplitude * np.exp(2j * np.pi * machine.uniform()))).real
        power = power * once
    return total


def ringing_of(
    parameters: RollingBearing, response: NDArray[np.float32], strikes: np.random.Generator
) -> NDArray[np.float32]:
    """Return what the strikes ring at the sensor, of shape (N,) and no set level."""
    orders = fault_orders(bearing(parameters.bearing))
    times_s = strike_times(parameters, orders, strikes)
    force = strike_forces(parameters, orders, times_s, strikes)
    return convolved(impulses(times_s * parameters.sampling_rate_hz, force, parameters.samples), response)


def strike_times(parameters: RollingBearing, orders: FaultOrders, strikes: np.random.Generator) -> NDArray[np.float64]:
    """Draw the strikes' times in seconds, of shape (K,), K >= 1: a random walk around the kinematic rate [2]_."""
    order = {"inner": orders.bpfi, "outer": orders.bpfo, "ball": orders.bsf2}[parameters.condition]
    rate_hz = order * parameters.shaft_speed_hz
    count = int(np.ceil(1.5 * parameters.duration_s * rate_hz)) + 2  # the walk may run late, so some are in reserve
    intervals = np.maximum(1 + parameters.slip * strikes.standard_normal(count), 0.1) / rate_hz
    intervals[0] *= strikes.uniform()
    times_s = np.cumsum(intervals)
    return np.asarray(times_s[times_s < parameters.duration_s])


def strike_forces(
    parameters: RollingBearing, orders: FaultOrders, times_s: NDArray[np.float64], strikes: np.random.Generator
) -> NDArray[np.float64]:
    """Return how hard each strike is, of shape (K,).

    A place on the inner ring passes the load zone once a turn of the shaft, one on a rolling element once a
    turn of the cage, and there it strikes the races by turns, one of them farther from the sensor. A place on
    the standing outer ring keeps its load but for what the shaft's unbalance adds.
    """
    scatter = np.exp(0.15 * strikes.standard_normal(len(times_s)))
    start = strikes.uniform()
    if parameters.condition == "outer":
        unbalance = 0.05 * np.cos(2 * np.pi * (parameters.shaft_speed_hz * times_s + start))
        return np.asarray(scatter * (1 + unbalance))
    order = 1.0 if parameters.condition == "inner" else orders.ftf
    force = scatter * load_at(order * parameters.shaft_speed_hz * times_s + start, parameters.load_zone)
    if parameters.condition == "ball":
        force[1::2] *= strikes.uniform(0.5, 0.9)
    return np.asarray(force)


def load_at(turn: NDArray[np.float64], load_zone: float) -> NDArray[np.float64]:
    """Return the load, 0.02 to 1, at places given in turns from the middle of the load zone (Stribeck, in [3]_)."""
    relative = 1 - (1 - np.cos(2 * np.pi * turn)) / (2 * load_zone)
    # Outside of its zone a rolling element still touches: its own weight and the cage see to that.
    return np.asarray(np.maximum(relative, 0.0) ** 1.5 * 0.98 + 0.02)


def impulses(places: NDArray[np.float64], heights: NDArray[np.float64], length: int) -> NDArray[np.float32]:
    """Return ``length`` samples that hold impulses at any places in between, each a windowed sinc of 16 samples.

    Rounded to whole samples, the intervals would scatter by more than the slip at high shaft speeds.
    """
    reach = np.arange(-7, 9)
    whole = np.floor(places).astype(np.int64)
    distance = reach - (places - whole)[:, np.newaxis]
    shape = np.sinc(distance) * np.cos(np.pi * distance / 17) ** 2
    at = whole[:, np.newaxis] + reach
    inside = (at >= 0) & (at < length)
    weights = (heights[:, np.newaxis] * shape)[inside]
    return np.bincount(at[inside], weights, length).astype(np.float32)


def convolved(row: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the response's output to a row, of the row's length."""
    length = scipy.fft.next_fast_len(len(row) + len(response) - 1, real=True)
    spectrum = scipy.fft.rfft(row, length) * scipy.fft.rfft(response, length)
    return np.asarray(scipy.fft.irfft(spectrum, length)[: len(row)])


def rms(row: NDArray[np.float32]) -> np.float32:
    """Return the root mean square of a row."""
    return np.float32(np.sqrt(np.mean(np.square(row), dtype=np.float64)))


def save(signal: Signal, parameters: RollingBearing, path: Path) -> None:
    """Write a simulated recording, whole or not at all; a file of that name is replaced.

    Parameters
    ----------
    signal : Signal
        What `simulate` returned.
    parameters : RollingBearing
        What it was given.
    path : Path
        Its ending names the format. ``.npz`` says all that is known: ``simulated``, ``sampling_rate``,
        ``shaft_rpm``, ``unit``, ``label``, ``bearing``. ``.csv`` has a column of time and one of acceleration,
        ``.wav`` (32-bit float) holds the rate.

    Raises
    ------
    SimulationError
        If the ending is another one, or the rate is no whole number and a ``.wav`` was asked for.
    OSError
        If the file can't be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".npz", ".csv", ".wav"):
        raise SimulationError("out", path.name, "its ending is .npz, .csv or .wav")
    if suffix == ".wav" and not signal.sampling_rate.is_integer():
        raise SimulationError("sampling_rate_hz", f"{signal.sampling_rate:g}", "a .wav needs a whole number of Hz")
    # Beside its place, so that the renaming can't cross to another disk and stays one step.
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with partial.open("xb") as file:
            write(file, suffix, signal, parameters)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write(file: IO[bytes], suffix: str, signal: Signal, parameters: RollingBearing) -> None:
    """Write a simulated recording into an open file, in the format that ``suffix`` names."""
    (row,) = signal.samples
    if suffix == ".npz":
        np.savez(
            file,
            simulated=row,
            sampling_rate=signal.sampling_rate,
            shaft_rpm=parameters.shaft_rpm,
            unit=str(signal.channels[0].unit),
            label=parameters.condition,
            bearing=parameters.bearing,
        )
    elif suffix == ".csv":
        seconds = np.arange(len(row)) / signal.sampling_rate
        np.savetxt(file, np.column_stack([seconds, row]), "%.9g", ",", header=f"time_s,{CHANNEL}", comments="")
    else:
        from scipy.io import wavfile

        wavfile.write(file, round(signal.sampling_rate), row)
