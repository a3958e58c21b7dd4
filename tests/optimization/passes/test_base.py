import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import DamagedModelError, ModelRefusedError, RecipeError
from engine.variant import Variant, sha256_of
from optimization.passes import PASSES


@pytest.fixture
def variant_answering(card, tmp_path):
    """A variant whose logits are the mean of a window times four weights, for any batch or a fixed one."""

    def write(weights, batch="batch"):
        ends = [(card.channels, card.window), (len(weights),)]
        names = zip(("windows", "logits"), ends, strict=True)
        windows, logits = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *end]) for name, end in names)
        numbers = {"weights": np.array([weights], np.float32), "axes": np.array([2])}
        nodes = [
            helper.make_node("ReduceMean", ["windows", "axes"], ["means"], keepdims=0),
            helper.make_node("MatMul", ["means", "weights"], ["logits"]),
        ]
        stored = [numpy_helper.from_array(array, name) for name, array in numbers.items()]
        graph = helper.make_graph(nodes, "means", [windows], [logits], stored)
        path = tmp_path / f"{sum(1 for _ in tmp_path.iterdir())}.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
        return Variant("made", "onnx", "onnx", path, sha256_of(path), card)

    return write


def test_a_result_that_answers_one_row_of_numbers_for_each_window_is_accepted(variant_answering):
    before, after = variant_answering([1.0, 2, 3, 4]), variant_answering([2.0, 2, 3, 4])

    for kind in PASSES.values():
        kind().ensures(before, after)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_result_that_answers_with_what_is_no_number_is_refused(variant_answering, wrong):
    with pytest.raises(ModelRefusedError, match=r"wdcnn/made .*does not answer 4 finite logits for each of 1 windows"):
        PASSES["convert_fp16"]().ensures(variant_answering([1.0, 2, 3, 4]), variant_answering([1.0, 2, 3, wrong]))


def test_a_result_that_takes_one_window_only_is_refused(variant_answering):
    with pytest.raises(ModelRefusedError, match="it can't be run on 3 windows at once"):
        PASSES["convert_fp16"]().ensures(variant_answering([1.0, 2, 3, 4]), variant_answering([2.0, 2, 3, 4], batch=1))


def test_a_result_that_can_not_be_loaded_is_refused(variant_answering):
    before, after = variant_answering([1.0, 2, 3, 4]), variant_answering([1.0, 2, 3])

    with pytest.raises(DamagedModelError):
        PASSES["convert_fp16"]().ensures(before, after)


def test_a_pass_never_changes_and_compares_by_its_parameters():
    made_by = PASSES["export_onnx"](opset=21)

    with pytest.raises(AttributeError):
        made_by.opset = 20
    assert made_by == PASSES["export_onnx"](opset=21) != PASSES["export_onnx"]()
    assert not hasattr(made_by, "__dict__")
    with pytest.raises(RecipeError):
        PASSES["export_onnx"](opset=1)
