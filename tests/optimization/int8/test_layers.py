import onnx
import pytest

from optimization.calibration import simulated_calibration
from optimization.int8.layers import boundaries
from optimization.int8.trials import Int8Trials
from optimization.passes.quantize_static import QuantizeStatic
from optimization.progress import silent


@pytest.fixture
def found(card, tmp_path):
    def find(start, **parameters):
        calibration = simulated_calibration(card, windows=4)
        trials = Int8Trials(start, QuantizeStatic(**parameters), calibration.windows, tmp_path)
        quantised = trials.quantised(trials.ranges(calibration, silent))
        return boundaries(onnx.load(trials.prepared).graph, onnx.load(quantised).graph, trials.asked.keep_fp32)

    return find


def names(layers):
    return ["+".join(layer.nodes) for layer in layers]


def test_an_activation_belongs_to_the_layer_that_it_is_fused_with(found, recurrent_variant):
    conv, lstm, dense = found(recurrent_variant())

    assert (conv.nodes, conv.operators) == (("conv", "relu"), ("Conv", "Relu"))
    assert conv.in_float32 == "positive"  # behind the activation: between the two there are no integers
    assert conv.in_int8 == "positive_DequantizeLinear_Output"
    assert (lstm.name, lstm.fused_with, lstm.in_int8) == ("recurrent", (), "states")
    assert (dense.name, dense.in_float32, dense.in_int8) == ("dense", "logits", "logits")


def test_with_symmetric_ranges_the_runtime_has_integers_before_the_activation_too(found, recurrent_variant):
    assert names(found(recurrent_variant(), activations="symmetric"))[:2] == ["conv", "relu"]


def test_what_passes_integers_on_is_no_layer_and_neither_is_what_stays_in_float32(found, attention_variant):
    every = ["embedding", "queries", "keys", "scores", "softmax", "attended", "residual", "dense"]
    assert names(found(attention_variant)) == every
    assert names(found(attention_variant, keep_fp32=("scores", "residual"))) == [
        name for name in every if name not in {"scores", "residual"}
    ]
    assert names(found(attention_variant, operators="dense")) == ["embedding", "queries", "keys", "dense"]
