"""Power spectral density of a signal."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from engine.dsp.windows import sliding_windows
from engine.signal import Signal

#: Samples of a segment where nobody asks for a resolution: fine enough to tell a motor's lines apart.
SEGMENT = 8_192
#: At least so many lengths of a segment in a recording, or the averages would scatter by more than 1 dB.
SEGMENTS = 8
#: Samples that are transformed at once; the rest of the recording waits where it lies.
BATCH = 1 << 20

SQUARED = {"g": "g²", "m/s2": "(m/s²)²", "V": "V²", None: "unit²"}


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Values over frequency, and what they are.

    Attributes
    ----------
    frequency_hz : ndarray of float64, shape (F,)
        From 0 to half the sampling rate.
    values : ndarray of float64, shape (C, F)
        One row a channel.
    quantity, unit : str
        What the values are: ``power spectral density`` in ``g²/Hz``. Where the channels' unit is not known, or
        they differ, the unit is ``unit²/Hz``.
    resolution_hz : float
        Distance between frequencies.
    """

    frequency_hz: NDArray[np.float64]
    values: NDArray[np.float64]
    quantity: str
    unit: str
    resolution_hz: float


def welch(signal: Signal, *, resolution_hz: float | None = None) -> Spectrum:
    """Return the one-sided power spectral density, averaged over half-overlapping segments (Welch 1967).

    Each segment has its mean taken off and is weighted by a Hann window. The sum of the values times the
    resolution is the signal's power without its mean; a sinusoid of amplitude A adds A²/2 around its frequency.

    Parameters
    ----------
    signal : Signal
        ``samples`` of shape (C, N).
    resolution_hz : float or None
        Wanted distance between frequencies; the nearest that a quickly transformed length gives is taken.
        ``None`` takes segments of 8192 samples, or an eighth of a shorter recording.

    Raises
    ------
    ValueError
        If the resolution is not above 0.

    References
    ----------
    .. [1] P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra", IEEE
       Transactions on Audio and Electroacoustics 15(2), 1967. doi:10.1109/TAU.1967.1161901
    """
    if resolution_hz is not None and not resolution_hz > 0:
        raise ValueError(f"a resolution of {resolution_hz} Hz is impossible; it must be above 0")
    samples = signal.samples.shape[1]
    wanted = min(SEGMENT, samples // SEGMENTS) if resolution_hz is None else round(signal.sampling_rate / resolution_hz)
    length = min(scipy.fft.next_fast_len(max(wanted, min(samples, 16)), real=True), samples)
    window = np.hanning(length + 1)[:-1].astype(np.float32)  # periodic, as a transform takes it
    power = np.stack([mean_power(row, window) for row in signal.samples])
    power *= 2 / (signal.sampling_rate * np.sum(np.square(window), dtype=np.float64))
    power[:, 0] /= 2  # neither 0 nor the Nyquist frequency has a mirror image to be added
    if length % 2 == 0:
        power[:, -1] /= 2
    units = {channel.unit for channel in signal.channels}
    return Spectrum(
        frequency_hz=scipy.fft.rfftfreq(length, 1 / signal.sampling_rate),
        values=power,
        quantity="power spectral density",
        unit=f"{SQUARED[units.pop() if len(units) == 1 else None]}/Hz",
        resolution_hz=signal.sampling_rate / length,
    )


def mean_power(row: NDArray[np.float32], window: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean squared magnitude, of shape (L // 2 + 1,), of a row's segments under a window of shape (L,)."""
    length = len(window)
    segments = sliding_windows(row, length, max(length // 2, 1))
    batch = max(1, BATCH // length)
    total = np.zeros(length // 2 + 1)
    for first in range(0, len(segments), batch):
        some = segments[first : first + batch]
        spectra = scipy.fft.rfft((some - some.mean(axis=1, keepdims=True)) * window)
        total += np.einsum("sf,sf->f", spectra.real, spectra.real, dtype=np.float64)
        total += np.einsum("sf,sf->f", spectra.imag, spectra.imag, dtype=np.float64)
    return total / len(segments)
