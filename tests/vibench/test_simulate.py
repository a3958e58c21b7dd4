import inspect
import re

import numpy as np
import pytest

from engine.simulation import rolling
from engine.simulation.rolling import RollingBearing
from vibench import simulate


def test_a_recording_holds_what_was_asked_for(vibench, tmp_path):
    out = tmp_path / "inner.npz"
    told = vibench(
        "simulate", "rolling", "--condition", "inner", "--shaft-speed", "900", "--bearing", "6203-2RS",
        "--snr", "3", "--seconds", "2", "--sampling-rate", "25600", "--seed", "5", "--out", out,
    )  # fmt: skip

    expected = rolling.simulate(
        RollingBearing(
            "inner", shaft_rpm=900, bearing="6203-2RS", snr_db=3, duration_s=2, sampling_rate_hz=25_600, seed=5
        )
    )
    with np.load(out, allow_pickle=False) as held:
        np.testing.assert_array_equal(held["simulated"], expected.samples[0])
        assert float(held["sampling_rate"]) == 25_600
    assert told.out == f"{out}: inner, 2 s at 25600 Hz, 900 rpm, bearing 6203-2RS, seed 5\n"


def test_the_help_tells_the_simulators_own_defaults(capsys):
    defaults = inspect.signature(RollingBearing).parameters
    source = inspect.getsource(simulate.add_arguments)

    told = dict(re.findall(r'"--([a-z-]+)".*\(default: ([^)]+)\)', source))
    names = {
        "shaft-speed": "shaft_rpm",
        "bearing": "bearing",
        "snr": "snr_db",
        "seconds": "duration_s",
        "sampling-rate": "sampling_rate_hz",
        "seed": "seed",
    }
    assert told == {
        option: f"{defaults[name].default:{'' if name == 'bearing' else 'g'}}" for option, name in names.items()
    }
    assert simulate.CONDITIONS == rolling.CONDITIONS


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--shaft-speed", "-5"], "shaft_rpm = -5 can't be simulated"),
        (["--snr", "nan"], "snr_db = nan can't be simulated"),
        (["--bearing", "0815"], "bearing 0815 is not known"),
    ],
)
def test_the_impossible_gets_its_sentence_and_no_file(words, sentence, vibench, tmp_path):
    told = vibench("simulate", "rolling", "--condition", "ball", *words, "--out", tmp_path / "a.npz", status=2)

    assert sentence in told.err
    assert len(told.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_gets_its_sentence(vibench, tmp_path):
    told = vibench("simulate", "rolling", "--condition", "ball", "--out", tmp_path / "no" / "a.npz", status=2)

    assert "No such file or directory" in told.err
    assert len(told.err.splitlines()) == 1


def test_an_unknown_ending_gets_its_sentence(vibench, tmp_path):
    told = vibench("simulate", "rolling", "--condition", "ball", "--out", tmp_path / "a.mp3", status=2)

    assert ".npz, .csv or .wav" in told.err
