import numpy as np
import onnx
import pytest

from optimization.passes import PASSES, PassContext
from optimization.passes.integers.quantiser import fused_counts


@pytest.fixture
def keeping(untrained_variants, calibration, tmp_path):
    def keep(*names):
        made_by = PASSES["quantize_static"](keep_fp32=names)
        return made_by.run(untrained_variants[1], PassContext(tmp_path / "-".join(names), calibration))

    return keep


@pytest.mark.parametrize(("kept", "counts"), [("node_conv1d_2", (4, 2, 1)), ("node_linear", (5, 1, 0))])
def test_amid_integers_a_layer_that_was_kept_really_runs_in_float32(keeping, kept, counts):
    run = fused_counts(keeping(kept))

    assert (run["QLinearConv"], run["QGemm"], run["Conv"] + run["FusedConv"]) == counts
    assert run["Gemm"] + run["FusedGemm"] == 2 - counts[1]


def test_the_integers_before_it_have_the_same_scale_for_each_channel(keeping):
    graph = onnx.load(keeping("node_conv1d_2").weights).graph
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    (conv,) = [node for node in graph.node if node.name == "node_conv1d_2"]
    (before,) = [node for node in graph.node if node.output[0] == conv.input[0]]
    scale, zero = (stored[name] for name in before.input[1:])

    assert scale.shape == zero.shape == (stored[conv.input[1]].shape[1],)
    assert np.ptp(scale) == np.ptp(zero) == 0
    assert stored[conv.input[1]].dtype == np.float32


def test_where_no_integers_come_before_it_nothing_is_added(keeping):
    graph = onnx.load(keeping("node_conv1d").weights).graph  # the first layer

    assert not [node.name for node in graph.node if node.name.endswith("_input")]
