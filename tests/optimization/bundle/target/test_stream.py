import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diagnosis import calibrated_probabilities, judge
from engine.preparation import prepare
from engine.runtimes import load
from engine.signal import Channel, Signal
from engine.simulation.rolling import RollingBearing, simulate
from optimization.bundle.target import stream, verdict
from optimization.bundle.target.errors import InputError
from optimization.bundle.target.stream import Stream, diagnose


def recorded(rate_hz, condition="inner", seconds=1.2, seed=5):
    parameters = RollingBearing(condition, sampling_rate_hz=rate_hz, duration_s=seconds, seed=seed)
    return simulate(parameters).samples[0]


def streamed(samples, blocks, rate_hz, model, terms):
    """Windows of a recording that comes in blocks of those lengths, again and again."""
    running, found, at, turn = Stream(model, rate_hz, terms), [], 0, 0
    while at < len(samples):
        size = blocks[turn % len(blocks)]
        found += running.push(samples[at : at + size])
        at, turn = at + size, turn + 1
    return found + running.finish()


@pytest.mark.parametrize("rate_hz", [12_000.0, 25_600.0, 44_100.0, 48_000.0, 51_200.0])
def test_the_target_answers_as_the_engine_does(rate_hz, float32, model, terms):
    samples = recorded(rate_hz)
    signal = Signal(samples[np.newaxis], rate_hz, (Channel("simulated", "m/s2"),))
    prepared = prepare(signal, float32.card)
    with load(float32) as session:
        logits = session.predict(prepared.windows)

    found = diagnose(samples, rate_hz, model, terms)

    assert [window.start_s for window in found] == pytest.approx(prepared.start_s)
    assert np.array([window.logits for window in found]) == pytest.approx(logits, abs=2e-4)
    expected = judge(calibrated_probabilities(logits, float32.card.temperature), float32.card)
    answered = verdict.judge(np.array([window.probabilities for window in found]), terms)
    assert (answered.label, answered.windows, answered.share) == (expected.label, expected.windows, expected.share)
    assert answered.confidence == pytest.approx(expected.confidence, abs=1e-4)


@settings(max_examples=15)
@given(
    rate_hz=st.sampled_from([12_000.0, 25_600.0, 44_100.0, 51_200.0]),
    blocks=st.lists(st.integers(1, 9_000), min_size=1, max_size=6),
    seed=st.integers(0, 9),
)
def test_blocks_of_any_length_give_the_windows_of_the_file(rate_hz, blocks, seed, model, terms):
    blocks = [*blocks, 200]  # else single samples would take minutes
    samples = recorded(rate_hz, seconds=0.7, seed=seed)

    whole = diagnose(samples, rate_hz, model, terms)
    found = streamed(samples, blocks, rate_hz, model, terms)

    assert [window.start_s for window in found] == pytest.approx([window.start_s for window in whole])
    assert np.array([window.logits for window in found]) == pytest.approx(
        np.array([window.logits for window in whole]), abs=1e-4
    )


def test_a_standstill_is_judged_neither_in_a_file_nor_in_a_stream(bundle, golden, model, terms):
    (recording,) = golden["streams"]
    samples = np.fromfile(bundle / recording["samples"]["file"], "<f4")

    whole = diagnose(samples, 25_600.0, model, terms)
    found = streamed(samples, [1_000], 25_600.0, model, terms)

    assert recording["silent_windows"] >= 3
    for windows in (whole, found):
        assert sum(window.logits is None for window in windows) == recording["silent_windows"]
        heard = [window.start_s for window in windows if window.logits is not None]
        assert heard == pytest.approx(recording["start_s"])


def test_windows_come_as_soon_as_their_last_samples_do(model, terms):
    running = Stream(model, 12_000.0, terms)
    samples = recorded(12_000.0, seconds=0.4)
    reach = 73  # half of the filter's taps at the network's own rate, and one

    assert running.push(samples[: 2_048 + reach - 1]) == []
    (window,) = running.push(samples[2_048 + reach - 1 : 2_048 + reach])
    assert window.start_s == 0.0
    assert running.push(samples[2_048 + reach : 3_072 + reach - 1]) == []


def test_a_block_with_nan_is_refused_naming_the_sample(model, terms):
    running = Stream(model, 12_000.0, terms)
    running.push(np.ones(100, np.float32))

    with pytest.raises(InputError, match="sample 103 is NaN or infinite"):
        running.push(np.array([1, 2, 3, np.nan], np.float32))


def test_an_empty_stream_ends_without_a_window(model, terms):
    assert Stream(model, 12_000.0, terms).finish() == []


def test_a_recording_shorter_than_a_window_is_refused(model, terms):
    with pytest.raises(InputError, match=r"lasts 0.1 s, a window 0.171 s: record for longer"):
        stream.prepare(recorded(12_000.0)[:1_200], 12_000.0, terms)
