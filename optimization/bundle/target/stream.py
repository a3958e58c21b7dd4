"""Diagnosing a recording whole, or as it comes from the sensor in blocks of any length."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .model import Model
from .resampling import Resampler, design, resample
from .terms import Terms
from .verdict import probabilities_of
from .windows import Level, cut, normalise


@dataclass(frozen=True, slots=True)
class Window:
    """What the network says of one window.

    Attributes
    ----------
    start_s : float
        Where it begins, in seconds from the start of the recording.
    logits, probabilities : ndarray, shape (K,), or None
        ``None`` where nothing moves in it, so that it is not judged.
    """

    start_s: float
    logits: NDArray[np.float32] | None
    probabilities: NDArray[np.float64] | None


def prepare(
    samples: NDArray[np.float32], rate_hz: float, terms: Terms
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_]]:
    """Return a whole recording's windows, of shape (W, L), where each begins in seconds, and whether it is judged.

    Raises
    ------
    InputError
        If the recording is shorter than a window.
    """
    row = resample(samples, rate_hz, terms.sampling_rate_hz, terms.band_upper_hz)
    if len(row) < terms.window:
        seconds, needed = len(samples) / rate_hz, terms.window / terms.sampling_rate_hz
        raise InputError(f"the recording lasts {seconds:.3g} s, a window {needed:.3g} s: record for longer")
    windows, level = normalise(cut(row, terms.window, terms.hop))
    heard: NDArray[np.bool_] = level > terms.silence * row.std()
    return windows, np.arange(len(windows), dtype=np.float64) * terms.hop_s, heard


def diagnose(samples: NDArray[np.float32], rate_hz: float, model: Model, terms: Terms) -> list[Window]:
    """Return what the network says of each window of a whole recording; raises `InputError` as `prepare`."""
    windows, start_s, heard = prepare(samples, rate_hz, terms)
    logits = model.logits(windows[heard])
    judged = iter(zip(logits, probabilities_of(logits, terms), strict=True))
    return [
        Window(float(start), *next(judged)) if moves else Window(float(start), None, None)
        for start, moves in zip(start_s, heard, strict=True)
    ]


class Stream:
    """A recording that comes in blocks of any length at the sensor's rate; the filter's state is kept over their edges.

    Windows come out as those of the same recording read whole, with two differences. The samples at the very end need
    the mirrored end of the recording: `finish` gives the windows that hold them. And whether anything moves in a window
    is told by the level of the recording so far, because the rest of it has not come yet.

    A window is complete when its last sample and ``half + 1`` further samples of the sensor are there: 6 ms at a band
    of 4.8 kHz, whatever the sensor's rate.

    Parameters
    ----------
    model : Model
        Asked about each window as it is complete.
    rate_hz : float
        The sensor's.
    terms : Terms
        Of the bundle.
    """

    def __init__(self, model: Model, rate_hz: float, terms: Terms) -> None:
        self._model, self._terms, self._rate_hz = model, terms, rate_hz
        self._resampler = Resampler(design(float(rate_hz), terms.sampling_rate_hz, terms.band_upper_hz))
        self._row = np.empty(0, np.float32)  # at the network's rate, from the next window's first sample on
        self._counted = 0  # samples of the row that are in the level
        self._level = Level()
        self._samples = 0
        self._given = 0

    def push(self, samples: NDArray[np.float32]) -> list[Window]:
        """Take the next block, of shape (N,), and return the windows that it completes.

        Raises
        ------
        InputError
            If the block holds NaN or infinity.
        """
        block = np.ascontiguousarray(samples, np.float32)
        if not np.isfinite(block).all():
            raise InputError(f"sample {self._samples + int(np.argmin(np.isfinite(block)))} is NaN or infinite")
        self._samples += len(block)
        return self._windows(self._resampler.push(block))

    def finish(self) -> list[Window]:
        """End the recording and return the windows that are still to come."""
        length = round(self._samples * self._terms.sampling_rate_hz / self._rate_hz)
        return self._windows(self._resampler.finish(length))

    def _windows(self, row: NDArray[np.float32]) -> list[Window]:
        self._row = np.concatenate([self._row, row])
        found = []
        while len(self._row) >= self._terms.window:
            self._level.add(self._row[self._counted : self._terms.window])
            found.append(self._ask(self._row[np.newaxis, : self._terms.window]))
            self._row = self._row[self._terms.hop :]
            self._counted = self._terms.window - self._terms.hop
        return found

    def _ask(self, window: NDArray[np.float32]) -> Window:
        start_s = self._given * self._terms.hop_s
        self._given += 1
        windows, level = normalise(window)
        if not level[0] > self._terms.silence * self._level.value():
            return Window(start_s, None, None)
        logits = self._model.logits(windows)
        return Window(start_s, logits[0], probabilities_of(logits, self._terms)[0])
