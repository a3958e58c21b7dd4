"""A budget has two sides, and says in numbers what would decide."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecipeError
from optimization.proving.budget import BUDGET, LIMITS, Budget, decide, known_so_far
from optimization.proving.comparison import MarginShift, RecordingComparison, WindowComparison, upper_bound
from optimization.proving.specimens import Specimens


def windows(agreement=1.0, sqnr_db=40.0):
    return WindowComparison(1000, agreement, sqnr_db, 0.02, 1.0)


def recordings(flips, count):
    return RecordingComparison(count, flips, upper_bound(flips, count), {}, MarginShift(0.31, 0.02, 0.0, -0.01))


@pytest.mark.parametrize(
    ("agreement", "sqnr_db", "flips", "count", "verdict"),
    [
        (1.0, None, 0, 40, "equivalent"),
        (0.98, 20.0, 0, 40, "equivalent"),
        (0.979, 40.0, 0, 40, "degraded"),
        (1.0, 19.9, 0, 40, "degraded"),
        (1.0, 40.0, 1, 40, "undecided"),
        (1.0, 40.0, 1, 60, "equivalent"),
        (1.0, 40.0, 7, 40, "undecided"),
        (1.0, 40.0, 8, 40, "degraded"),
        (1.0, 40.0, 0, 28, "undecided"),
        (1.0, 40.0, 0, 29, "equivalent"),
    ],
)
def test_the_budget_has_two_sides(agreement, sqnr_db, flips, count, verdict):
    assert decide(windows(agreement, sqnr_db), recordings(flips, count))[0] == verdict


@pytest.mark.parametrize(
    ("name", "ends", "verdict", "reason"),
    [
        ("top1_agreement", (0.97, 0.995), "undecided", "990 of 1000 windows keep their class, 97.0 % to 99.5 % by"),
        ("top1_agreement", (0.981, 0.995), "equivalent", "990 of 1000 windows keep their class; 98 % must."),
        ("sqnr_db", (18.0, 24.0), "undecided", "lies 21.0 dB below the logits, 18.0 to 24.0 dB by specimen; 20 dB"),
        ("sqnr_db", (20.5, 24.0), "equivalent", "The error of its logits lies 21.0 dB below the logits; 20 dB"),
        ("flips_share", (0.0, 0.2), "undecided", "1 of 100 verdicts flipped, which means up to 20.0 % in truth"),
        ("flips_share", (0.0, 0.03), "equivalent", "1 of 100 verdicts flipped, which means at most 4.7 % in truth"),
    ],
)
def test_what_an_interval_by_specimen_leaves_open_is_undecided(name, ends, verdict, reason):
    found = decide(windows(0.99, 21.0), recordings(1, 100), BUDGET, Specimens(12, 0, 1, {name: ends}))

    assert found[0] == verdict
    assert any(reason in told for told in found[1])


@pytest.mark.parametrize(("sqnr_db", "told"), [(14.9, "lies only 14.9 dB below"), (-6.0, "lies 6.0 dB above")])
def test_an_error_larger_than_the_logits_lies_above_them(sqnr_db, told):
    verdict, (reason,) = decide(windows(1.0, sqnr_db), recordings(0, 40))

    assert (verdict, reason) == ("degraded", f"The error of its logits {told} the logits; 20 dB are needed.")


def test_an_interval_that_reaches_the_limit_saves_from_degraded():
    below = windows(0.975, 40.0)

    assert decide(below, recordings(0, 40))[0] == "degraded"
    reaching = Specimens(12, 0, 0, {"top1_agreement": (0.95, 0.99)})
    assert decide(below, recordings(0, 40), BUDGET, reaching)[0] == "undecided"


def test_undecided_leads_with_what_is_known_and_with_what_would_decide():
    verdict, reasons = decide(windows(), recordings(0, 20), Budget(flips_share=0.01))

    assert verdict == "undecided"
    assert reasons[0] == (
        "0 of 20 flipped, smallest margin 0.31, largest logit change 0.02; 279 more without a flip would show at most "
        "1 %."
    )
    assert reasons[1] == "0 of 20 verdicts flipped, which means up to 13.9 % in truth; 1 % may."


def test_after_a_flip_more_are_needed():
    assert known_so_far(recordings(1, 40), 0.1).endswith("; 6 more without another flip would show at most 10 %.")
    assert known_so_far(recordings(0, 40), 0.0).endswith("; no number of recordings would show at most 0 %.")
    assert known_so_far(recordings(0, 40), 0.1).endswith("; that shows at most 7.2 %.")


@given(st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n + 1))), st.integers(1, 200))
def test_so_many_more_really_decide(case, thousandths):
    flips, count = case
    allowed = thousandths / 1000
    told = re.search(r"; (\d+) more without", known_so_far(recordings(flips, count), allowed))
    if told is None:
        assert upper_bound(flips, count) <= allowed
        return
    enough = count + int(told[1])

    assert decide(windows(), recordings(flips, enough), Budget(flips_share=allowed))[0] == "equivalent"
    assert decide(windows(), recordings(flips, enough - 1), Budget(flips_share=allowed))[0] != "equivalent"


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({"flips_share": 1.0}, "share of flips can't be 1"),
        ({"flips_share": -0.1}, "share of flips"),
        ({"flips_share": float("nan")}, "share of flips can't be nan"),
        ({"top1_agreement": 1.1}, "share of windows can't be 1.1"),
        ({"top1_agreement": 0.0}, "share of windows"),
        ({"sqnr_db": float("inf")}, "SQNR can't be inf"),
    ],
)
def test_limits_that_can_not_be_are_refused(limit, told):
    with pytest.raises(RecipeError, match=told):
        Budget(**limit)


def test_a_budget_is_kept_as_plain_numbers():
    assert Budget(0.01, 0.985, 33.0).limits() == {"flips_share": 0.01, "top1_agreement": 0.985, "sqnr_db": 33.0}
    assert BUDGET.limits() == LIMITS
