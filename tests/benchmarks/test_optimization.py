import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from gains.fidelity import HELD, flips_bar, share_bar, simulated_windows
from gains.forms import FORMS, trained
from gains.latency import LIMITS, bars_of
from gains.obstacles import FLOAT_KERNELS, obstacle, openvino_profile
from gains.real import verdict_bar
from gains.rescued import uneven_wdcnn

from engine.networks import NETWORKS, load
from engine.runtimes import RUNTIMES
from engine.runtimes import load as start
from engine.simulation.rolling import RollingBearing, save, simulate
from optimization.forecasting.kernels import Kernel
from optimization.passes.parameters import pass_from_json
from optimization.recipe import optimize
from optimization.statistics import statistics_of


def test_the_package_is_measured_and_not_the_script():
    assert optimize.__module__ == "optimization.recipe"
    assert Path(sys.modules["optimization"].__file__).name == "__init__.py"


def test_every_network_has_its_forms_and_every_limit_is_about_one_of_them():
    assert set(FORMS) == set(NETWORKS)
    assert all(pass_from_json(*step) for forms in FORMS.values() for chain in forms.values() for step in chain)
    assert all(each.form in FORMS[each.network] for each in (*LIMITS, *HELD))


def test_a_limit_becomes_the_bars_of_latency_and_size_of_its_own_row():
    limit = next(limit for limit in LIMITS if limit.size is not None)
    told = {"runtime": "onnxruntime", "ratio_low": 0.0, "ratio_high": 1.0}
    rows = [
        SimpleNamespace(variant="onnx", ratio=1.0, size_bytes=4000, **told),
        SimpleNamespace(variant="fp16", ratio=1.1, size_bytes=2000, **told),
        SimpleNamespace(variant=limit.form, ratio=0.24, size_bytes=1000, **told),
    ]
    benchmark = SimpleNamespace(rows_at=lambda batch, threads: rows if (batch, threads) == (limit.batch, 1) else [])

    latency, size = bars_of(limit, benchmark, {"onnx": None, limit.form: None}, kernels=None)

    assert (latency.value, latency.bar, latency.holds) == (0.24, 0.25, True)
    assert (size.value, size.holds) == (0.25, True)


def test_a_missed_bar_says_what_is_reached_asked_and_possible(untrained_variants):
    _, variant = untrained_variants
    kernels = SimpleNamespace(kernels={name: Kernel(((1000,),), ((1000, 1e-8),)) for name in FLOAT_KERNELS})
    macs = statistics_of(variant).macs
    reached, before = (SimpleNamespace(p50_ms=macs / (rate * 1e6), batch=1, runtime="onnxruntime") for rate in (80, 50))

    told = obstacle(reached, variant, before, variant, bar=0.5, kernels=kernels)

    assert told.startswith("80 GMAC/s, where the baseline reaches 50 and the bar asks for 100; the fastest float32 ")
    assert "does 100. 5 FusedConv" in told


@pytest.mark.skipif(not RUNTIMES["openvino"].available(), reason="OpenVINO is not installed")
def test_openvino_tells_the_time_of_its_kernels_too(untrained_variants):
    _, exported = untrained_variants
    windows = np.zeros((1, 1, exported.card.window), np.float32)
    times, counts = openvino_profile(exported, windows)
    assert times.keys() == counts.keys()
    assert sum(count for kernel, count in counts.items() if kernel.startswith("Convolution")) == 5


def test_channels_of_the_uneven_network_differ_and_its_answers_do_not(tmp_path):
    uneven = uneven_wdcnn(tmp_path)
    windows = np.random.default_rng(0).standard_normal((8, 1, uneven.card.window), dtype=np.float32)

    scales = abs(load(uneven).features[1][1].weight.detach().numpy())

    assert scales.max() > 30 * scales.min()
    with start(uneven) as session, start(trained("wdcnn")) as as_trained:
        np.testing.assert_allclose(session.predict(windows), as_trained.predict(windows), rtol=1e-3, atol=1e-3)


def test_a_share_has_the_interval_of_clopper_and_pearson():
    same = np.ones(40, dtype=bool)
    bar = share_bar("all", same, 1.0)
    assert (bar.value, bar.low, bar.high, bar.holds) == (1.0, pytest.approx(0.9278, abs=1e-4), 1.0, True)

    same[0] = False
    bar = share_bar("but one", same, 1.0)
    assert (bar.value, bar.holds) == (0.975, False)
    assert bar.low < 0.975 < bar.high


def test_windows_are_of_every_condition_and_always_the_same(card):
    windows = simulated_windows(card, 20.0)

    assert windows.shape[1:] == (1, card.window)
    assert len(windows) >= 1000
    assert np.array_equal(windows, simulated_windows(card, 20.0))


def test_a_network_flips_none_of_its_own_verdicts(monkeypatch, untrained_variants):
    monkeypatch.setattr("gains.fidelity.COUNTED_ON", 20)
    pytorch, onnx = untrained_variants

    bar = flips_bar("itself", onnx, pytorch)

    assert (bar.value, bar.low) == (0, 0)
    assert bar.high == pytest.approx(1 - 0.05 ** (1 / 20))


def test_verdicts_are_compared_on_the_recordings_that_the_card_lists(untrained_variants, folder):
    write_table(folder, "cwru", "elsewhere", "cwru")
    (folder / "1.npz").write_bytes(b"this one is never opened")

    bar = verdict_bar("WDCNN", untrained_variants, folder)

    assert bar.name == f"WDCNN, same verdict, 2 recordings of {folder.name}"
    assert (bar.value, bar.bar, bar.better) == (1, 1, "higher")


def test_a_folder_without_a_listed_machine_is_refused(untrained_variants, folder):
    write_table(folder, "elsewhere", "elsewhere", "elsewhere")

    with pytest.raises(SystemExit, match="holds no recording of a machine that the card of WDCNN lists"):
        verdict_bar("WDCNN", untrained_variants, folder)


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
