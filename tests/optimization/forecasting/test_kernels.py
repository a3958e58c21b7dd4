import json

import onnx
import pytest

from engine.errors import BenchmarkError
from optimization.forecasting.kernel_graphs import axes_of, kernel_graphs
from optimization.forecasting.kernel_process import measure
from optimization.forecasting.kernels import Kernel, Kernels, fingerprint, place_of
from optimization.forecasting.profile import NodeTime, Tensor, trace


def node(operator, *inputs, output=None):
    tensors = tuple(Tensor(kind, shape) for kind, shape in inputs)
    return NodeTime("node", operator, 0.0, tensors, (Tensor(*output),) if output else (tensors[0],))


@pytest.fixture(scope="module")
def graphs():
    return list(kernel_graphs())


@pytest.fixture(scope="module")
def measured(graphs):
    """A few kernels, measured for real, in one round."""
    wanted = {"Relu", "conv-blocked-first", "LSTM"}
    return measure([graph for graph in graphs if graph.kernel in wanted], 1, lambda _: None)


@pytest.fixture(scope="module")
def table(measured):
    return Kernels.from_json({"schema": "vibench.kernels/1", "machine": fingerprint(), **measured})


def test_every_graph_is_one_kernel_at_a_size_on_its_axes(graphs):
    seen = {}
    for graph in graphs:
        assert all(size in axis for size, axis in zip(graph.place, axes_of(graph.kernel), strict=True))
        assert graph.place not in seen.setdefault(graph.kernel, set())
        seen[graph.kernel].add(graph.place)
    assert {"conv", "conv-blocked", "qconv-u8s8", "matmul-dynamic", "DynamicQuantizeLSTM", "Cast"} <= seen.keys()
    assert all(len(places) >= 3 for places in seen.values())


def test_small_kernels_stand_in_their_graph_several_times(graphs):
    relus = {graph.place: graph for graph in graphs if graph.kernel == "Relu"}

    assert [relus[(size,)].copies for size in (512, 524_288)] == [8, 1]
    assert [len(onnx.load_model_from_string(relus[(size,)].content).graph.node) for size in (512, 524_288)] == [8, 1]


def test_measuring_gives_a_time_for_every_place(table):
    assert len(table.kernels["conv-blocked-first"].times_s) == 18
    assert len(table.kernels["LSTM"].times_s) == 12
    relu = table.kernels["Relu"]
    assert relu.seconds([524_288]) > relu.seconds([512])
    assert 0 < table.node_s < table.call_s
    assert Kernels.from_json(json.loads(json.dumps(table.to_json()))) == table


def test_between_sizes_time_follows_a_straight_line_and_beyond_them_it_grows_in_proportion():
    kernel = Kernel(((10, 20), (1, 3)), ((10, 1, 1.0), (20, 1, 2.0), (10, 3, 3.0), (20, 3, 6.0)))

    assert kernel.seconds((15, 1)) == pytest.approx(1.5)
    assert kernel.seconds((10, 2)) == pytest.approx(2.0)
    assert kernel.seconds((15, 2)) == pytest.approx(3.0)
    assert kernel.seconds((40, 9)) == pytest.approx(36.0)
    assert kernel.seconds((1, 1)) == pytest.approx(1.0)


def test_a_place_that_was_too_large_to_measure_follows_from_the_one_before():
    kernel = Kernel(((4, 8, 64),), ((4, 1.0), (8, 2.0)))

    assert kernel.seconds((64,)) == pytest.approx(16.0)


def test_nodes_find_their_kernels():
    window, weights = ("float", (2, 1, 2048)), ("float", (16, 1, 64))
    assert place_of(node("FusedConv", window, weights, output=("float", (2, 16, 128)))) == (
        "conv-first",
        (64, 16, 128),
        2,
    )
    integers = [("uint8", (4, 64, 32)), ("float", ()), ("uint8", ()), ("int8", (48, 32, 3)), ("float", (48,))]
    assert place_of(node("QLinearConv", *integers, output=("uint8", (4, 64, 48)))) == (
        "qconv-u8s8",
        (96, 48, 256),
        1,
    )
    flat = ("float", (1, 16, 1, 8))
    blocked = place_of(node("Conv", flat, ("float", (16, 16, 1, 3)), output=flat))
    assert blocked == ("conv-blocked", (48, 16, 8), 1)
    dense = node("DynamicQuantizeMatMul", ("float", (2, 64, 128)), ("int8", (128, 256)), output=("float", (2, 64, 256)))
    assert place_of(dense) == ("matmul-dynamic", (128, 128, 256), 1)
    lstm = [("float", (64, 3, 32)), ("float", (2, 256, 32)), ("float", (2, 256, 64))]
    assert place_of(node("LSTM", *lstm, output=("float", (64, 2, 3, 64)))) == ("LSTM", (128, 64, 3), 1)
    assert place_of(node("Reshape", ("float", (1, 9)), ("int64", (2,)))) is None
    moved = node("Transpose", ("uint8", (1, 2048, 1)), output=("uint8", (1, 1, 2048)))
    assert place_of(moved) == ("Cast", (2048,), 1)  # an axis of length 1 moves nothing


def test_a_graph_takes_the_call_and_all_its_nodes(table, untrained_variants):
    nodes = trace(untrained_variants[1], 1)

    assert table.seconds(nodes) == pytest.approx(table.call_s + sum(map(table.node_seconds, nodes)))


@pytest.mark.parametrize(
    "change",
    [{"schema": "other"}, {"kernels": {"Relu": {"axes": [[1]], "times_s": []}}}, {"call_s": "x"}, {"machine": None}],
)
def test_what_is_no_table_is_refused(measured, change):
    with pytest.raises(BenchmarkError, match="no table of kernels"):
        Kernels.from_json({"schema": "vibench.kernels/1", "machine": {}, **measured, **change})
