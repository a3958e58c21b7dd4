import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BenchmarkError, DamagedModelError
from engine.runtimes import RUNTIMES
from optimization.measuring_process import (
    CALLS_FOR_P99,
    LIBRARIES,
    ask,
    batches_of,
    calls_a_slot,
    environment,
    measure_alone,
    measure_rounds,
    packed,
    take_turns,
    timed,
)

WINDOWS = np.random.default_rng(0).standard_normal((6, 1, 2048)).astype(np.float32)


class Sleeper:
    """A session that takes as long as it is told, and notes who ran when."""

    def __init__(self, name, seconds, ran):
        self.name, self.seconds, self.ran = name, seconds, ran

    def predict(self, windows):
        self.ran.append((self.name, len(windows)))
        time.sleep(self.seconds)


def test_every_runtime_has_its_libraries_imported_before_a_load_is_timed():
    assert set(LIBRARIES) == set(RUNTIMES)


def test_sessions_take_turns_in_an_order_that_changes():
    ran = []
    sessions = [Sleeper(name, 0.02, ran) for name in "abc"]
    told = []

    results = take_turns(sessions, batches_of(WINDOWS, 2), 20, told.append)

    rounds = [tuple(name for name, _ in ran[-60:][start : start + 3]) for start in range(0, 60, 3)]
    assert all(sorted(each) == ["a", "b", "c"] for each in rounds)
    assert len(set(rounds)) > 1
    assert {batch for _, batch in ran} == {2}
    assert told[-1] == 20
    assert [len(result["rounds_ms"]) for result in results] == [20, 20, 20]
    assert all(result["p50_ms"] >= 20 for result in results)


def test_a_quick_session_is_called_several_times_a_round_and_a_slow_one_once():
    quick, slow = (calls_a_slot(Sleeper("", seconds, []), batches_of(WINDOWS, 1)) for seconds in (0.001, 0.05))

    assert 4 <= quick <= 10
    assert slow == 1


def test_windows_are_cut_into_whole_batches():
    assert [len(batch) for batch in batches_of(WINDOWS, 4)] == [4]
    assert [len(batch) for batch in batches_of(WINDOWS, 3)] == [3, 3]


def test_quantiles_are_of_all_calls_and_the_last_needs_enough_of_them():
    taken = np.arange(1, 101, dtype=np.int64).reshape(10, 10) * 1_000_000
    few = timed(taken)

    assert few["p50_ms"] == 50.5
    assert few["p90_ms"] == pytest.approx(90.1)
    assert few["p99_ms"] is None
    assert few["rounds_ms"][0] == 5.5
    assert few["calls_per_s"] == pytest.approx(1000 / 50.5)
    assert timed(np.tile(taken, (1, 7)))["p99_ms"] == pytest.approx(99, abs=1)


def test_a_99_percent_quantile_is_told_from_the_first_number_of_calls_that_bears_it():
    def chance(calls):
        return 0.99**calls + calls * 0.01 * 0.99 ** (calls - 1)

    assert chance(CALLS_FOR_P99) <= 0.01 < chance(CALLS_FOR_P99 - 1)


def test_a_variant_alone_is_loaded_run_and_weighed(untrained_variants):
    measured = measure_alone(untrained_variants[1], WINDOWS[:2], 1)

    assert 0 < measured.first_ms < 5_000
    assert 0 < measured.load_ms < 5_000
    assert 20 < measured.peak_rss_mb < 500


def test_the_memory_of_the_parent_is_not_the_childs(untrained_variants):
    ballast = np.ones(100_000_000, dtype=np.float32)  # 400 MB that this process holds

    assert measure_alone(untrained_variants[1], WINDOWS[:1], 1).peak_rss_mb < ballast.nbytes / 1e6


def test_variants_are_measured_by_turns_in_one_process(untrained_variants):
    onnx = untrained_variants[1]
    told = []

    once, again = measure_rounds([onnx, onnx], WINDOWS, batch=2, threads=1, rounds=30, told=told.append)

    assert told[-1] == 30
    assert len(once.rounds_ms) == len(again.rounds_ms) == 30
    assert 0 < once.p50_ms <= once.p90_ms
    assert once.calls_per_s == pytest.approx(1000 / once.p50_ms, rel=0.8)


def test_a_damaged_variant_is_told_in_its_own_words(untrained_variants, tmp_path):
    weights = tmp_path / "model.onnx"
    weights.write_bytes(untrained_variants[1].weights.read_bytes()[:-100])
    damaged = replace(untrained_variants[1], weights=weights)

    with pytest.raises(DamagedModelError, match="wdcnn/onnx cannot be loaded: its weight file is not the one"):
        measure_alone(damaged, WINDOWS[:1], 1)


def test_a_process_that_dies_is_an_error_with_its_last_words(untrained_variants):
    with pytest.raises(BenchmarkError, match=r"ended with status 1 \(.+\): close other programs"):
        ask({"measure": "rounds"}, [untrained_variants[1]], WINDOWS, 1)  # neither batch nor rounds: it raises


def test_a_process_that_is_killed_is_an_error(untrained_variants):
    def kill(_):
        (child,) = children()
        os.kill(child, signal.SIGKILL)

    with pytest.raises(BenchmarkError, match="by signal 9"):
        measure_rounds([untrained_variants[1]], WINDOWS, batch=1, threads=1, rounds=5_000, told=kill)
    assert children() == []


def test_whoever_raises_while_being_told_ends_the_process(untrained_variants):
    def cancel(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_rounds([untrained_variants[1]], WINDOWS, batch=1, threads=1, rounds=5_000, told=cancel)
    assert children() == []


def test_the_process_dies_with_the_one_that_started_it(untrained_variants, tmp_path):
    windows, weights = tmp_path / "windows.npy", untrained_variants[1].weights.parent
    windows.write_bytes(packed(WINDOWS))
    script = (
        "import sys, numpy as np; from engine.variant import Variant; from optimization.measuring_process import *; "
        "from pathlib import Path; measure_rounds([Variant.load(Path(sys.argv[1]))], np.load(sys.argv[2]), batch=1, "
        "threads=1, rounds=5000, told=lambda done: print(done, flush=True))"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, weights, windows], stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline()
    (child,) = children(parent.pid)

    os.kill(child, signal.SIGSTOP)  # so that it can't just find its pipe closed
    parent.kill()
    parent.wait()
    parent.stdout.close()

    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    survived = is_running(child)
    if survived:
        os.kill(child, signal.SIGKILL)
    assert not survived


def test_the_child_is_given_its_threads_and_no_secret(monkeypatch):
    monkeypatch.setenv("VIBENCH_TOKEN", "secret")
    given = environment(3)

    assert given["OMP_NUM_THREADS"] == "3"
    assert "secret" not in given.values()


def children(parent=None):
    """Return the processes that measure for a parent."""
    tasks = Path(f"/proc/{parent or os.getpid()}/task").iterdir()
    found = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return [
        child for child in found if b"optimization.measuring_process" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
