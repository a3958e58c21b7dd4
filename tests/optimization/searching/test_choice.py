import pytest

from optimization.searching.choice import distance, front, missed, ranked
from optimization.searching.question import Limits

TOO_SLOW = "its latency is 0.51 of the network's in float32, 0.5 may be"


@pytest.mark.parametrize(
    ("limits", "changes", "proven", "told"),
    [
        (Limits(), {}, True, []),
        (Limits(0.01), {"bound": 0.012}, True, ["up to 1.2 % of its verdicts flip, 1 % may"]),
        (Limits(0.01), {"bound": 0.012}, False, []),  # so few recordings can't show it
        (Limits(), {"proof": {"verdict": "degraded"}}, False, ["its verdicts are degraded"]),
        (
            Limits(latency_ratio=0.5),
            {"ratio": 0.49},
            True,
            [TOO_SLOW],
        ),
        (Limits(latency_ratio=0.5), {"ratio": 0.52}, False, []),  # it may still turn out faster
        (
            Limits(latency_ratio=0.5),
            {"ratio": 0.54},
            False,
            [TOO_SLOW],
        ),
        (Limits(size_ratio=0.3), {"size": 0.31}, False, ["its size is 0.31 of the network's in float32, 0.3 may be"]),
        (Limits(size_ratio=0.3, latency_ratio=0.1), {"ratio": None, "size": 0.3}, True, []),
    ],
)
def test_limits_are_held_against_what_is_known(tried, limits, changes, proven, told):
    assert [str(one) for one in missed(tried(**changes), limits, proven=proven)] == told


def test_the_front_is_what_nothing_beats(tried):
    exact = tried("onnx-conv2d", 0.6, size=1.0, sqnr_db=None)
    fast = tried("int8-static", 0.5, size=0.33, sqnr_db=30.0)
    small = tried("int8-pruned", 0.7, size=0.1, sqnr_db=25.0)
    beaten = [
        tried("onnx", 1.0, size=1.0, sqnr_db=None),
        tried("int8-s8s8", 0.9, size=0.33, sqnr_db=30.0),
        tried("int8-symmetric", 0.5, size=0.4, sqnr_db=20.0),
    ]

    assert front([*beaten, exact, small, fast]) == [fast, exact, small]


def test_copies_and_what_is_degraded_or_unmeasured_stand_on_no_front(tried):
    fast = tried("int8-static", 0.5)
    copy = tried("int8-entropy", 0.5, digest=fast.digest, number=2)
    wrong = tried("int8-noise", 0.1, proof={"verdict": "degraded"})

    assert front([fast, copy, wrong, tried("fp16", None)]) == [fast]


def test_what_is_within_the_noise_is_not_faster(tried):
    one, other = tried("one", 0.50, sqnr_db=40.0), tried("other", 0.49, sqnr_db=30.0)

    assert front([one, other], resolution=0.05) == [one]
    assert front([one, other], resolution=0.01) == [other, one]


def test_the_fastest_ships(tried):
    fast, slow = tried("fast", 0.4, sqnr_db=25.0), tried("slow", 0.5, sqnr_db=None, size=0.1)

    assert ranked([slow, fast], 0.02) == [fast, slow]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"flips": 0, "sqnr_db": 25.0}, {"flips": 1, "sqnr_db": None}),
        ({"sqnr_db": None, "size": 1.0}, {"sqnr_db": 40.0, "size": 0.3}),  # no ranges that might not fit a machine
        ({"size": 0.3, "sqnr_db": 30.0}, {"size": 0.6, "sqnr_db": 40.0}),
        ({"sqnr_db": 40.0}, {"sqnr_db": 30.0}),
        ({"recipe": ({"pass": "a"},)}, {"recipe": ({"pass": "a"}, {"pass": "b"})}),
        ({"number": 1}, {"number": 2}),
    ],
)
def test_among_those_as_fast_the_one_ships_that_costs_least(tried, better, worse):
    best, other = tried("best", 0.505, **{"number": 5} | better), tried("other", 0.5, **{"number": 5} | worse)

    assert ranked([other, best], 0.02) == [best, other]
    assert ranked([other, best], 0.001) == [other, best]


def test_ties_do_not_reach_beyond_the_fastest(tried):
    chain = [tried(str(number), 0.5 * 1.015**number, sqnr_db=20.0 + 10 * number) for number in range(4)]

    assert [one.name for one in ranked(chain, 0.02)] == ["1", "0", "3", "2"]


def test_the_nearest_misses_by_the_smallest_part_of_its_limits(tried):
    limits = Limits(0.01, latency_ratio=0.5, size_ratio=0.5)

    assert distance(tried(ratio=0.4), limits, proven=True) == 0
    assert distance(tried(ratio=1.0, size=1.0), limits, proven=True) == pytest.approx(1.1 + 1.0)
    assert distance(tried(ratio=0.4, proof={"verdict": "degraded"}), limits, proven=False) == 1.0
