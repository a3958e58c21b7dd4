from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import DamagedModelError, ModelRefusedError, RecipeError
from engine.variant import Variant, sha256_of
from optimization.passes import PASSES
from optimization.passes.writing import write_result


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


def made_by_steps(variant, *steps):
    described = tuple({"pass": name, "parameters": parameters} for name, parameters in steps)
    return replace(variant, steps=described)


def test_a_pass_that_keeps_the_form_adds_to_the_name_and_one_that_gives_another_keeps_what_was_added(variant_answering):
    start = replace(variant_answering([1.0, 2, 3, 4]), name="mine")
    layout, quantise = PASSES["conv_layout"](), PASSES["quantize_static"]()

    assert layout.name_after(start) == "mine-conv2d"
    assert layout.form_after(start) == ("onnx", "onnx")
    moved = made_by_steps(start, ("export_onnx", {}), ("conv_layout", {}), ("optimize_graph", {}))
    assert quantise.name_after(moved) == "int8-static-conv2d-optimized"
    assert quantise.form_after(moved) == ("onnx", "int8")


def test_a_step_of_another_version_does_not_stand_in_the_way(variant_answering):
    steps = [("rotate", {}), ("conv_layout", {"angle": 3}), ("conv_layout", {"layout": "1d"})]
    start = made_by_steps(variant_answering([1.0, 2, 3, 4]), *steps)

    PASSES["convert_fp16"]().requires(start)
    assert PASSES["convert_fp16"]().name_after(start) == "fp16-conv1d"


def test_what_a_run_has_to_say_is_kept_in_its_step(untrained_variants, tmp_path):
    content = untrained_variants[1].weights.read_bytes() + b"."

    made = write_result(
        PASSES["convert_fp16"](), untrained_variants[1], tmp_path / "made", content, packages=(), notes=["It is odd."]
    )

    assert made.steps[-1]["notes"] == Variant.load(tmp_path / "made").steps[-1]["notes"] == ["It is odd."]
