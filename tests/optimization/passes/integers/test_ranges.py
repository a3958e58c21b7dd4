import tracemalloc

import numpy as np
import pytest

from optimization.calibration import simulated_calibration
from optimization.passes.graph import read_model
from optimization.passes.integers.quantiser import prepare_graph
from optimization.passes.integers.ranges import BATCH, METHODS, RangeReader, read_ranges
from optimization.progress import silent


@pytest.fixture
def prepared(recurrent_variant, tmp_path):
    prepare_graph(read_model(recurrent_variant()), tmp_path / "prepared.onnx")
    return tmp_path / "prepared.onnx"


def of_windows(ranges):
    return tuple(float(np.ravel(end)[0]) for end in ranges["windows"].range_value)


def test_extremes_are_those_of_all_batches_together(prepared, card):
    calibration = simulated_calibration(card, windows=2 * BATCH + 1)

    ranges = read_ranges(prepared, calibration, "minmax", silent)

    assert of_windows(ranges) == (calibration.windows.min(), calibration.windows.max())


def test_ranges_can_be_asked_for_on_the_way_and_do_not_change_afterwards(prepared):
    reader, windows = RangeReader(prepared, "minmax"), np.zeros((1, 1, 2048), np.float32)
    reader.add(windows + 1)
    first = reader.ranges()
    reader.add(windows - 3)

    assert (of_windows(first), of_windows(reader.ranges())) == ((1.0, 1.0), (-3.0, 1.0))


def test_percentiles_leave_out_what_is_rare_and_extremes_do_not(prepared):
    windows = np.random.default_rng(0).uniform(-1, 1, (256, 1, 2048)).astype(np.float32)
    windows[100, 0, 7] = 50.0  # one of half a million
    highest = {}
    for method in ("minmax", "percentile"):
        reader = RangeReader(prepared, method)
        for start in range(0, len(windows), BATCH):
            reader.add(windows[start : start + BATCH])
        highest[method] = of_windows(reader.ranges())[1]

    assert highest["minmax"] == 50.0
    assert highest["percentile"] < 1.1


@pytest.mark.parametrize("method", METHODS)
def test_memory_does_not_grow_with_the_number_of_windows(prepared, method):
    def peak(batches):
        reader, random = RangeReader(prepared, method), np.random.default_rng(0)
        tracemalloc.start()
        for _ in range(batches):
            reader.add(random.uniform(-1, 1, (BATCH, 1, 2048)).astype(np.float32))
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    peak(2)  # what is imported and cached at first
    assert peak(40) < 1.2 * peak(5)
