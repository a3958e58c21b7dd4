"""What passes are tried on: an untrained network in both forms, and windows to calibrate on."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import PassNotApplicableError
from engine.variant import Variant, sha256_of
from optimization.calibration import simulated_calibration
from optimization.passes import PASSES, PassContext
from optimization.passes.parameters import parameters_of


@pytest.fixture(scope="session")
def calibration(card):
    return simulated_calibration(card, windows=8)


@pytest.fixture(scope="session")
def redundant_variant(untrained_variants, tmp_path_factory):
    """The network in ONNX form, with a node at its end that computes nothing."""
    model = onnx.load(untrained_variants[1].weights)
    model.graph.node[-1].output[0] = "inner"
    model.graph.node.append(helper.make_node("Identity", ["inner"], ["logits"]))
    weights = tmp_path_factory.mktemp("redundant") / "model.onnx"
    onnx.save(model, weights)
    made = replace(untrained_variants[1], weights=weights, digest=sha256_of(weights))
    made.write_description()
    return made


@pytest.fixture(scope="session")
def start_of(untrained_variants, redundant_variant):
    """The variant that a pass accepts and can do something with, of one network's forms."""

    def start(made_by):
        # What the export gives is as good as ONNX Runtime's basic level would make it.
        for variant in (redundant_variant,) if made_by.name == "optimize_graph" else untrained_variants:
            try:
                made_by.requires(variant)
            except PassNotApplicableError:
                continue
            return variant
        raise AssertionError(f"{made_by.name} accepts neither PyTorch nor ONNX")

    return start


@pytest.fixture(scope="session")
def quickest():
    """A pass with its default parameters, but for training, which is as short as it may be."""

    def make(name):
        kind = PASSES[name]
        least = {known.name: int(known.low) for known in parameters_of(kind) if known.name == "steps"}
        return kind(**least)

    return make


@pytest.fixture(scope="session")
def result_of(tmp_path_factory, start_of, quickest, calibration):
    """What a pass makes with its default parameters, made once; training is as short as it may be."""
    made = {}

    def result(name):
        if name not in made:
            made_by = quickest(name)
            context = PassContext(tmp_path_factory.mktemp(name) / "made", calibration)
            made[name] = made_by.run(start_of(made_by), context)
        return made[name]

    return result


@pytest.fixture(scope="session")
def exported_at(tmp_path_factory, untrained_variants):
    """The network in ONNX form, of an opset, exported once."""
    made = {}

    def exported(opset):
        if opset not in made:
            context = PassContext(tmp_path_factory.mktemp(f"opset-{opset}") / "made")
            made[opset] = PASSES["export_onnx"](opset=opset).run(untrained_variants[0], context)
        return made[opset]

    return exported


@pytest.fixture
def stranger(card, tmp_path):
    """Write a graph of somebody else's making: nodes from ``windows`` of 64 samples to four ``logits``."""

    def write(nodes, weights, *, window=64, opset=20, logits=("batch", 4)):
        shapes = {"windows": ["batch", card.channels, window], "logits": list(logits)}
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
        stored = [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()]
        graph = helper.make_graph(nodes, "stranger", ends[:1], ends[1:], stored)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
        folder = tmp_path / f"stranger-{sum(1 for _ in tmp_path.iterdir())}"
        folder.mkdir()
        onnx.save(model, folder / "model.onnx")
        terms = replace(card, window=window, hop=window // 2)
        return Variant("onnx", "onnx", "onnx", folder / "model.onnx", sha256_of(folder / "model.onnx"), terms)

    return write


@pytest.fixture(scope="session")
def exported_network(card, tmp_path_factory):
    """A network in both forms, untrained and exported once: name and length of its windows."""
    made = {}

    def export(name, window):
        import torch
        from safetensors.torch import save_file

        from engine.networks import build

        if (name, window) not in made:
            folder = tmp_path_factory.mktemp(name)
            torch.manual_seed(0)
            save_file(build(name, len(card.classes)).state_dict(), folder / "model.safetensors")
            digest = sha256_of(folder / "model.safetensors")
            terms = replace(card, name=name, window=window, hop=window // 2)
            start = Variant("pytorch", "pytorch", "safetensors", folder / "model.safetensors", digest, terms)
            start.write_description()
            made[name, window] = start, PASSES["export_onnx"]().run(start, PassContext(folder / "onnx"))
        return made[name, window]

    return export


@pytest.fixture
def write_network(card, tmp_path):
    """Write a network of an architecture, as a function leaves the untrained one, as a variant for PyTorch."""

    def write(name, changed):
        import torch
        from safetensors.torch import save_file

        from engine.networks import build

        torch.manual_seed(0)
        folder = tmp_path / f"written-{name}"
        folder.mkdir()
        save_file(changed(build(name, len(card.classes))).state_dict(), folder / "model.safetensors")
        digest = sha256_of(folder / "model.safetensors")
        terms = replace(card, name=name)
        made = Variant("pytorch", "pytorch", "safetensors", folder / "model.safetensors", digest, terms)
        made.write_description()
        return made

    return write


@pytest.fixture
def stranger_with_normalisation(stranger):
    """A graph of somebody else's making in which a convolution and a dense layer are normalised."""
    random = np.random.default_rng(0)

    def array(*shape):
        return random.uniform(0.5, 1.5, shape).astype(np.float32)

    weights = {f"{kind}{layer}": array(4) for layer in (1, 2) for kind in ("scale", "shift", "mean", "variance")}
    weights |= {"kernel": array(4, 1, 8), "dense": array(4, 4), "shape": np.array([0, -1], dtype=np.int64)}
    nodes = [
        helper.make_node("Conv", ["windows", "kernel"], ["raw"], strides=[8]),
        helper.make_node("BatchNormalization", ["raw", "scale1", "shift1", "mean1", "variance1"], ["normal"]),
        helper.make_node("Relu", ["normal"], ["heard"]),
        helper.make_node("GlobalAveragePool", ["heard"], ["mean"]),
        helper.make_node("Reshape", ["mean", "shape"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense"], ["dense_out"], transB=1),
        helper.make_node("BatchNormalization", ["dense_out", "scale2", "shift2", "mean2", "variance2"], ["logits"]),
    ]
    return stranger(nodes, weights)
