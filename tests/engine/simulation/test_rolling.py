import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bearings import BEARINGS, bearing
from engine.dsp.envelope import envelope_spectrum
from engine.dsp.kinematics import fault_orders
from engine.dsp.spectrum import welch
from engine.errors import BearingUnknownError, SimulationError, VibenchError
from engine.simulation.rolling import CONDITIONS, RollingBearing, load_at, save, simulate, strike_times

FAULTS = [condition for condition in CONDITIONS if condition != "normal"]


def ringing_and_noise(parameters):
    """What the fault alone adds, and all the rest: the same machine with and without its fault."""
    healthy = simulate(replace(parameters, condition="normal")).samples[0].astype(float)
    return simulate(parameters).samples[0] - healthy, healthy


def times_of(parameters, seed=0):
    orders = fault_orders(bearing(parameters.bearing))
    return strike_times(parameters, orders, np.random.default_rng(seed))


@settings(max_examples=40, deadline=None)
@given(
    condition=st.sampled_from(CONDITIONS),
    sampling_rate_hz=st.floats(8_000, 60_000),
    duration_s=st.floats(0.3, 3),
    shaft_rpm=st.floats(300, 3_000),
    name=st.sampled_from(sorted(BEARINGS)),
    seed=st.integers(0, 10_000),
)
def test_every_possible_recording_is_finite_and_as_long_as_asked(
    condition, sampling_rate_hz, duration_s, shaft_rpm, name, seed
):
    signal = simulate(RollingBearing(condition, sampling_rate_hz, duration_s, shaft_rpm, name, seed=seed))

    assert signal.samples.shape == (1, round(duration_s * sampling_rate_hz))
    assert signal.samples.dtype == np.float32
    assert (signal.sampling_rate, signal.shaft_speed_hz) == (sampling_rate_hz, shaft_rpm / 60)
    (channel,) = signal.channels
    assert (channel.name, channel.unit, channel.bearing) == ("simulated", "m/s2", name)


def test_equal_seeds_give_equal_recordings_and_others_another_machine():
    once, again, other = (simulate(RollingBearing("inner", seed=seed)).samples for seed in (4, 4, 5))

    assert np.array_equal(once, again)
    assert np.abs(np.corrcoef(once[0], other[0])[0, 1]) < 0.1


@settings(max_examples=20, deadline=None)
@given(condition=st.sampled_from(FAULTS), snr_db=st.floats(-20, 30), seed=st.integers(0, 1_000))
def test_the_signal_to_noise_ratio_is_the_stated_one(condition, snr_db, seed):
    parameters = RollingBearing(condition, snr_db=snr_db, seed=seed, structural_share=0.0)
    ringing, healthy = ringing_and_noise(parameters)

    # Between two shaft harmonics, which are not noise, the healthy machine has nothing else.
    spectrum = np.abs(np.fft.rfft(healthy)) ** 2
    noise_power = np.median(spectrum) / np.log(2) / len(healthy)
    assert 10 * np.log10(np.mean(ringing**2) / noise_power) == pytest.approx(snr_db, abs=0.3)


@pytest.mark.parametrize("colour", [-1.0, 0.0, 1.0, 2.0])
def test_the_noise_has_the_stated_colour(colour):
    signal = simulate(RollingBearing(noise_colour=colour, structural_share=0.0, duration_s=30))

    spectrum = welch(signal)

    heard = (spectrum.frequency_hz > 300) & (spectrum.frequency_hz < 5_500)
    slope = np.polyfit(np.log(spectrum.frequency_hz[heard]), np.log(spectrum.values[0, heard]), 1)[0]
    assert -slope == pytest.approx(colour, abs=0.1)


@settings(max_examples=15, deadline=None)
@given(condition=st.sampled_from(FAULTS), shaft_rpm=st.floats(400, 3_000), seed=st.integers(0, 1_000))
def test_strikes_come_at_the_kinematic_rate(condition, shaft_rpm, seed):
    parameters = RollingBearing(condition, shaft_rpm=shaft_rpm, duration_s=20)
    orders = fault_orders(bearing(parameters.bearing))
    order = {"inner": orders.bpfi, "outer": orders.bpfo, "ball": orders.bsf2}[condition]

    times_s = times_of(parameters, seed)

    assert len(times_s) == pytest.approx(order * shaft_rpm / 60 * 20, rel=0.01)
    assert 0 <= times_s[0] < times_s[-1] < 20


def test_slip_adds_up_as_a_random_walk():
    def drift(count):
        walks = [np.diff(times_of(RollingBearing("outer", slip=0.02), seed))[:count].sum() for seed in range(300)]
        return np.std(walks)

    assert drift(400) / drift(100) == pytest.approx(2, rel=0.25)  # a jitter would give 1, a wrong speed 4


def test_slip_spreads_a_line_and_without_it_the_line_is_sharp():
    def width(slip):
        parameters = RollingBearing("outer", slip=slip, snr_db=20, seed=2)
        envelope = envelope_spectrum(simulate(parameters), band=(1_200, 5_880))
        orders = envelope.frequency_hz / (1797 / 60)
        around = np.abs(orders - 3 * fault_orders(bearing("6205-2RS")).bpfo) < 0.4
        power = envelope.amplitude[0, around] ** 2
        return power.sum() ** 2 / np.sum(power**2)  # bins that share the power

    assert width(0.0) < 4
    assert width(0.02) > 10


@pytest.mark.parametrize(("condition", "order"), [("inner", 1.0), ("ball", 0.3983)])
def test_a_moving_place_is_struck_by_the_load_that_it_passes(condition, order):
    ringing, _ = ringing_and_noise(RollingBearing(condition, slip=0.0, seed=1, duration_s=20))
    loudness = ringing**2

    turns = np.arange(len(loudness)) * order * 1797 / 60 / 12_000
    once_a_turn = np.abs(np.sum(loudness * np.exp(-2j * np.pi * turns))) / loudness.sum()
    assert once_a_turn > 0.5


def test_a_place_on_the_standing_ring_is_struck_about_evenly():
    ringing, _ = ringing_and_noise(RollingBearing("outer", slip=0.0, seed=1, duration_s=20))
    loudness = ringing**2

    turns = np.arange(len(loudness)) * 1797 / 60 / 12_000
    assert np.abs(np.sum(loudness * np.exp(-2j * np.pi * turns))) / loudness.sum() < 0.15


def test_half_of_the_circumference_carries_load_at_a_factor_of_one_half():
    loads = load_at(np.array([0, 0.2, 0.3, 0.5]), 0.5)

    assert loads[0] == 1
    assert loads[1] > 0.1
    assert loads[2:] == pytest.approx(0.02)
    assert load_at(np.array([0.5]), 2.0) > 0.3


@pytest.mark.parametrize(
    "impossible",
    [
        {"condition": "cage"},
        {"sampling_rate_hz": 0},
        {"sampling_rate_hz": 1e9},
        {"duration_s": 0.01},
        {"duration_s": float("nan")},
        {"duration_s": 1e9},
        {"shaft_rpm": 0},
        {"shaft_rpm": -1797},
        {"shaft_rpm": 60_000},
        {"snr_db": float("inf")},
        {"slip": -0.1},
        {"slip": 0.5},
        {"load_zone": 0},
        {"noise_colour": 9},
        {"structural_share": 1.1},
        {"seed": -1},
    ],
)
def test_the_impossible_is_refused_with_a_sentence(impossible):
    with pytest.raises(SimulationError, match=f"{next(iter(impossible))} = .* can't be simulated: "):
        RollingBearing(**impossible)


def test_an_unknown_bearing_is_refused():
    with pytest.raises(BearingUnknownError):
        RollingBearing(bearing="9999")


def test_ten_seconds_are_simulated_in_a_fraction_of_one():
    simulate(RollingBearing("inner"))
    begun = time.process_time()
    for seed in range(5):
        simulate(RollingBearing("inner", seed=seed))

    assert (time.process_time() - begun) / 5 < 0.25  # 0.015 on an idle core


def test_an_archive_says_all_that_is_known(tmp_path):
    parameters = RollingBearing("outer", duration_s=1)
    signal = simulate(parameters)

    save(signal, parameters, tmp_path / "outer.npz")

    with np.load(tmp_path / "outer.npz", allow_pickle=False) as held:
        assert np.array_equal(held["simulated"], signal.samples[0])
        assert (held["sampling_rate"], held["shaft_rpm"]) == (12_000, 1797)
        assert [str(held[name]) for name in ("unit", "label", "bearing")] == ["m/s2", "outer", "6205-2RS"]


def test_a_table_and_a_sound_hold_the_samples_and_the_rate(tmp_path):
    from scipy.io import wavfile

    parameters = RollingBearing("ball", duration_s=0.5)
    signal = simulate(parameters)

    for suffix in ("csv", "wav"):
        save(signal, parameters, tmp_path / f"ball.{suffix}")

    time_s, samples = np.loadtxt(tmp_path / "ball.csv", delimiter=",", skiprows=1, unpack=True)
    assert 1 / np.diff(time_s).mean() == pytest.approx(12_000)
    assert samples == pytest.approx(signal.samples[0], rel=1e-6)
    rate_hz, heard = wavfile.read(tmp_path / "ball.wav")
    assert rate_hz == 12_000
    assert np.array_equal(heard, signal.samples[0])


@pytest.mark.parametrize(("name", "rate_hz"), [("a.xlsx", 12_000.0), ("a", 12_000.0), ("a.wav", 12_000.5)])
def test_what_a_file_cannot_hold_is_refused_and_leaves_nothing_behind(tmp_path, name, rate_hz):
    parameters = RollingBearing(sampling_rate_hz=rate_hz, duration_s=0.5)

    with pytest.raises(VibenchError):
        save(simulate(parameters), parameters, tmp_path / name)

    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    parameters = RollingBearing(duration_s=0.5)
    (tmp_path / "a.npz").write_bytes(b"old")

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        save(simulate(parameters), parameters, tmp_path / "a.npz")

    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    assert (tmp_path / "a.npz").read_bytes() == b"old"
