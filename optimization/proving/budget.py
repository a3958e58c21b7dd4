"""What a variant may change and still give its parent's verdicts: a budget with two sides."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from engine.errors import RecipeError
from optimization.proving.comparison import RecordingComparison, WindowComparison, lower_bound, recordings_needed
from optimization.proving.specimens import Specimens

Verdict = Literal["equivalent", "degraded", "undecided"]
Finding = tuple[Verdict, str]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a variant may change.

    Each number is held against what was found from two sides: the variant is equivalent where even the worse end of
    the interval is within, degraded where even the better end is beyond, and undecided where the limit lies between.
    What has no interval stands for itself.

    Attributes
    ----------
    flips_share : float
        Share of recordings whose verdict may flip, 0 up to 1.
    top1_agreement : float
        Share of windows that must keep their class, above 0 and up to 1.
    sqnr_db : float
        By how much the power of the logits must exceed that of their error, in dB.

    Raises
    ------
    RecipeError
        If one of them can't be.
    """

    # Every bundled network keeps 27 dB and 99 % under every sound quantisation, on recordings as hard as those of a
    # proof; ranges read from two windows leave 15 to 22 dB, from noise 7 to 16 dB.
    flips_share: float = 0.10
    top1_agreement: float = 0.98
    sqnr_db: float = 20.0

    def __post_init__(self) -> None:
        if not 0 <= self.flips_share < 1:
            raise RecipeError("The share of flips", f"{self.flips_share:g}", "it lies from 0 up to 1, as 0.01 or 1% do")
        if not 0 < self.top1_agreement <= 1:
            raise RecipeError(
                "The share of windows", f"{self.top1_agreement:g}", "it lies above 0 and up to 1, as 0.985 or 98.5% do"
            )
        if not -300 <= self.sqnr_db <= 300:
            raise RecipeError("The SQNR", f"{self.sqnr_db:g}", "it lies from -300 to 300 dB, 20 for one")

    def limits(self) -> dict[str, float]:
        """As ``vibench.verification/1`` keeps them."""
        return asdict(self)


BUDGET = Budget()
#: `BUDGET` as a proof keeps it.
LIMITS: Mapping[str, float] = BUDGET.limits()


def decide(
    windows: WindowComparison,
    recordings: RecordingComparison,
    budget: Budget = BUDGET,
    specimens: Specimens | None = None,
) -> tuple[Verdict, tuple[str, ...]]:
    """Hold what was found against a budget.

    Parameters
    ----------
    windows, recordings
        The comparisons.
    budget : Budget
        What is allowed.
    specimens : Specimens or None
        Where its intervals are wider than what the recordings alone allow to say, they count.

    Returns
    -------
    verdict : {"equivalent", "degraded", "undecided"}
        The worst of the three findings.
    reasons : tuple of str
        Sentences: what decided, and what is known beside.
    """
    findings = [
        judge_flips(recordings, budget.flips_share, specimens),
        judge_agreement(windows, budget.top1_agreement, specimens),
        judge_noise(windows, budget.sqnr_db, specimens),
    ]
    worse = tuple(reason for verdict, reason in findings if verdict == "degraded")
    if worse:
        return "degraded", worse
    if all(verdict == "equivalent" for verdict, _ in findings):
        return "equivalent", tuple(reason for _, reason in findings)
    known = known_so_far(recordings, budget.flips_share)
    rest = tuple(reason for verdict, reason in findings if verdict == "undecided")
    return "undecided", (known, *rest, "More recordings of your own would tell.")


def judge_flips(recordings: RecordingComparison, allowed: float, specimens: Specimens | None) -> Finding:
    """Hold the flipped verdicts against the share that may flip."""
    at_least, at_most = flips_between(recordings, specimens)
    flipped = f"{recordings.flips} of {recordings.count} verdicts flipped"
    may = f"{limit(allowed)} may"
    if at_least > allowed:
        return "degraded", f"{flipped}, which means at least {percent(at_least)} in truth; {may}."
    if at_most > allowed:
        return "undecided", f"{flipped}, which means up to {percent(at_most)} in truth; {may}."
    return "equivalent", f"{flipped}, which means at most {percent(at_most)} in truth; {may}."


def flips_between(recordings: RecordingComparison, specimens: Specimens | None) -> tuple[float, float]:
    """Return the shares that flip at least and at most: by recording or, where that says less, by specimen."""
    ends = lower_bound(recordings.flips, recordings.count), recordings.flips_upper_bound
    drawn = specimens.intervals.get("flips_share", ends) if specimens else ends
    return min(ends[0], drawn[0]), max(ends[1], drawn[1])


def judge_agreement(windows: WindowComparison, wanted: float, specimens: Specimens | None) -> Finding:
    """Hold the windows that keep their class against the share that must."""
    found = windows.top1_agreement
    low, high = specimens.intervals.get("top1_agreement", (found, found)) if specimens else (found, found)
    kept = f"{round(found * windows.count)} of {windows.count} windows keep their class"
    if max(high, found) < wanted:
        return "degraded", f"Only {kept}; {limit(wanted)} must."
    if min(low, found) < wanted:
        between = f", {percent(low)} to {percent(high)} by specimen" if low < high else ""
        return "undecided", f"{kept}{between}; {limit(wanted)} must."
    return "equivalent", f"{kept}; {limit(wanted)} must."


def judge_noise(windows: WindowComparison, wanted_db: float, specimens: Specimens | None) -> Finding:
    """Hold the error of the logits against what they must exceed it by."""
    found = windows.sqnr_db
    if found is None:
        return "equivalent", "The logits are the same."
    low, high = specimens.intervals.get("sqnr_db", (found, found)) if specimens else (found, found)
    lies = f"The error of its logits lies {found:.1f} dB below the logits"
    if max(high, found) < wanted_db:
        only = f"lies only {found:.1f} dB below" if found > 0 else f"lies {abs(found):.1f} dB above"
        return "degraded", f"The error of its logits {only} the logits; {wanted_db:g} dB are needed."
    if min(low, found) < wanted_db:
        return "undecided", f"{lies}, {low:.1f} to {high:.1f} dB by specimen; {wanted_db:g} dB are needed."
    return "equivalent", f"{lies}; {wanted_db:g} dB are needed."


def known_so_far(recordings: RecordingComparison, allowed: float) -> str:
    """Say what is known where it does not decide, and how many more recordings would.

    ``0 of 20 flipped, smallest margin 0.31, largest logit change 0.02; 279 more without a flip would show at most
    1 %.``
    """
    known = [f"{recordings.flips} of {recordings.count} flipped"]
    if recordings.margins is not None:
        known.append(f"smallest margin {recordings.margins.smallest_parent:.2g}")
        known.append(f"largest logit change {recordings.margins.largest_logit_change:.2g}")
    needed = recordings_needed(recordings.flips, allowed)
    if needed is None:
        more = f"no number of recordings would show at most {limit(allowed)}"
    elif needed > recordings.count:
        another = "another" if recordings.flips else "a"
        more = f"{needed - recordings.count} more without {another} flip would show at most {limit(allowed)}"
    else:
        more = f"that shows at most {percent(recordings.flips_upper_bound)}"
    return f"{', '.join(known)}; {more}."


def percent(share: float) -> str:
    """Write a share that was found as per cent: ``7.2 %``."""
    return f"{100 * share:.1f} %"


def limit(share: float) -> str:
    """Write a share that was asked for as per cent, with all of its digits: ``10 %``."""
    return f"{100 * share:g} %"
