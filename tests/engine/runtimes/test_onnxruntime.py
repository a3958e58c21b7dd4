from pathlib import Path

import numpy as np
import pytest

from engine.runtimes.base import BATCH
from engine.runtimes.onnxruntime import OnnxRuntime


def test_batches_do_not_change_the_answer(exported):
    session = OnnxRuntime().load(exported["onnxruntime"])
    windows = np.random.default_rng(0).standard_normal((BATCH + 3, 1, 2048), dtype=np.float32)
    together = session.predict(windows)
    apart = np.concatenate([session.predict(windows[:5]), session.predict(windows[5:])])

    np.testing.assert_allclose(together, apart, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_session_computes_with_the_threads_asked_for(exported, threads):
    before = threads_here()
    session = OnnxRuntime().load(exported["onnxruntime"], threads=threads)

    assert len(threads_here() - before) == threads - 1  # the caller's own is one of them
    session.close()


def threads_here():
    return {task.name for task in Path("/proc/self/task").iterdir()}
