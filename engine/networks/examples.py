"""Augmented training windows, drawn at random from band-limited recordings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.dsp.resample import resample
from engine.preparation import zscore
from engine.signal import Signal

#: Factors by which a recording is played faster: other shaft speeds, near enough.
TIME_SCALES = tuple(float(factor) for factor in np.geomspace(0.6, 1.7, 11))


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A recording to learn from.

    Attributes
    ----------
    label : int
        Index of its class.
    versions : tuple of ndarray of float32, shape (N_v,)
        The band-limited signal at the network's rate, once for each time scale.
    """

    label: int
    versions: tuple[NDArray[np.float32], ...]


def make_example(signal: Signal, label: int, card: ModelCard, scales: Sequence[float] = TIME_SCALES) -> Example:
    """Bring a one-channel signal to the card's rate and band, played at each of the time scales.

    Scaling comes before band-limiting, so that no version holds anything above the card's band.
    """
    return Example(
        label,
        tuple(
            resample(
                signal.samples[0],
                signal.sampling_rate * scale,
                card.sampling_rate_hz,
                band_upper_hz=card.band_hz[1],
            )
            for scale in scales
        ),
    )


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How windows are varied; each draw is independent.

    Attributes
    ----------
    gain_db : float
        The recording is made louder or quieter against the added noise by up to this.
    noise_snr_db : tuple of float
        Range of the ratio of signal power to added noise power.
    noise_share : float
        Share of windows that get noise.
    tilt_db : float
        Largest slope of the random transfer path laid over a window, over the whole band.
    """

    gain_db: float = 6.0
    noise_snr_db: tuple[float, float] = (3.0, 30.0)
    noise_share: float = 0.6
    tilt_db: float = 6.0


class Variation:
    """Varies windows as other recordings of the same condition would: other mountings, more noise, either sign.

    Parameters
    ----------
    card : ModelCard
        Rate and band of the windows.
    random : Generator
        Of every draw.
    augmentation : Augmentation
        How far.
    """

    def __init__(self, card: ModelCard, random: np.random.Generator, augmentation: Augmentation) -> None:
        self._random = random
        self._augmentation = augmentation
        white = random.standard_normal(2**18).astype(np.float32)
        rate = card.sampling_rate_hz
        self._noise = resample(white, rate, rate, band_upper_hz=card.band_hz[1])
        self._noise /= self._noise.std()

    def vary(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return prepared windows of shape (W, 1, L) for windows of shape (W, L), at whatever level."""
        count, length = windows.shape
        windows, _ = zscore(windows[:, np.newaxis])
        windows = self._through_random_path(windows[:, 0])
        starts = self._random.integers(len(self._noise) - length, size=count)
        noise = np.stack([self._noise[start : start + length] for start in starts])
        snr_db = self._random.uniform(*self._augmentation.noise_snr_db, size=count)
        gain_db = self._random.uniform(-self._augmentation.gain_db, self._augmentation.gain_db, size=count)
        level = np.power(10.0, -(snr_db + gain_db) / 20) * (self._random.random(count) < self._augmentation.noise_share)
        sign = self._random.choice((-1.0, 1.0), size=count)
        varied = (windows + level[:, np.newaxis] * noise) * sign[:, np.newaxis]
        prepared, _ = zscore(varied[:, np.newaxis].astype(np.float32))
        return prepared

    def _through_random_path(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Tilt each spectrum by a random slope and ripple, as another mounting of the sensor would."""
        spectrum = np.fft.rfft(windows)
        position = np.linspace(-0.5, 0.5, spectrum.shape[1])
        limit = self._augmentation.tilt_db
        slope, ripple = self._random.uniform(-limit, limit, size=(2, len(windows), 1))
        phase = self._random.uniform(0, 2 * np.pi, size=(len(windows), 1))
        gain_db = slope * position + ripple / 2 * np.cos(2 * np.pi * 3 * position + phase)
        return np.fft.irfft(spectrum * 10 ** (gain_db / 20), n=windows.shape[1]).astype(np.float32)


class WindowSource:
    """Draws batches in which every group, within it every class, and within that every recording is equally likely.

    Parameters
    ----------
    groups : sequence of sequence of Example
        Say, real recordings and simulated ones, so that many of the latter do not drown few of the former.
    card : ModelCard
        Window length, rate and band.
    augmentation : Augmentation
        How windows are varied.
    seed : int
        Of every random draw.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Example]],
        card: ModelCard,
        *,
        seed: int,
        augmentation: Augmentation | None = None,
    ) -> None:
        self._card = card
        self._random = np.random.default_rng(seed)
        self._groups = [by_class(examples) for examples in groups]
        self._variation = Variation(card, self._random, augmentation or Augmentation())

    def draw(self, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return prepared windows of shape (count, 1, L) and their labels of shape (count,)."""
        picked = [self._pick() for _ in range(count)]
        windows = np.stack([self._crop(example) for example in picked])
        labels = np.array([example.label for example in picked], dtype=np.int64)
        return self._variation.vary(windows), labels

    def batches(self, count: int, size: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Yield ``count`` batches of ``size`` windows."""
        for _ in range(count):
            yield self.draw(size)

    def _pick(self) -> Example:
        classes = self._groups[self._random.integers(len(self._groups))]
        members = classes[self._random.integers(len(classes))]
        return members[self._random.integers(len(members))]

    def _crop(self, example: Example) -> NDArray[np.float32]:
        version = example.versions[self._random.integers(len(example.versions))]
        start = self._random.integers(len(version) - self._card.window + 1)
        return version[start : start + self._card.window]


def by_class(examples: Sequence[Example]) -> list[list[Example]]:
    """Return the examples of each class that occurs, in the order of the labels."""
    labels = sorted({example.label for example in examples})
    return [[example for example in examples if example.label == label] for label in labels]
