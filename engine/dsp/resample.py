"""Bring a signal to another sampling rate, holding nothing above a stated frequency."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.errors import BandOutsideSpectrumError, ResamplingError

#: Attenuation of the filter above the band. Networks are promised 60 dB; the rest covers recordings that are
#: up to 30 dB louder above the band than below it.
ATTENUATION_DB = 90.0
#: Share of the band that is left untouched; between it and the band's upper edge the filter falls.
FLAT_SHARE = 0.9
#: The ratio of the rates is taken as a fraction whose larger term is at most the first of these that comes within
#: one part per million, else the last: exact for every pair of usual rates, 15 parts per million off at worst,
#: less than the crystal of an analyser.
LARGEST_TERMS = (512, 2_048, 8_192, 32_768)
#: Samples of a block at the higher rate, at least: where FFTs of real blocks are at their fastest per sample.
BLOCK = 8_192
#: Samples that are transformed at once, which bounds the memory beside input and output to a few megabytes.
BATCH = 1 << 20
LARGEST_UPSAMPLING = 256
LONGEST_RESULT = 100_000_000


def resample(
    samples: NDArray[np.float32], from_hz: float, to_hz: float, *, band_upper_hz: float
) -> NDArray[np.float32]:
    """Band-limit rows of samples and bring them to another rate.

    A linear-phase low-pass (Kaiser window) is applied without delay, also when both rates are equal, so that
    signals of every source hold the same band. It runs as overlap-save in the frequency domain [1]_: a block
    is transformed, weighted, and transformed back at the length that it has at the new rate, so that no ratio
    of rates is slow.

    Parameters
    ----------
    samples : ndarray of float32, shape (N,) or (C, N)
        In any unit. Beyond its ends a row goes on as its mirror image, which keeps its offset and its level.
    from_hz, to_hz : float
        Sampling rates in Hz.
    band_upper_hz : float
        Above it the result holds 90 dB less than the source did, up to 0.9 of it all of it within 0.01 dB.
        Where the source's own Nyquist frequency is lower, that takes its place: nothing is invented above it.

    Returns
    -------
    ndarray of float32, shape (R,) or (C, R)
        R = round(N * to_hz / from_hz); sample k lies at k / to_hz seconds.

    Raises
    ------
    BandOutsideSpectrumError
        Unless ``0 < band_upper_hz <= to_hz / 2``.
    ResamplingError
        If the source is sampled more than 256 times slower, or the result would exceed 100 million samples.

    References
    ----------
    .. [1] M. Borgerding, "Turning overlap-save into a multiband mixing, downsampling filter bank",
       IEEE Signal Processing Magazine 23(2), 2006. doi:10.1109/MSP.2006.1598092
    .. [2] J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974.
    """
    if not 0 < band_upper_hz <= to_hz / 2:
        raise BandOutsideSpectrumError(0.0, band_upper_hz, to_hz / 2)
    length = round(samples.shape[-1] * to_hz / from_hz)
    too_far = not 1 / LARGEST_TERMS[-1] <= to_hz / from_hz <= LARGEST_UPSAMPLING
    if too_far or length > LONGEST_RESULT:
        raise ResamplingError(from_hz, to_hz, samples.shape[-1])
    converter = design(float(from_hz), float(to_hz), float(band_upper_hz))
    rows = [converter.convert(row, length) for row in np.atleast_2d(samples)]
    return rows[0] if samples.ndim == 1 else np.stack(rows)


@dataclass(frozen=True, slots=True, eq=False)
class Converter:
    """A low-pass and a change of rate, made for blocks of one length.

    Attributes
    ----------
    block, advance, guard : int
        Samples at the source rate that a block spans, that it moves on by, and that it holds in excess on
        either side because the filter reaches that far.
    new_block, new_advance, new_guard : int
        The same at the new rate; exactly so, for all are multiples of the ratio's terms.
    weights : ndarray of float32, shape (B,)
        Response of the filter at the block's first B frequencies; above them it is zero.
    """

    block: int
    advance: int
    guard: int
    new_block: int
    new_advance: int
    new_guard: int
    weights: NDArray[np.float32]

    def convert(self, row: NDArray[np.float32], length: int) -> NDArray[np.float32]:
        """Return the first ``length`` samples at the new rate of a row of shape (N,)."""
        if not len(row):
            return np.empty(0, np.float32)
        blocks = max(1, -(-length // self.new_advance))
        padded = mirrored(row, self.guard, (blocks - 1) * self.advance + self.block)
        views = sliding_window_view(padded, self.block)[:: self.advance]
        result = np.empty((blocks, self.new_advance), np.float32)
        batch = max(1, BATCH // max(self.block, self.new_block))
        kept = slice(self.new_guard, self.new_guard + self.new_advance)
        for first in range(0, blocks, batch):
            spectra = scipy.fft.rfft(views[first : first + batch])[:, : len(self.weights)]
            spectra *= self.weights
            result[first : first + batch] = scipy.fft.irfft(spectra, self.new_block, overwrite_x=True)[:, kept]
        return result.reshape(-1)[:length]


@lru_cache(maxsize=32)
def design(from_hz: float, to_hz: float, band_upper_hz: float) -> Converter:
    """Return the converter for two rates and a band, all in Hz."""
    new_step, step = ratio_of(to_hz, from_hz)
    stop_hz = min(band_upper_hz, from_hz / 2)
    taps = kaiser_low_pass(from_hz, FLAT_SHARE * stop_hz, stop_hz)
    guard = -(-(len(taps) // 2) // step)
    steps = scipy.fft.next_fast_len(max(4 * guard, -(-BLOCK // max(step, new_step))), real=True)
    block = steps * step
    # Rolled so that its middle lies at sample 0, the filter is symmetric in time: no delay, a real response.
    centred = np.roll(np.pad(taps, (0, block - len(taps))), -(len(taps) // 2))
    frequency_hz = np.arange(block // 2 + 1) * (from_hz / block)
    response = np.fft.rfft(centred).real[frequency_hz < stop_hz]
    return Converter(
        block=block,
        advance=(steps - 2 * guard) * step,
        guard=guard * step,
        new_block=steps * new_step,
        new_advance=(steps - 2 * guard) * new_step,
        new_guard=guard * new_step,
        weights=(response * (new_step / step)).astype(np.float32),
    )


def ratio_of(to_hz: float, from_hz: float) -> tuple[int, int]:
    """Return two whole numbers in the ratio of two rates, as `LARGEST_TERMS` says."""
    low, high = sorted((Fraction(to_hz), Fraction(from_hz)))
    for largest in LARGEST_TERMS:
        ratio = (low / high).limit_denominator(largest)
        if abs(float(ratio * high / low) - 1) <= 1e-6:
            break
    terms = ratio.numerator, ratio.denominator
    return terms if to_hz <= from_hz else terms[::-1]


def kaiser_low_pass(rate_hz: float, flat_hz: float, stop_hz: float) -> NDArray[np.float64]:
    """Return an odd number of symmetric taps of a low-pass that is flat to one frequency and closed from another."""
    width = 2 * np.pi * (stop_hz - flat_hz) / rate_hz
    half = int(np.ceil((ATTENUATION_DB - 7.95) / (2.285 * width) / 2))
    cutoff = (flat_hz + stop_hz) / rate_hz
    taps = cutoff * np.sinc(cutoff * np.arange(-half, half + 1))
    taps *= np.kaiser(2 * half + 1, 0.1102 * (ATTENUATION_DB - 8.7))
    return np.asarray(taps / taps.sum())


def mirrored(row: NDArray[np.float32], guard: int, length: int) -> NDArray[np.float32]:
    """Return ``length`` samples that begin ``guard`` samples before the row, which goes on as its mirror image."""
    padded = np.zeros(length, np.float32)
    end = guard + len(row)
    padded[guard:end] = row[: length - guard]
    mirror = 2 * (len(row) - 1)  # period of the row reflected again and again
    before = np.arange(-guard, 0) % max(mirror, 1)
    after = np.arange(len(row), min(len(row) + guard, length - guard)) % max(mirror, 1)
    padded[:guard] = row[np.minimum(before, mirror - before)]
    padded[end : end + len(after)] = row[np.minimum(after, mirror - after)]
    return padded
