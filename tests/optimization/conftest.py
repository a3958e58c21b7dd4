"""A benchmark whose numbers are known, made up of the rows that a test asks for."""

from pathlib import Path

import pytest

from engine.machine import Machine
from optimization.measuring.measurement import Benchmark, BenchmarkSettings, Control, FileToVerdict, Row

PROOF = {
    "verdict": "equivalent",
    "flips": 0,
    "recordings": 40,
    "flips_upper_bound": 0.0722,
    "top1_agreement": 0.998,
    "sqnr_db": 37.1,
    "stale": False,
}


@pytest.fixture
def proof():
    """Return a proof, changed where a test wants it."""

    def make(**changes):
        return PROOF | changes

    return make


@pytest.fixture
def row():
    """Return a row whose ratio follows from its latency, 100 ms being the baseline's."""

    def make(variant, *, p50_ms=100.0, verdict="tie", proof=PROOF, size_bytes=4_000_000, batch=1):
        ratio = p50_ms / 100
        return Row(
            network="resnet18-1d",
            variant=variant,
            digest="ab" * 32,
            backend={"pytorch": "pytorch", "fp16": "fp16"}.get(variant, "int8" if "int8" in variant else "onnx"),
            runtime="onnxruntime",
            batch=batch,
            threads=1,
            size_bytes=size_bytes,
            load_ms=44.1,
            first_ms=120.3,
            p50_ms=p50_ms,
            p90_ms=p50_ms * 1.1,
            p99_ms=None,
            throughput_per_s=1e3 / p50_ms,
            peak_rss_mb=110.25,
            ratio=ratio,
            ratio_low=ratio * 0.9,
            ratio_high=ratio * 1.1,
            verdict=verdict,
            proof=proof,
        )

    return make


@pytest.fixture
def measured(row):
    """Return a benchmark of these rows and a baseline, at batch 1 and one thread unless rows say more."""

    def make(*rows, control="tie", batches=(1,)):
        base = [row("onnx", verdict="baseline", proof={}, size_bytes=15_380_000, batch=batch) for batch in batches]
        machine = Machine("Xeon <2.5 GHz>", ("avx2",), 2, "performance", 2**34, "Linux", {"onnxruntime": "1.31.1"})
        low = {"tie": 0.99, "slower": 1.04, "faster": 0.9}[control]
        return Benchmark(
            machine=machine,
            settings=BenchmarkSettings(batches=batches, baseline="resnet18-1d/onnx"),
            windows={"source": "simulated", "recording": None, "count": 64},
            rows=(*base, *rows),
            controls=tuple(
                Control("resnet18-1d/onnx", batch, 1, low + 0.01, low, low + 0.02, 0.02, control) for batch in batches
            ),
            noisy=control != "tie",
            measured_at="2026-11-21T14:32:00+00:00",
            seconds=61.0,
            file_to_verdict=FileToVerdict(4.0, 45, 80.0, 5.0, 12.0, 3.0),
        )

    return make


@pytest.fixture(scope="session")
def real_data():
    """Folder of the real recordings, where this machine has them."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings are not on this machine (../shared/data)")
    return folder


@pytest.fixture(scope="session")
def recurrent_variant(tmp_path_factory, card):
    """A convolution, a recurrent layer and a dense one, with seeded weights, as an ONNX variant."""
    made = {}

    def write(operator="LSTM"):
        if operator not in made:
            gates = {"LSTM": 4, "GRU": 3}[operator]
            shapes = {"cw": (8, 1, 64), "cb": (8,), "w": (1, gates * 8, 8), "r": (1, gates * 8, 8), "gw": (4, 8)}
            nodes = [
                node("Conv", ["windows", "cw", "cb"], "convolved", "conv", kernel_shape=[64], strides=[32]),
                node("Relu", ["convolved"], "positive", "relu"),
                node("Transpose", ["positive"], "steps", "transpose", perm=[2, 0, 1]),
                node(operator, ["steps", "w", "r"], "states", "recurrent", hidden_size=8),
                node("ReduceMean", ["states", "time"], "mean", "mean", keepdims=0),
                node("Gemm", ["mean", "gw"], "logits", "dense", transB=1),
            ]
            folder = tmp_path_factory.mktemp(operator)
            made[operator] = written(folder / "onnx", nodes, shapes, {"time": [0, 1]}, card)
        return made[operator]

    return write


@pytest.fixture(scope="session")
def attention_variant(tmp_path_factory, card):
    """Attention over patches of a window, with seeded weights, as an ONNX variant."""
    shapes = {"embed": (64, 16), "query": (16, 16), "key": (16, 16), "gw": (4, 16)}
    nodes = [
        node("Reshape", ["windows", "patches"], "cut", "cut"),
        node("MatMul", ["cut", "embed"], "tokens", "embedding"),
        node("MatMul", ["tokens", "query"], "queries", "queries"),
        node("MatMul", ["tokens", "key"], "keys", "keys"),
        node("Transpose", ["keys"], "turned", "turn", perm=[0, 2, 1]),
        node("MatMul", ["queries", "turned"], "scores", "scores"),
        node("Softmax", ["scores"], "shares", "softmax"),
        node("MatMul", ["shares", "tokens"], "attended", "attended"),
        node("Add", ["tokens", "attended"], "sum", "residual"),
        node("ReduceMean", ["sum", "time"], "mean", "mean", keepdims=0),
        node("Gemm", ["mean", "gw"], "logits", "dense", transB=1),
    ]
    folder = tmp_path_factory.mktemp("attention")
    return written(folder / "onnx", nodes, shapes, {"patches": [-1, 32, 64], "time": [1]}, card)


@pytest.fixture(scope="session")
def residual_variant(tmp_path_factory, card):
    """A block of convolutions whose input is added to what they give, with seeded weights, as an ONNX variant."""
    shapes = {"sw": (16, 1, 64), "aw": (16, 16, 3), "bw": (16, 16, 3), "gw": (4, 16)}
    shapes |= dict.fromkeys(("sb", "ab", "bb"), (16,))
    pads = {"kernel_shape": [3], "pads": [1, 1]}
    nodes = [
        node("Conv", ["windows", "sw", "sb"], "stem", "stem", kernel_shape=[64], strides=[16]),
        node("Relu", ["stem"], "first", "relu1"),
        node("Conv", ["first", "aw", "ab"], "a", "conv1", **pads),
        node("Relu", ["a"], "second", "relu2"),
        node("Conv", ["second", "bw", "bb"], "b", "conv2", **pads),
        node("Add", ["b", "first"], "sum", "residual"),
        node("Relu", ["sum"], "third", "relu3"),
        node("GlobalAveragePool", ["third"], "pooled", "pool"),
        node("Flatten", ["pooled"], "flat", "flat"),
        node("Gemm", ["flat", "gw"], "logits", "dense", transB=1),
    ]
    return written(tmp_path_factory.mktemp("residual") / "onnx", nodes, shapes, {}, card)


def node(operator, inputs, output, name, **attributes):
    from onnx import helper

    return helper.make_node(operator, inputs, [output], name=name, **attributes)


def written(folder, nodes, shapes, numbers, card):
    """A graph from windows to logits as a variant, its weights drawn so that logits are of some size."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from engine.variant import Variant, sha256_of

    random = np.random.default_rng(0)
    drawn = {name: random.standard_normal(shape) / np.sqrt(shape[-1]) for name, shape in shapes.items()}
    stored = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in drawn.items()]
    stored += [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in numbers.items()]
    windows = helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["batch", 1, card.window])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 4])
    graph = helper.make_graph(nodes, "network", [windows], [logits], stored)
    folder.mkdir()
    path = folder / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    made = Variant("onnx", "onnx", "onnx", path, sha256_of(path), card)
    made.write_description()
    return made
