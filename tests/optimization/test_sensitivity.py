from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from engine.variant import sha256_of
from optimization.calibration import simulated_calibration
from optimization.int8.trials import windows_to_judge_on
from optimization.passes import PassContext
from optimization.passes.quantize_static import QuantizeStatic
from optimization.proving.comparison import WindowComparison, ratio_db
from optimization.recipe import Recipe, optimize
from optimization.recording_set import simulated_set
from optimization.sensitivity import JUDGED_ON, LayerError, Sensitivity, sensitivity


@pytest.fixture(scope="module")
def judged_on():
    return simulated_set(8, seed=21)


@pytest.fixture
def errors(card, judged_on, tmp_path):
    """The sensitivity of a variant, with ranges from eight windows."""

    def measure(start, **parameters):
        calibration = simulated_calibration(card, windows=8)
        scratch = tmp_path / f"scratch-{len([*tmp_path.iterdir()])}"
        scratch.mkdir()
        return sensitivity(start, QuantizeStatic(**parameters), calibration, judged_on, scratch)

    return measure


@pytest.fixture(scope="module")
def spoilt(untrained_variants, tmp_path_factory):
    """A network with huge weights for a channel that is always silent: they matter to nothing but a layer's scale."""
    start = untrained_variants[1]
    model = onnx.load(start.weights)
    inputs = {node.name: node.input for node in model.graph.node}
    stored = {tensor.name: tensor for tensor in model.graph.initializer}

    def change(name, index, value):
        array = numpy_helper.to_array(stored[name]).copy()
        array[index] = value
        stored[name].CopyFrom(numpy_helper.from_array(array, name))

    for name in inputs["node_conv1d_1"][1:]:  # weights and bias
        change(name, 0, 0)
    change(inputs["node_conv1d_2"][1], (slice(None), 0), 20)
    folder = tmp_path_factory.mktemp("spoilt") / "onnx"
    folder.mkdir()
    onnx.save(model, folder / "model.onnx")
    made = replace(start, weights=folder / "model.onnx", digest=sha256_of(folder / "model.onnx"))
    made.write_description()
    return made


def test_the_layer_that_was_made_bad_is_the_worst(errors, spoilt):
    found = errors(spoilt)

    assert found.layers[0].name == "node_conv1d_2"
    assert found.worst == ("node_conv1d_2",)
    assert found.layers[0].fused_with == ("Relu",)
    assert found.layers[0].logits_sqnr_db < found.layers[1].logits_sqnr_db - 6
    ranked = [layer.logits_sqnr_db for layer in found.layers]
    assert ranked == sorted(ranked)


def test_keeping_the_worst_layer_in_float32_brings_the_error_down_as_foretold(errors, spoilt, tmp_path):
    found = errors(spoilt)
    recipes = [Recipe((QuantizeStatic(keep_fp32=kept),)) for kept in ((), found.worst)]

    without, kept = (optimize(spoilt, recipe, tmp_path / str(number)) for number, recipe in enumerate(recipes))

    assert kept.verification.windows.sqnr_db > without.verification.windows.sqnr_db + 6
    assert kept.variant.steps[-1]["parameters"]["keep_fp32"] == ["node_conv1d_2"]
    assert "node_conv1d_2 stayed in float32, as asked." in kept.variant.steps[-1]["notes"]


def test_the_error_of_the_last_layer_is_that_of_the_logits(errors, recurrent_variant):
    found = errors(recurrent_variant())

    (dense,) = [layer for layer in found.layers if layer.name == "dense"]
    # The runtime fuses what the comparison asks for layer by layer, and rounds a little differently.
    assert dense.sqnr_db == pytest.approx(found.network.sqnr_db, abs=0.5)


def test_an_error_is_normalised_by_what_the_layer_gives_in_float32(
    errors, untrained_variants, card, judged_on, tmp_path
):
    """The first layer's error, computed once more from the files that a pass makes."""
    start = untrained_variants[1]
    found = errors(start)
    context = PassContext(tmp_path / "made", simulated_calibration(card, windows=8))
    made = QuantizeStatic().run(start, context)
    windows = windows_to_judge_on(judged_on, card, JUDGED_ON)
    answers = []
    for variant, tensor in ((start, "relu"), (made, "relu_DequantizeLinear_Output")):
        model = onnx.load(variant.weights)
        model.graph.ClearField("output")
        model.graph.output.append(onnx.helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, None))
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        answers.append(session.run(None, {"windows": windows})[0].astype(np.float64))

    (first,) = [layer for layer in found.layers if layer.name == "node_conv1d"]
    expected = ratio_db(np.square(answers[0]).sum(), np.square(answers[1] - answers[0]).sum())
    assert first.sqnr_db == pytest.approx(expected, abs=0.05)


def test_half_of_the_noise_is_proposed_and_never_more_than_three_layers():
    whole = WindowComparison(count=1, top1_agreement=1.0, sqnr_db=20.0, max_abs_error=0.1, cosine=1.0)

    def worst(*levels):
        layers = [
            LayerError(f"{number}", "Conv", (), weighted=True, sqnr_db=level, logits_sqnr_db=level)
            for number, level in enumerate(levels)
        ]
        sum_of_two = LayerError("sum", "Add", (), weighted=False, sqnr_db=3.0, logits_sqnr_db=3.0)
        return Sensitivity(whole, (sum_of_two, *layers)).worst

    assert worst(20.0, 40.0, 40.0) == ("0",)
    assert worst(30.0, 30.0, 30.0) == ("0", "1")
    assert worst(*[30.0] * 12) == ("0", "1", "2")
    assert worst(None, None) == ()
