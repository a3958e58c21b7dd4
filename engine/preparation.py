"""From a signal to the windows that a network sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.dsp.resample import resample
from engine.dsp.windows import sliding_windows
from engine.errors import TooShortError
from engine.signal import Signal

#: A window this much quieter than its recording holds a dropout, not a machine; dividing by its level would
#: show the network amplified rounding noise.
SILENCE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class PreparedWindows:
    """Windows as a network takes them.

    Attributes
    ----------
    windows : ndarray of float32, shape (W, C, L)
        Normalised as the card says.
    start_s : ndarray of float64, shape (W,)
        Where each begins, in seconds from the start of the recording.
    silent : int
        Number of windows left out because nothing moves in them.
    """

    windows: NDArray[np.float32]
    start_s: NDArray[np.float64]
    silent: int


def prepare(signal: Signal, card: ModelCard) -> PreparedWindows:
    """Band-limit and resample a signal to the card's rate, cut it into windows, normalise each.

    Parameters
    ----------
    signal : Signal
        ``samples`` of shape (C, N), as many channels as the card takes.
    card : ModelCard
        Rate, window, hop, band and normalisation.

    Raises
    ------
    TooShortError
        If the signal is shorter than one window.
    """
    rows = resample(signal.samples, signal.sampling_rate, card.sampling_rate_hz, band_upper_hz=card.band_hz[1])
    if rows.shape[1] < card.window:
        raise TooShortError("The recording", signal.duration_s, card.window_s)
    views = np.stack([sliding_windows(row, card.window, card.hop) for row in rows], axis=1)
    windows, level = zscore(views)
    heard = np.all(level > SILENCE * rows.std(axis=1), axis=1)
    start_s = np.arange(len(windows), dtype=np.float64) * (card.hop / card.sampling_rate_hz)
    if not heard.all():
        windows, start_s = windows[heard], start_s[heard]
    return PreparedWindows(windows, start_s, int(np.count_nonzero(~heard)))


def zscore(windows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Take the mean off each window of shape (W, C, L) and divide by its standard deviation.

    Returns the windows and their standard deviations, of shape (W, C); a window that never changes stays zero.
    """
    centred = windows - windows.mean(axis=-1, keepdims=True)
    level = np.sqrt(np.einsum("wcl,wcl->wc", centred, centred) / windows.shape[-1])
    centred /= np.where(level > 0, level, 1)[..., np.newaxis]
    return centred, level
