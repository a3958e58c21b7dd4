"""What every runtime of ``.onnx`` files refuses, and how it says so."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.errors import DamagedModelError, ModelRefusedError
from engine.runtimes import RUNTIMES, load
from engine.variant import Variant, sha256_of
from optimization.passes import PASSES, PassContext

BUNDLED = Path(__file__).parents[3] / "engine" / "bundled"


@pytest.fixture(params=[name for name in RUNTIMES if name != "pytorch"])
def runtime(request):
    found = RUNTIMES[request.param]
    if not found.available():
        pytest.skip(f"{found.title} is optional and not installed here")
    return found


@pytest.fixture
def changed(exported, tmp_path):
    """Write the exported network with its graph changed."""

    def write(change, **options):
        model = onnx.load(exported["onnxruntime"].weights)
        change(model)
        path = tmp_path / "model.onnx"
        onnx.save(model, path, **options)
        return replace(exported["onnxruntime"], weights=path, digest=sha256_of(path))

    return write


def windows(count):
    return np.random.default_rng(count).standard_normal((count, 1, 2048), dtype=np.float32)


def test_weights_in_another_file_are_refused(runtime, changed):
    outside = changed(lambda _: None, save_as_external_data=True, location="weights.data", size_threshold=0)

    with pytest.raises(ModelRefusedError, match="its weights lie in another file"):
        runtime.load(outside)


@pytest.mark.parametrize("domain", ["", "example.org"])
def test_an_operator_that_it_does_not_have_is_refused_by_name(runtime, changed, domain):
    def rename(model):
        model.graph.node[0].op_type, model.graph.node[0].domain = "Nonesuch", domain
        if domain:
            model.opset_import.append(onnx.helper.make_opsetid(domain, 1))

    with pytest.raises(ModelRefusedError, match=f"{runtime.title} can't execute it: .*Nonesuch"):
        runtime.load(changed(rename))


def test_a_graph_for_other_windows_does_not_fit_the_card(runtime, changed):
    def shorten(model):
        model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 1024
        del model.graph.value_info[:]

    with pytest.raises(DamagedModelError, match=r"its shapes \['any', 1, 1024\] and \['any', .*\] do not fit its card"):
        runtime.load(changed(shorten))


def test_two_outputs_are_one_too_many(runtime, changed):
    def fork(model):
        model.graph.output.append(onnx.helper.make_tensor_value_info("twice", onnx.TensorProto.FLOAT, None))
        model.graph.node.append(onnx.helper.make_node("Identity", [model.graph.output[0].name], ["twice"]))

    with pytest.raises(DamagedModelError, match="it must take one float32 input and give one output"):
        runtime.load(changed(fork))


def test_int8_gives_the_logits_of_onnx_runtime(runtime):
    int8 = Variant.load(BUNDLED / "wdcnn" / "int8-static")
    expected = load(int8).predict(windows(20))

    np.testing.assert_allclose(runtime.load(int8).predict(windows(20)), expected, atol=0.05 * np.abs(expected).max())


def test_fp16_gives_the_logits_of_fp32(runtime, exported, tmp_path):
    onnx_file = exported["onnxruntime"]
    copy = replace(onnx_file, weights=Path(shutil.copy(onnx_file.weights, tmp_path / "model.onnx")))
    half = PASSES["convert_fp16"]().run(copy, PassContext(tmp_path / "fp16"))
    expected = load(onnx_file).predict(windows(20))

    np.testing.assert_allclose(runtime.load(half).predict(windows(20)), expected, atol=0.01 * np.abs(expected).max())
