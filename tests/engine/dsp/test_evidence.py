import numpy as np
import pytest

from engine.bearings import bearing
from engine.dsp.envelope import EnvelopeSpectrum, choose_band, envelope_spectrum
from engine.dsp.evidence import above_floor_db, fault_lines, summarise
from engine.dsp.kinematics import fault_orders
from engine.signal import Channel, Signal
from engine.simulation.rolling import RollingBearing, simulate

MACHINES = 10  #: of each condition
ORDERS = fault_orders(bearing("6205-2RS"))


def noise_signal(seed):
    rows = np.random.default_rng(seed).standard_normal((1, 120_000)).astype(np.float32)
    return Signal(rows, 12_000.0, (Channel("noise"),), 30.0)


def made_up(lines, seed=0, resolution_orders=1 / 300):
    """An envelope spectrum of noise with lines of known height, in dB, at known orders."""
    power = np.random.default_rng(seed).exponential(size=9_000)
    for order, level_db in lines.items():
        power[round(order / resolution_orders)] = 10 ** (level_db / 10)
    frequency_hz = np.arange(9_000) * resolution_orders * 30
    amplitude = np.sqrt(power)[np.newaxis]
    return EnvelopeSpectrum(frequency_hz, amplitude, (1e3, 3e3), 10.0, 0.1, 300.0, resolution_orders)


def test_a_line_of_known_height_stands_that_much_above_the_floor():
    envelope = made_up({3.585: 30.0, 7.17: 20.0, 10.755: 16.0})

    lines = [line for line in fault_lines(envelope, ORDERS, 30.0) if line.name == "BPFO"]

    assert [line.harmonic for line in lines] == [1, 2, 3]
    assert [line.found_order for line in lines] == pytest.approx([3.585, 7.17, 10.755], abs=0.004)
    assert [line.expected_order for line in lines] == pytest.approx([3.585, 7.17, 10.755], abs=0.002)
    assert [line.level_db for line in lines] == pytest.approx([30, 20, 16], abs=1.5)


def test_the_floor_of_noise_is_its_mean_power_and_grows_with_it():
    envelope = envelope_spectrum(noise_signal(0), band=(1_000, 5_000))
    louder = envelope_spectrum(
        Signal(9 * noise_signal(0).samples, 12_000.0, (Channel("n"),), 30.0), band=(1_000, 5_000)
    )

    level_db = above_floor_db(envelope)

    assert level_db.shape == envelope.amplitude.shape
    assert np.mean(10 ** (level_db / 10)) == pytest.approx(1, abs=0.05)
    heard = envelope.frequency_hz < 3_000  # towards the band's width an envelope fades into rounding
    assert above_floor_db(louder)[:, heard] == pytest.approx(level_db[:, heard], abs=0.05)


def test_mere_noise_passes_the_chance_level_about_once_in_twenty():
    above = [
        line.level_db > line.chance_db
        for seed in range(40)
        for line in fault_lines(envelope_spectrum(noise_signal(seed), band=(1_000, 5_000)), ORDERS, 30.0)
        if line.harmonic == 1
    ]

    assert np.mean(above) <= 0.08


@pytest.mark.parametrize(("condition", "name"), [("inner", "BPFI"), ("outer", "BPFO"), ("ball", "2xBSF")])
def test_the_damaged_part_nearly_always_has_the_highest_evidence(condition, name):
    random = np.random.default_rng(0)
    found = []
    for seed in range(MACHINES):
        machine = RollingBearing(condition, shaft_rpm=random.uniform(900, 2_400), snr_db=5, slip=0.003, seed=seed)
        signal = simulate(machine)
        envelope = envelope_spectrum(signal, band=choose_band(signal))

        evidence = summarise(fault_lines(envelope, ORDERS, signal.shaft_speed_hz))

        # The cage's rate modulates what a rolling element strikes, so its own line stands beside.
        first = next(one.name for one in evidence if condition != "ball" or one.name != "FTF")
        own = next(one for one in evidence if one.name == name)
        found.append(first == name and own.first_db > evidence[0].chance_db + 3)

    assert sum(found) >= 0.9 * MACHINES


def test_a_comb_is_found_where_slip_has_moved_it_as_a_whole():
    moved = 0.988 * ORDERS.bpfi

    evidence = summarise(fault_lines(made_up({moved: 20, 2 * moved: 20, 3 * moved: 20}), ORDERS, 30.0))

    assert evidence[0].name == "BPFI"
    assert evidence[0].found_order == pytest.approx(moved, abs=0.004)


def test_a_harmonic_of_the_shaft_is_not_taken_for_a_fault():
    # 6203: BPFO 3.053, so 3 times the shaft lies inside of the tolerance.
    orders = fault_orders(bearing("6203-2RS"))

    lines = fault_lines(made_up({3: 40, 6: 40, 9: 40}), orders, 30.0, harmonics=1)

    assert next(line for line in lines if line.name == "BPFO").level_db < 12


def test_lines_beyond_the_end_of_the_spectrum_are_left_out():
    lines = fault_lines(made_up({}), ORDERS, 30.0, harmonics=20)

    assert max(line.harmonic for line in lines if line.name == "BPFI") == 5  # 30 orders hold 5.5 of 5.415
    assert max(line.harmonic for line in lines if line.name == "FTF") == 20


@pytest.mark.parametrize("shaft_speed_hz", [0.0, -1.0, float("nan")])
def test_a_standing_shaft_has_no_fault_lines(shaft_speed_hz):
    with pytest.raises(ValueError, match="no orders"):
        fault_lines(made_up({}), ORDERS, shaft_speed_hz)


def test_without_a_speed_the_floor_is_still_found():
    signal = Signal(noise_signal(1).samples, 12_000.0, (Channel("noise"),))

    level_db = above_floor_db(envelope_spectrum(signal, band=(1_000, 5_000)))

    assert np.median(level_db) == pytest.approx(10 * np.log10(np.log(2)), abs=0.2)
