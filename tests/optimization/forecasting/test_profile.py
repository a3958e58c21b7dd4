import numpy as np
import pytest

from engine.errors import DamagedModelError, ModelRefusedError
from optimization.forecasting.profile import profile, read_events, trace, undisturbed


@pytest.fixture(scope="module")
def windows():
    return np.random.default_rng(0).standard_normal((2, 1, 2048), dtype=np.float32)


def event(name, operator, begun, lasted, shape=(1, 4)):
    told = [{"float": list(shape)}]
    said = {"op_name": operator, "node_index": "1", "input_type_shape": told, "output_type_shape": told}
    return {"cat": "Node", "name": name, "ts": begun, "dur": lasted, "args": said}


def run(begun, lasted):
    return {"cat": "Session", "name": "model_run", "ts": begun, "dur": lasted, "args": {}}


def test_a_profile_tells_the_operators_of_the_graph_that_runs(untrained_variants, windows):
    told = profile(untrained_variants[1], windows, runs=12)

    assert (told.batch, told.runs, told.variant) == (2, 12, "wdcnn/onnx")
    counts = {row.operator: row.count for row in told.operators}
    assert counts["FusedConv"] == counts["MaxPool"] == 5  # the runtime put each ReLU into its convolution
    assert "Relu" not in counts
    assert sum(row.share for row in told.operators) == pytest.approx(1)
    assert told.operators[0].seconds == max(row.seconds for row in told.operators)
    assert sum(node.seconds for node in told.nodes) <= told.seconds


def test_a_trace_tells_every_weight_and_shape_of_a_batch(untrained_variants):
    nodes = trace(untrained_variants[1], 3)

    first = next(node for node in nodes if node.operator == "FusedConv")
    assert [tensor.shape for tensor in first.inputs] == [(3, 1, 2048), (16, 1, 64), (16,)]
    assert first.outputs[0].shape == (3, 16, 128)
    assert first.inputs[0].type == "float"


def test_only_what_runs_on_onnx_runtime_is_profiled(untrained_variants, windows):
    with pytest.raises(ModelRefusedError, match="only ONNX Runtime tells where time goes"):
        profile(untrained_variants[0], windows)


def test_windows_that_do_not_fit_are_a_sentence(untrained_variants, windows):
    with pytest.raises(DamagedModelError):
        profile(untrained_variants[1], windows[:, :, :1000])


def test_events_of_warm_up_runs_and_of_other_kinds_do_not_count():
    events = [
        run(0, 900),
        event("conv_kernel_time", "Conv", 10, 800),
        run(1000, 100),
        event("conv_fence_before", "Conv", 1005, 50),
        event("conv_kernel_time", "Conv", 1010, 40),
        event("relu_kernel_time", "Relu", 1060, 10),
        {"cat": "Api", "name": "relu_kernel_time", "ts": 1070, "dur": 99},
        run(2000, 120),
        event("conv_kernel_time", "Conv", 2010, 44),
        event("relu_kernel_time", "Relu", 2060, 12),
    ]

    seconds, nodes = read_events(events, 2)

    assert seconds == pytest.approx(100e-6)
    assert [(node.name, node.operator) for node in nodes] == [("conv", "Conv"), ("relu", "Relu")]
    assert [node.seconds for node in nodes] == pytest.approx([40e-6, 10e-6])


def test_a_node_in_a_loop_counts_for_all_its_turns():
    events = [run(0, 100), *(event("add_kernel_time", "Add", 10 * turn, 5) for turn in range(1, 4))]

    _, (node,) = read_events(events, 1)

    assert node.seconds == pytest.approx(15e-6)


def test_the_profilers_own_work_is_taken_off():
    events = [run(0, 100), event("a_kernel_time", "Add", 10, 30), event("b_kernel_time", "Mul", 50, 1)]

    seconds, nodes = read_events(events, 1, cost=2e-6)

    assert [node.seconds for node in nodes] == pytest.approx([28e-6, 0])
    assert seconds == pytest.approx(96e-6)


def test_disturbances_do_not_reach_a_time_and_steps_of_the_clock_do():
    assert undisturbed([50e-6, 50e-6, 50e-6, 50e-6, 900e-6, 400e-6, 300e-6]) == pytest.approx(50e-6)
    assert undisturbed([2e-6, 2e-6, 3e-6, 3e-6]) == pytest.approx(2.5e-6)
    assert undisturbed([3e-6]) == pytest.approx(3e-6)
