import pytest

from optimization.measuring.candidate import Candidate
from optimization.measuring.intervals import Interval
from optimization.measuring.process import Timed
from optimization.searching.racing import heat_of, narrowed, run_heat

NUMBER = 20


def timed(*latencies_ms, wobble=0.01):
    """Rounds of each candidate, one of two a little slower, all at the same time."""
    rounds = [1 + wobble * (number % 2) for number in range(NUMBER)]
    return [Timed(tuple(ms * one for one in rounds), ms, ms, None, 1000 / ms) for ms in latencies_ms]


def test_ratios_are_to_the_network_and_gaps_to_the_leader_of_the_same_rounds():
    baseline, leader, control = 2.0, 1.0, 2.02
    heat = heat_of(timed(baseline, leader, 0.8, 1.5, control), count=2)

    assert [one.median for one in heat.ratios] == pytest.approx([0.4, 0.75])
    assert [one.median for one in heat.behind] == pytest.approx([0.8, 1.5])
    assert not heat.noisy
    assert heat.resolution == pytest.approx(0.02, abs=1e-9)
    assert [heat.clearly_slower(number) for number in range(2)] == [False, True]


def test_without_a_leader_the_network_leads():
    heat = heat_of(timed(2.0, 1.0, 3.0, 2.0), count=2)

    assert [one.median for one in heat.behind] == pytest.approx([0.5, 1.5])


def test_what_another_process_would_explain_sends_nobody_off():
    assert not heat_of(timed(2.0, 1.0, 1.09, 2.0), count=1).clearly_slower(0)
    assert heat_of(timed(2.0, 1.0, 1.12, 2.0), count=1).clearly_slower(0)


def test_a_disturbed_heat_is_run_once_more(untrained_variants):
    _, onnx = untrained_variants
    network = Candidate.of(onnx)
    asked = []

    def measure(candidates, windows, **options):
        asked.append(len(candidates))
        return timed(2.0, 1.0, 2.6 if len(asked) == 1 else 2.0)

    heat = run_heat([network], network, network, None, batch=1, threads=1, measure=measure)

    assert asked == [3, 3]
    assert not heat.noisy


def test_a_heat_that_is_always_disturbed_says_so(untrained_variants):
    network = Candidate.of(untrained_variants[1])
    heat = run_heat(
        [network], network, network, None, batch=1, threads=1, measure=lambda *_, **__: timed(2.0, 1.0, 2.6)
    )

    assert heat.noisy
    assert heat.resolution == pytest.approx(0.3, abs=0.01)
    assert not heat.clearly_slower(0)


def test_of_two_heats_the_surer_one_is_believed():
    wide, narrow = Interval(0.5, 0.4, 0.6), Interval(0.52, 0.51, 0.53)

    assert narrowed(wide, narrow) == narrowed(narrow, wide) == narrowed(None, narrow) == narrow
