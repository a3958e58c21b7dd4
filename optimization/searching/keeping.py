"""Which layers to keep in float32: those first that lose most as integers."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.variant import Variant
from optimization.calibration import Calibration
from optimization.passes.quantize_static import QuantizeStatic
from optimization.progress import Progress
from optimization.recording_set import RecordingSet
from optimization.sensitivity import sensitivity


class Ranking:
    """Ranks the layers of networks, each network once.

    Parameters
    ----------
    calibrate : callable
        Returns windows to read ranges from.
    judge_on : RecordingSet
        Other recordings.
    folder : Path
        Scratch lies in it meanwhile.
    progress : callable
        Told how far it is.
    clock : callable
        Returns seconds.

    Attributes
    ----------
    took_s : float
        How long the longest one took.
    """

    def __init__(
        self,
        calibrate: Callable[[], Calibration],
        judge_on: RecordingSet,
        folder: Path,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.took_s = 0.0
        self._calibrate = calibrate
        self._judge_on = judge_on
        self._folder = folder
        self._progress = progress
        self._clock = clock
        self._known: dict[str, tuple[str, ...]] = {}

    def most_sensitive(self, variant: Variant, count: int) -> tuple[str, ...]:
        """Return the names of so many layers of a variant in float32; raises as `sensitivity`."""
        if variant.digest not in self._known:
            began = self._clock()
            with TemporaryDirectory(dir=self._folder, prefix=".ranking-") as scratch:
                found = sensitivity(
                    variant,
                    QuantizeStatic(),
                    self._calibrate(),
                    self._judge_on,
                    Path(scratch),
                    progress=self._progress,
                )
            self._known[variant.digest] = tuple(layer.name for layer in found.layers)
            self.took_s = max(self.took_s, self._clock() - began)
        return self._known[variant.digest][:count]
