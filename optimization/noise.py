"""Whether a recording holds a machine at all, or random noise, whose ranges say nothing of any machine.

The noise of a random number generator has no line and no slope in its spectrum, and no impulses. What is judged is
the whole band that the network listens to, at the resolution of its windows: a shaft that turns leaves lines there,
a structure that rings a hill, and strikes a kurtosis.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from engine.card import ModelCard

#: In nats: real machines stay above 0.4 here, simulated healthy ones in the loudest white noise above 0.06, random
#: noise below 0.015 (from two windows on); its spectrum is not quite flat where the preparation's filter sets in.
FLAT = 0.035
IMPULSIVE = 1.0  #: excess kurtosis; that of Gaussian noise is 0, of uniform noise -1.2
#: From one window the flatness of a spectrum is known to 0.05 nats only.
FEWEST = 2
#: Of the upper edge of the band, and of the recording's own rate: where filters leave a spectrum as it was.
UNFILTERED, UNALIASED = 0.95, 0.4


@dataclass(frozen=True, slots=True)
class Whiteness:
    """How near windows are to random noise.

    Attributes
    ----------
    windows : int
        Windows without overlap that it was judged by.
    deficit : float
        Nats that the logarithm of the spectrum's mean lies above the mean of its logarithm, less what it does so for
        noise seen through as many windows: 0 for a flat spectrum.
    kurtosis : float
        Excess kurtosis of the samples.
    """

    windows: int
    deficit: float
    kurtosis: float

    @property
    def noise(self) -> bool:
        """Whether nothing tells the windows from random noise."""
        return self.deficit < FLAT and self.kurtosis < IMPULSIVE


def whiteness_of(windows: NDArray[np.float32], card: ModelCard, sampling_rate_hz: float) -> Whiteness:
    """Judge all windows of a recording.

    Parameters
    ----------
    windows : ndarray of float32, shape (W, C, L)
        Prepared, W >= 1, in their order.
    card : ModelCard
        How they were prepared.
    sampling_rate_hz : float
        Of the recording.

    Notes
    -----
    The ordinates of a periodogram of white noise, averaged over K windows, are gamma-distributed, and their mean
    logarithm lies ``log(K) - digamma(K)`` below the logarithm of their mean; the ratio itself is the spectral
    flatness of A. H. Gray and J. D. Markel, "A spectral-flatness measure for studying the autocorrelation method of
    linear prediction of speech analysis", IEEE Transactions on Acoustics, Speech, and Signal Processing 22(3), 1974.
    doi:10.1109/TASSP.1974.1162572
    """
    apart = windows[:: -(-card.window // card.hop)].reshape(-1, card.window).astype(np.float64)
    power = np.square(np.abs(np.fft.rfft(apart, axis=-1))).mean(axis=0)
    frequency_hz = np.fft.rfftfreq(card.window, 1 / card.sampling_rate_hz)
    upper_hz = min(UNFILTERED * card.band_hz[1], UNALIASED * sampling_rate_hz)
    band = power[(frequency_hz > card.band_hz[0]) & (frequency_hz < upper_hz)]
    variance = np.square(apart).mean()
    if not len(band) or not variance:  # nothing to hear, or nothing that moves
        return Whiteness(len(apart), deficit=np.inf, kurtosis=0.0)
    smallest = np.finfo(np.float64).tiny
    spread = np.log(band.mean()) - np.log(np.maximum(band, smallest)).mean()
    return Whiteness(
        windows=len(apart),
        deficit=float(spread - (np.log(len(apart)) - digamma(len(apart)))),
        kurtosis=float(np.square(np.square(apart)).mean() / np.square(variance) - 3),
    )


def noise_among(found: Sequence[Whiteness]) -> list[bool]:
    """Say of each recording whether it is noise.

    Those that are too short to be judged alone are judged by all of their kind, at least two of them.
    """
    short = [one.deficit for one in found if one.windows < FEWEST]
    together = len(short) >= FEWEST and float(np.mean(short)) < FLAT
    return [one.noise if one.windows >= FEWEST else together and one.kurtosis < IMPULSIVE for one in found]
