import numpy as np
import onnx
from onnx import TensorProto

from engine.runtimes import load
from optimization.passes import PASSES


def test_weights_take_half_of_the_bytes(untrained_variants, result_of):
    assert result_of("convert_fp16").size_bytes / untrained_variants[1].size_bytes < 0.53


def test_input_and_output_stay_float32_and_all_weights_are_halves(result_of):
    graph = onnx.load(result_of("convert_fp16").weights).graph
    ends = [entry.type.tensor_type for entry in (*graph.input, *graph.output)]
    floats = {TensorProto.FLOAT, TensorProto.FLOAT16}

    assert {end.elem_type for end in ends} == {TensorProto.FLOAT}
    assert {tensor.data_type for tensor in graph.initializer} & floats == {TensorProto.FLOAT16}
    assert [end.shape.dim[0].dim_param for end in ends] == ["batch", "batch"]


def test_it_answers_as_its_parent_does_within_half_precision(untrained_variants, result_of, calibration):
    expected = load(untrained_variants[1]).predict(calibration.windows)

    np.testing.assert_allclose(load(result_of("convert_fp16")).predict(calibration.windows), expected, atol=5e-3)


def test_it_says_that_it_is_a_choice_of_size(result_of):
    assert "runs no faster" in PASSES["convert_fp16"].summary
    assert "so it runs no faster than before" in result_of("convert_fp16").steps[-1]["notes"][0]
