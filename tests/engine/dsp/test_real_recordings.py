from pathlib import Path

import numpy as np
import pytest
import scipy.io

from engine.bearings import bearing
from engine.dsp.envelope import choose_band, envelope_spectrum
from engine.dsp.evidence import fault_lines, summarise
from engine.dsp.kinematics import fault_orders
from engine.dsp.resample import resample
from engine.signal import Channel, Signal

DATA = Path(__file__).parents[4] / "shared" / "data"
RECORDINGS = [
    ("cwru/105_0.mat", "X105_DE_time", 12_000, 1797, "BPFI"),
    ("cwru/130_0.mat", "X130_DE_time", 12_000, 1797, "BPFO"),
    ("hitsm_mfs/IR5_900.mat", None, 51_200, 900, "BPFI"),
    ("hitsm_mfs/OR5_900.mat", None, 51_200, 900, "BPFO"),
]


def recording(file, variable, rate_hz, rpm):
    if not (DATA / file).exists():
        pytest.skip(f"the real recording {file} is not here")
    arrays = {name: array for name, array in scipy.io.loadmat(DATA / file).items() if np.size(array) > 1_000}
    row = arrays[variable or next(iter(arrays))].ravel()
    return Signal(row, float(rate_hz), (Channel("DE_time", bearing="6205-2RS"),), rpm / 60)


@pytest.mark.parametrize(("file", "variable", "rate_hz", "rpm", "expected"), RECORDINGS)
@pytest.mark.parametrize("prewhiten", [False, True])
def test_a_real_fault_stands_where_the_geometry_puts_it(file, variable, rate_hz, rpm, expected, prewhiten):
    signal = recording(file, variable, rate_hz, rpm)
    orders = fault_orders(bearing("6205-2RS"))

    envelope = envelope_spectrum(signal, band=choose_band(signal), prewhiten=prewhiten)
    highest = summarise(fault_lines(envelope, orders, signal.shaft_speed_hz))[0]

    assert highest.name == expected
    assert highest.found_order == pytest.approx(orders.by_name()[expected], rel=0.01)
    assert highest.first_db > highest.chance_db + 10


@pytest.mark.parametrize(("file", "variable", "rate_hz", "rpm", "expected"), RECORDINGS)
def test_a_real_recording_keeps_60_db_less_above_the_band(file, variable, rate_hz, rpm, expected):
    signal = recording(file, variable, rate_hz, rpm)

    row = resample(signal.samples[0], signal.sampling_rate, 12_000, band_upper_hz=4_800)

    power = np.abs(np.fft.rfft((row - row.mean()) * np.blackman(len(row)))) ** 2
    above = np.fft.rfftfreq(len(row), 1 / 12_000) > 4_800
    assert 10 * np.log10(power[~above].sum() / power[above].sum()) > 60
