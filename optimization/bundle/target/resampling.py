"""Bring a sensor's samples to the network's rate: a low-pass and a change of rate in one step.

One output sample is one sum of products, so that the code can be ported as it stands::

    time     = m * step / phases                      of output m, in input samples
    first    = floor(time) - half                     the first input sample that the filter reaches
    phase    = (m * step) % phases                    how far `time` lies behind floor(time)
    output m = sum(table[phase][k] * input[first + k] for k in range(taps))

The filter has no delay in the result: output m lies at m / (the network's rate) seconds. It waits instead, for
``half + 1`` samples of the input that lie after it.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .errors import InputError

#: Attenuation of the filter above the band; it falls over the last tenth of the band.
ATTENUATION_DB = 90.0
FLAT_SHARE = 0.9
#: The ratio of the rates is taken as a fraction whose larger term is at most the first of these that comes within one
#: part per million, else the last.
LARGEST_TERMS = (512, 2_048, 8_192, 32_768)
LARGEST_UPSAMPLING = 256
#: Output samples and phases that are worked on at once, which bounds memory to some ten megabytes.
BATCH = 2_048
PHASES_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Filter:
    """A low-pass for two rates.

    Attributes
    ----------
    step, phases : int
        The ratio of the sensor's rate to the network's, as whole numbers without a common factor.
    half : int
        Input samples that the filter reaches back from the one at or before an output.
    table : ndarray of float32, shape (phases, 2 * half + 2)
        Weights of the input samples, a row for each place that an output may have between two of them.
    """

    step: int
    phases: int
    half: int
    table: NDArray[np.float32]

    @property
    def taps(self) -> int:
        """Input samples that make one output."""
        return int(self.table.shape[1])

    def first_of(self, output: int) -> int:
        """Return the number of the first input sample that an output needs; the mirrored ones are below zero."""
        return output * self.step // self.phases - self.half

    def apply(self, samples: NDArray[np.float32], begins: int, first: int, last: int) -> NDArray[np.float32]:
        """Return outputs ``first`` up to, not including, ``last``.

        Parameters
        ----------
        samples : ndarray of float32, shape (N,)
            Input, all that those outputs need.
        begins : int
            Number of its first sample.
        first, last : int
            Numbers of outputs.
        """
        if last <= first:
            return np.empty(0, np.float32)
        views = sliding_window_view(samples, self.taps)
        result = np.empty(last - first, np.float32)
        for at in range(first, last, BATCH):
            times = np.arange(at, min(at + BATCH, last), dtype=np.int64) * self.step
            reached = views[times // self.phases - self.half - begins]
            result[at - first : at - first + len(times)] = np.einsum(
                "mk,mk->m", reached, self.table[times % self.phases]
            )
        return result


@lru_cache(maxsize=8)
def design(from_hz: float, to_hz: float, band_upper_hz: float) -> Filter:
    """Return the filter for a sensor's rate, a network's rate and the upper edge of its band, all in Hz.

    A low-pass by Kaiser's window (J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function",
    1974), evaluated where the input samples lie as seen from an output: ``half`` of them before it and as many after.

    Raises
    ------
    InputError
        If the rate can't be brought to the network's.
    """
    if not 1 / LARGEST_TERMS[-1] <= to_hz / from_hz <= LARGEST_UPSAMPLING:
        raise InputError(f"{from_hz:g} Hz can't be brought to the network's {to_hz:g} Hz: measure at another rate")
    phases, step = ratio_of(to_hz, from_hz)
    stop_hz = min(band_upper_hz, from_hz / 2)
    width = 2 * np.pi * (1 - FLAT_SHARE) * stop_hz / from_hz
    half = int(np.ceil((ATTENUATION_DB - 7.95) / (2.285 * width) / 2))
    cutoff = (1 + FLAT_SHARE) * stop_hz / from_hz
    total = low_pass(np.arange(-half, half + 1, dtype=np.float64), half, cutoff).sum()
    table = np.empty((phases, 2 * half + 2), np.float32)
    for at in range(0, phases, PHASES_AT_ONCE):
        behind = np.arange(at, min(at + PHASES_AT_ONCE, phases))[:, np.newaxis] / phases
        table[at : at + len(behind)] = low_pass(behind + np.arange(half, -half - 2, -1), half, cutoff) / total
    return Filter(step, phases, half, table)


def low_pass(time: NDArray[np.floating[Any]], half: int, cutoff: float) -> NDArray[np.float64]:
    """Return a windowed sinc at times in input samples; ``cutoff`` is a share of the input's Nyquist frequency."""
    inside = np.sqrt(np.maximum(0.0, 1 - (time / half) ** 2))
    window = np.i0(0.1102 * (ATTENUATION_DB - 8.7) * inside) * (np.abs(time) <= half)
    return np.asarray(np.sinc(cutoff * time) * window, np.float64)


def ratio_of(to_hz: float, from_hz: float) -> tuple[int, int]:
    """Return two whole numbers in the ratio of two rates, as `LARGEST_TERMS` says."""
    low, high = sorted((Fraction(to_hz), Fraction(from_hz)))
    ratio = Fraction(1)
    for largest in LARGEST_TERMS:
        ratio = (low / high).limit_denominator(largest)
        if abs(float(ratio * high / low) - 1) <= 1e-6:
            break
    terms = ratio.numerator, ratio.denominator
    return terms if to_hz <= from_hz else terms[::-1]


class Resampler:
    """Resamples a recording that comes in blocks of any length; what the filter still needs of the past is kept.

    The first outputs see the beginning of the recording mirrored, the last ones, which `finish` gives, its end.

    Parameters
    ----------
    used : Filter
        From `design`.
    """

    def __init__(self, used: Filter) -> None:
        self._filter = used
        self._kept = np.empty(0, np.float32)
        self._begins = 0  # number of the first sample that is kept
        self._count = 0  # samples taken
        self._next = 0  # number of the next output
        self._mirrored = False

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next samples of the recording and return the outputs that they complete, of shape (M,)."""
        self._kept = np.concatenate([self._kept, samples])
        self._count += len(samples)
        if not self._mirrored:
            if self._count < self._filter.half + 1:
                return np.empty(0, np.float32)
            self._mirror_beginning()
        # Output m needs the sample first_of(m) + taps - 1: the largest such m follows from the samples that are there.
        reach = self._count - self._filter.taps + self._filter.half + 1
        return self._give(max(self._next, -(-reach * self._filter.phases // self._filter.step)))

    def finish(self, length: int) -> NDArray[np.float32]:
        """Return what is left of the first ``length`` outputs, of shape (M,); there are no further samples."""
        if not self._count:
            return np.empty(0, np.float32)
        if not self._mirrored:
            self._mirror_beginning()
        needed = max(0, self._filter.first_of(length - 1) + self._filter.taps - self._count)
        after = mirror(np.arange(self._count, self._count + needed), self._count)
        self._kept = np.concatenate([self._kept, self._kept[after - self._begins]])
        return self._give(length)

    def _mirror_beginning(self) -> None:
        before = mirror(np.arange(-self._filter.half, 0), self._count)
        self._kept = np.concatenate([self._kept[before], self._kept])
        self._begins = -self._filter.half
        self._mirrored = True

    def _give(self, last: int) -> NDArray[np.float32]:
        made = self._filter.apply(self._kept, self._begins, self._next, last)
        self._next = max(self._next, last)
        # The end may be mirrored as far back as the filter reaches.
        unused = min(self._filter.first_of(self._next), self._count - self._filter.taps) - self._begins
        if unused > 0:
            self._kept, self._begins = self._kept[unused:], self._begins + unused
        return made


def mirror(places: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the numbers of the samples that stand at places beyond the ends of ``count`` samples: its mirror image."""
    period = max(2 * (count - 1), 1)
    places = places % period
    return np.minimum(places, period - places) if count > 1 else np.zeros_like(places)


def resample(samples: NDArray[np.float32], from_hz: float, to_hz: float, band_upper_hz: float) -> NDArray[np.float32]:
    """Return a whole recording, of shape (N,), at another rate: round(N * to_hz / from_hz) samples."""
    resampler = Resampler(design(float(from_hz), float(to_hz), float(band_upper_hz)))
    given = resampler.push(samples)
    length = round(len(samples) * to_hz / from_hz)
    return np.concatenate([given, resampler.finish(length)])[:length]
