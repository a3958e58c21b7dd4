"""How many windows are enough to calibrate on: the answers of INT8 against the number that ranges were read from."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from engine.variant import Variant
from optimization.int8.trials import Int8Trials, windows_to_judge_on
from optimization.passes.quantize_static import QuantizeStatic
from optimization.progress import Progress, silent
from optimization.proving.comparison import WindowComparison
from optimization.recipe import calibration_from
from optimization.recording_set import RecordingSet

#: Counts go on from 1, twice as many each time, up to this.
MOST = 256
#: Windows that each count is judged on.
JUDGED_ON = 256
#: What a count may lack of the last one's SQNR and agreement, and be enough.
TOLERANCE_DB, TOLERANCE_SHARE = 1.0, 0.005


@dataclass(frozen=True, slots=True)
class CountJudged:
    """What ranges from so many windows are worth.

    Attributes
    ----------
    windows : int
        Calibrated on.
    against_float32 : WindowComparison
        The logits of INT8 against those of float32, on other windows.
    """

    windows: int
    against_float32: WindowComparison


@dataclass(frozen=True, slots=True)
class WindowCurve:
    """The answers of INT8 over the number of windows.

    Attributes
    ----------
    counts : tuple of CountJudged
        With rising numbers.
    enough : int
        The smallest number from which on SQNR and agreement stay within the tolerance of the last one's.
    """

    counts: tuple[CountJudged, ...]
    enough: int

    def to_json(self) -> dict[str, Any]:
        """As ``vibench sensitivity --to windows --json`` prints it."""
        return {
            "enough": self.enough,
            "tolerance": {"sqnr_db": TOLERANCE_DB, "top1_agreement": TOLERANCE_SHARE},
            "counts": [{"windows": one.windows, "against_float32": asdict(one.against_float32)} for one in self.counts],
        }


def enough_windows(
    start: Variant,
    asked: QuantizeStatic,
    calibrate_with: RecordingSet | None,
    judge_on: RecordingSet,
    scratch: Path,
    *,
    most: int = MOST,
    force_noise: bool = False,
    progress: Progress = silent,
) -> WindowCurve:
    """Calibrate on 1, 2, 4, ... windows, as an optimisation with that number would, and judge each result.

    Parameters
    ----------
    start : Variant
        An ONNX variant in float32.
    asked : QuantizeStatic
        How to quantise.
    calibrate_with : RecordingSet or None
        Where windows come from; simulated recordings if ``None``.
    judge_on : RecordingSet
        Other recordings, to judge on.
    scratch : Path
        An empty folder.
    most : int
        The largest number of windows, at least 1.
    force_noise : bool
        Calibrate on recordings of random noise too; otherwise they are refused.
    progress : callable
        Told how far it is.

    Raises
    ------
    CalibrationError
        If a set gives no window.
    PassNotApplicableError, RecipeError, NoEffect, ModelError
        If the network can't be quantised so.
    SignalError
        If a recording can't be read.
    """
    card = start.card
    trials = Int8Trials(start, asked, windows_to_judge_on(judge_on, card, JUDGED_ON), scratch)
    judged: list[CountJudged] = []
    for count in counts_up_to(most):
        calibration = calibration_from(calibrate_with, card, count, progress, force_noise=force_noise)
        if judged and calibration.count == judged[-1].windows:  # the recordings hold no more
            break
        ranges = trials.ranges(calibration, progress)
        judged.append(CountJudged(calibration.count, trials.judged(trials.quantised(ranges))))
    return WindowCurve(tuple(judged), smallest_enough(judged))


def counts_up_to(most: int) -> Iterator[int]:
    """Yield 1, 2, 4, ... below a number, and the number."""
    count = 1
    while count < most:
        yield count
        count *= 2
    yield most


def smallest_enough(judged: Sequence[CountJudged]) -> int:
    """Return the smallest number from which on every result is about as good as the last, of at least one."""
    enough = judged[-1].windows
    for one in reversed(judged):
        if not about_as_good(one.against_float32, judged[-1].against_float32):
            break
        enough = one.windows
    return enough


def about_as_good(one: WindowComparison, last: WindowComparison) -> bool:
    """Whether a comparison lacks no more than the tolerance of another's SQNR and agreement."""
    sqnr_db = [inf if judged.sqnr_db is None else judged.sqnr_db for judged in (one, last)]
    return sqnr_db[0] >= sqnr_db[1] - TOLERANCE_DB and one.top1_agreement >= last.top1_agreement - TOLERANCE_SHARE
