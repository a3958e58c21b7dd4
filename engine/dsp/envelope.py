"""What strikes the structure, how often: the spectrum of a signal's squared envelope."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from engine.errors import BandOutsideSpectrumError
from engine.signal import Signal

#: A recording is used from its start up to the longer of these two. More would resolve lines finer than a machine
#: holds its speed.
LONGEST_S = 10.0
LONGEST_REVOLUTIONS = 300.0
#: At most so many samples, which takes a quarter of a second.
LONGEST_SAMPLES = 1 << 22
#: Share of a band's width over which each of its edges rises as a cosine; a sharp edge would ring like a fault.
EDGE_SHARE = 0.1
#: Fewest frequencies of a recording in a band that has an envelope worth the name.
FEWEST_BINS = 8

#: Bands to choose from: below the first frequency the shaft and the mains rule, above the second few sensors hear.
LOWEST_HZ, HIGHEST_HZ = 150.0, 20_000.0
#: Share of the Nyquist frequency that anti-aliasing filters leave usable.
USABLE_SHARE = 0.98
#: The whole, halves, quarters and eighths.
DIVISIONS = (1, 2, 4, 8)
#: A band must let through what is looked for in its envelope: 500 Hz, or 20 orders of a fast shaft.
NARROWEST_HZ, NARROWEST_ORDERS = 500.0, 20.0
#: A band is chosen on at most so many samples.
SAMPLES_FOR_CHOICE = 1 << 19


@dataclass(frozen=True, slots=True, eq=False)
class EnvelopeSpectrum:
    """Amplitude spectrum of the squared envelope inside a frequency band.

    Attributes
    ----------
    frequency_hz : ndarray of float64, shape (F,)
        From 0 up to the band's width, beyond which an envelope holds nothing.
    amplitude : ndarray of float64, shape (C, F)
        In the channels' unit squared; at 0 it is 0, for the mean was taken off. Prewhitened, the signal's power
        counts as spread evenly over all frequencies.
    band_hz : tuple of float
        The demodulation band.
    seconds : float
        How much of the recording was used, from its start.
    resolution_hz : float
        Distance between frequencies, ``1 / seconds``; the Hann window spreads a line over four of them.
    revolutions : float or None
        Turns of the shaft in those seconds, ``None`` where the speed is unknown.
    resolution_orders : float or None
        Distance between frequencies in orders of the shaft, ``1 / revolutions``; ``None`` for a standing shaft too.
    prewhitened : bool
        Whether the lines of shaft, gears and mains were levelled before.
    """

    frequency_hz: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    band_hz: tuple[float, float]
    seconds: float
    resolution_hz: float
    revolutions: float | None
    resolution_orders: float | None
    prewhitened: bool = False


def envelope_spectrum(signal: Signal, *, band: tuple[float, float], prewhiten: bool = False) -> EnvelopeSpectrum:
    """Return the amplitude spectrum of the squared envelope inside a band.

    The band's bins are cut out of the spectrum of the long recording and transformed back at the low rate that
    they need: the complex envelope, whose squared magnitude is transformed again under a Hann window.

    Parameters
    ----------
    signal : Signal
        ``samples`` of shape (C, N), in the channels' units. At most 10 s, or 300 revolutions where these are
        longer, are used.
    band : tuple of float
        Lower and upper edge in Hz.
    prewhiten : bool
        Give every frequency of the signal the same magnitude first [2]_. Lines that shaft, gears and mains leave
        in the envelope vanish, so that fault lines stand clearer; weak narrow resonances suffer.

    Raises
    ------
    BandOutsideSpectrumError
        Unless ``0 < lower < upper <= sampling_rate / 2``, and at least eight frequencies of the recording lie inside.

    References
    ----------
    .. [1] R. B. Randall and J. Antoni, "Rolling element bearing diagnostics - A tutorial",
       Mechanical Systems and Signal Processing 25(2), 2011. doi:10.1016/j.ymssp.2010.07.017
    .. [2] P. Borghesani et al., "Application of cepstrum pre-whitening for the diagnosis of bearing faults under
       variable speed conditions", Mechanical Systems and Signal Processing 36(2), 2013.
       doi:10.1016/j.ymssp.2012.11.001
    """
    length = used_samples(signal)
    resolution_hz = signal.sampling_rate / length
    lower, upper = band
    inside = 0 < lower < upper <= signal.sampling_rate / 2
    if not (inside and upper - lower >= FEWEST_BINS * resolution_hz):
        raise BandOutsideSpectrumError(lower, upper, signal.sampling_rate / 2)
    first, last = round(lower / resolution_hz), round(upper / resolution_hz)
    spectra = [spectrum_of(row[:length], prewhiten=prewhiten) for row in signal.samples]
    envelopes = np.stack([squared_envelope(spectrum[first:last]) for spectrum in spectra]) * (2 / length) ** 2
    amplitude = hann_amplitude(envelopes)[:, : last - first]
    seconds = length / signal.sampling_rate
    revolutions = None if signal.shaft_speed_hz is None else seconds * signal.shaft_speed_hz
    return EnvelopeSpectrum(
        frequency_hz=np.arange(amplitude.shape[1], dtype=np.float64) * resolution_hz,
        amplitude=amplitude,
        band_hz=(float(lower), float(upper)),
        seconds=seconds,
        resolution_hz=resolution_hz,
        revolutions=revolutions,
        resolution_orders=1 / revolutions if revolutions else None,
        prewhitened=prewhiten,
    )


def choose_band(signal: Signal) -> tuple[float, float]:
    """Return the band, in Hz, whose envelope repeats itself most clearly.

    Candidates are the usable band, its halves, quarters and eighths, each overlapping its neighbours by half
    (after the tree of [3]_). Of each the squared envelope's spectrum is taken, and the band wins where that is
    least evenly spread: the highest negentropy [4]_. The signal is prewhitened first, so that no line of shaft
    or gears decides. Bearing and speed do not enter but for the least width, so the band can't favour a fault.

    Parameters
    ----------
    signal : Signal
        ``samples`` of shape (C, N); the scores of all channels are added.

    Raises
    ------
    BandOutsideSpectrumError
        If the recording is too short to hold eight frequencies in the narrowest band.

    References
    ----------
    .. [3] J. Antoni, "Fast computation of the kurtogram for the detection of transient faults", Mechanical
       Systems and Signal Processing 21(1), 2007. doi:10.1016/j.ymssp.2005.12.002
    .. [4] J. Antoni, "The infogram: Entropic evidence of the signature of repetitive transients", Mechanical
       Systems and Signal Processing 74, 2016. doi:10.1016/j.ymssp.2015.04.034
    """
    length = int(scipy.fft.prev_fast_len(min(used_samples(signal), SAMPLES_FOR_CHOICE), real=True))
    resolution_hz = signal.sampling_rate / length
    bands = candidate_bands(signal.sampling_rate, signal.shaft_speed_hz or 0.0)
    narrowest_hz = min(upper - lower for lower, upper in bands)
    compared = int(narrowest_hz / resolution_hz)
    if compared < FEWEST_BINS:
        raise BandOutsideSpectrumError(*bands[-1], signal.sampling_rate / 2)
    scores = np.zeros(len(bands))
    for row in signal.samples:
        spectrum = spectrum_of(row[:length], prewhiten=True)
        for number, (lower, upper) in enumerate(bands):
            envelope = squared_envelope(spectrum[round(lower / resolution_hz) : round(upper / resolution_hz)])
            # The first three bins hold what the window leaks from the mean.
            scores[number] += negentropy(np.square(hann_amplitude(envelope[np.newaxis])[0, 3:compared]))
    return bands[int(scores.argmax())]


def candidate_bands(rate_hz: float, shaft_speed_hz: float) -> list[tuple[float, float]]:
    """Return the usable band of a sampling rate, and its halves, quarters and eighths that are wide enough."""
    highest = min(USABLE_SHARE * rate_hz / 2, HIGHEST_HZ)
    lowest = min(LOWEST_HZ, highest / 4)
    narrowest = max(NARROWEST_HZ, NARROWEST_ORDERS * shaft_speed_hz)
    widths = [(highest - lowest) / division for division in DIVISIONS]
    return [
        (lowest + half * width / 2, lowest + half * width / 2 + width)
        for width, division in zip(widths, DIVISIONS, strict=True)
        if division == 1 or width >= narrowest
        for half in range(2 * division - 1)
    ]


def negentropy(power: NDArray[np.float64]) -> float:
    """Return how unevenly some power is spread: 0 where it is even, log(n) where one of n bins holds it all."""
    share = power / max(power.mean(), np.finfo(np.float64).tiny)
    return float(np.mean(share * np.log(np.maximum(share, np.finfo(np.float64).tiny))))


def spectrum_of(row: NDArray[np.float32], *, prewhiten: bool) -> NDArray[np.complex64]:
    """Return the spectrum of a row without its mean; prewhitened, each bin has the magnitude of the mean power."""
    spectrum = scipy.fft.rfft(row - row.mean())
    if prewhiten:
        magnitude = np.abs(spectrum)
        level = np.sqrt(np.mean(np.square(magnitude)))
        spectrum *= level / np.maximum(magnitude, 1e-6 * level)  # what is all but zero stays so
    return np.asarray(spectrum)


def used_samples(signal: Signal) -> int:
    """Return how many samples of a signal an envelope is made of: the most allowed that are quickly transformed."""
    seconds = max(LONGEST_S, LONGEST_REVOLUTIONS / signal.shaft_speed_hz if signal.shaft_speed_hz else 0.0)
    longest = min(signal.samples.shape[1], seconds * signal.sampling_rate, LONGEST_SAMPLES)
    return int(scipy.fft.prev_fast_len(int(longest), real=True))


def squared_envelope(bins: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the squared magnitude, at the low rate, of the complex signal that some bins of shape (B,) make.

    Two samples a bin, for squaring doubles the bandwidth. Dividing nothing, it grows with the signal's length.
    """
    edge = round(EDGE_SHARE * len(bins))
    taper = np.ones(len(bins), np.float32)
    rise = np.sin(np.pi / 2 * (np.arange(edge) + 0.5) / max(edge, 1)) ** 2
    taper[:edge], taper[len(bins) - edge :] = rise, rise[::-1]
    length = scipy.fft.next_fast_len(2 * len(bins))
    envelope = scipy.fft.ifft(bins * taper, length, norm="forward")
    return np.asarray(np.square(envelope.real) + np.square(envelope.imag))


def hann_amplitude(envelopes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the amplitudes of the sinusoids in rows of shape (C, L), without their mean, through a Hann window."""
    length = envelopes.shape[-1]
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    centred = envelopes - envelopes.mean(axis=-1, keepdims=True)
    amplitude = np.abs(scipy.fft.rfft(centred * window)).astype(np.float64) * (2 / window.sum(dtype=np.float64))
    amplitude[:, 0] = 0.0
    return np.asarray(amplitude)
