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
from optimization.measuring.candidate import Candidate
from optimization.measuring.file_to_verdict import write_recording
from optimization.measuring.process import ask, environment, measure_alone, measure_file, measure_rounds, packed

WINDOWS = np.random.default_rng(0).standard_normal((6, 1, 2048)).astype(np.float32)


def test_a_variant_alone_is_loaded_run_and_weighed(untrained_variants):
    measured = measure_alone(Candidate.of(untrained_variants[1]), WINDOWS[:2], 1)

    assert 0 < measured.first_ms < 5_000
    assert 0 < measured.load_ms < 5_000
    assert 20 < measured.peak_rss_mb < 500


def test_the_memory_of_the_parent_is_not_the_childs(untrained_variants):
    ballast = np.ones(100_000_000, dtype=np.float32)  # 400 MB that this process holds

    assert measure_alone(Candidate.of(untrained_variants[1]), WINDOWS[:1], 1).peak_rss_mb < ballast.nbytes / 1e6


def test_variants_are_measured_by_turns_in_one_process(untrained_variants):
    onnx = Candidate.of(untrained_variants[1])
    told = []

    once, again = measure_rounds([onnx, onnx], WINDOWS, batch=2, threads=1, rounds=30, told=told.append)

    assert told[-1] == 30
    assert len(once.rounds_ms) == len(again.rounds_ms) == 30
    assert 0 < once.p50_ms <= once.p90_ms
    assert once.calls_per_s == pytest.approx(1e9 / once.calls_ns.mean())


def test_each_runtime_is_measured_beside_the_others_in_one_process(untrained_variants):
    pytorch, onnx = untrained_variants
    names = [name for name, runtime in RUNTIMES.items() if runtime.available()]
    candidates = [Candidate.of(pytorch if name == "pytorch" else onnx, name) for name in names]

    found = measure_rounds(candidates, WINDOWS, batch=1, threads=1, rounds=3, told=lambda _: None, seed=1)

    assert [len(each.rounds_ms) for each in found] == [3] * len(names)
    assert all(each.p50_ms > 0 for each in found)


def test_a_file_is_diagnosed_step_by_step(untrained_variants, tmp_path):
    candidate = Candidate.of(untrained_variants[1])
    card = candidate.variant.card
    found = measure_file(candidate, write_recording(card, tmp_path), 1)

    assert (found.duration_s, found.windows) == (4.0, 45)  # 48,000 samples, windows of 2,048 every 1,024
    steps = (found.read_ms, found.prepare_ms, found.predict_ms, found.judge_ms)
    assert min(steps) > 0
    assert found.read_ms > found.judge_ms  # a process is started for each reading
    assert found.inference_share == pytest.approx(found.predict_ms / sum(steps))


def test_a_damaged_variant_is_told_in_its_own_words(untrained_variants, tmp_path):
    weights = tmp_path / "model.onnx"
    weights.write_bytes(untrained_variants[1].weights.read_bytes()[:-100])
    damaged = replace(untrained_variants[1], weights=weights)

    with pytest.raises(DamagedModelError, match="wdcnn/onnx cannot be loaded: its weight file is not the one"):
        measure_alone(Candidate.of(damaged), WINDOWS[:1], 1)


def test_a_process_that_dies_is_an_error_with_its_last_words(untrained_variants):
    with pytest.raises(BenchmarkError, match=r"ended with status 1 \(.+\): close other programs"):
        ask(
            {"measure": "rounds"}, [Candidate.of(untrained_variants[1])], WINDOWS, 1
        )  # neither batch nor rounds: it raises


def test_a_process_that_is_killed_is_an_error(untrained_variants):
    def kill(_):
        (child,) = children()
        os.kill(child, signal.SIGKILL)

    with pytest.raises(BenchmarkError, match="by signal 9"):
        measure_rounds([Candidate.of(untrained_variants[1])], WINDOWS, batch=1, threads=1, rounds=5_000, told=kill)
    assert children() == []


def test_whoever_raises_while_being_told_ends_the_process(untrained_variants):
    def cancel(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_rounds([Candidate.of(untrained_variants[1])], WINDOWS, batch=1, threads=1, rounds=5_000, told=cancel)
    assert children() == []


def test_the_process_dies_with_the_one_that_started_it(untrained_variants, tmp_path):
    windows, weights = tmp_path / "windows.npy", untrained_variants[1].weights.parent
    windows.write_bytes(packed(WINDOWS))
    script = (
        "import sys, numpy as np; from engine.variant import Variant; from optimization.measuring.process import *; "
        "from pathlib import Path; measure_rounds([Candidate.of(Variant.load(Path(sys.argv[1])))], "
        "np.load(sys.argv[2]), batch=1, threads=1, rounds=5000, told=lambda done: print(done, flush=True))"
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
        child for child in found if b"optimization.measuring.process" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
