import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.simulation.rolling import RollingBearing, save, simulate

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "optimization.py"


@pytest.fixture(scope="module")
def script():
    """The script as a module; it can't be imported by its name, which is a package's."""
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location("gains", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = before


def test_the_package_is_measured_and_not_the_script(script):
    assert script.optimize.__module__ == "optimization.recipe"


def test_a_share_has_the_interval_of_clopper_and_pearson(script):
    same = np.ones(40, dtype=bool)
    bar = script.share_bar("all", same, 1.0)
    assert (bar.value, bar.low, bar.high, bar.holds) == (1.0, pytest.approx(0.9278, abs=1e-4), 1.0, True)

    same[0] = False
    bar = script.share_bar("but one", same, 1.0)
    assert (bar.value, bar.holds) == (0.975, False)
    assert bar.low < 0.975 < bar.high


def test_easy_windows_are_of_every_condition_and_always_the_same(script, card):
    windows = script.easy_windows(card)

    assert windows.shape[1:] == (1, card.window)
    assert len(windows) >= 1000
    assert np.array_equal(windows, script.easy_windows(card))


def test_a_network_agrees_with_itself(script, untrained_variants):
    bar = script.agreement_bar(untrained_variants)

    assert bar.value == 1
    assert bar.name.startswith("WDCNN, INT8, same class, ")


def test_verdicts_are_compared_on_the_recordings_that_the_card_lists(script, untrained_variants, folder):
    write_table(folder, "cwru", "elsewhere", "cwru")
    (folder / "1.npz").write_bytes(b"this one is never opened")

    bar = script.verdict_bar(untrained_variants, folder)

    assert bar.name == f"WDCNN, INT8, same verdict, 2 recordings of {folder.name}"
    assert (bar.value, bar.bar, bar.better) == (1, 1, "higher")


def test_a_folder_without_a_listed_machine_is_refused(script, untrained_variants, folder):
    write_table(folder, "elsewhere", "elsewhere", "elsewhere")

    with pytest.raises(SystemExit, match="holds no recording of a machine that the card of WDCNN lists"):
        script.verdict_bar(untrained_variants, folder)


@pytest.fixture
def folder(tmp_path):
    """Three recordings without a word on their machines."""
    for seed in range(3):
        machine = RollingBearing("inner", seed=seed, duration_s=1.0)
        save(simulate(machine), machine, tmp_path / f"{seed}.npz")
    return tmp_path


def write_table(folder, *rigs):
    lines = [f"{seed}.npz,inner,1,6205-2RS,{rig}" for seed, rig in enumerate(rigs)]
    (folder / "recordings.csv").write_text("\n".join(["file,label,channel,bearing,machine", *lines]) + "\n")
