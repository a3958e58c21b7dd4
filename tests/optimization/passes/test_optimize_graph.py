from dataclasses import replace

import numpy as np
import onnx
import pytest

from engine.errors import ModelRefusedError, NoEffect, PassNotApplicableError
from engine.machine import this_machine
from engine.runtimes import load
from optimization.passes import PASSES, PassContext
from optimization.passes.changes import operators
from optimization.recipe import Recipe

LEVELS = {level: PASSES["optimize_graph"](level=level) for level in ("basic", "extended", "all")}


@pytest.fixture(scope="session")
def optimised(result_of, tmp_path_factory):
    """The network with convolutions in 2-D, optimised at a level, once."""
    made = {}

    def optimise(level):
        if level not in made:
            context = PassContext(tmp_path_factory.mktemp(level) / "made")
            made[level] = LEVELS[level].run(result_of("conv_layout"), context)
        return made[level]

    return optimise


def domains(variant):
    return {node.domain for node in onnx.load(variant.weights).graph.node}


def test_what_computes_nothing_is_gone_at_the_basic_level_and_any_pass_may_follow(redundant_variant, result_of):
    made = result_of("optimize_graph")

    assert operators(onnx.load(redundant_variant.weights).graph)["Identity"] == 1
    assert "Identity" not in operators(onnx.load(made.weights).graph)
    assert domains(made) == {""}
    assert set(made.steps[-1]) == {"pass", "parameters"}
    PASSES["quantize_static"]().requires(made)


def test_a_graph_in_which_there_is_nothing_to_do_is_told_so(untrained_variants, tmp_path):
    with pytest.raises(NoEffect, match="nothing to change in wdcnn/onnx at level basic"):
        LEVELS["basic"].run(untrained_variants[1], PassContext(tmp_path / "made"))


def test_fused_operators_are_those_of_one_runtime_and_it_says_so(optimised):
    made = optimised("extended")

    assert operators(onnx.load(made.weights).graph)["FusedConv"] == 5
    assert domains(made) == {"", "com.microsoft"}
    step = made.steps[-1]
    assert step["bound_to"] == {"runtime": f"ONNX Runtime {made.producer['onnxruntime']}"}
    assert "another runtime may refuse it" in step["notes"][0]
    assert "Nothing in it is laid out for this machine" in step["notes"][1]


def test_weights_in_blocks_are_of_this_machine_and_it_says_which(optimised):
    made = optimised("all")

    assert "com.microsoft.nchwc" in domains(made)
    assert made.steps[-1]["bound_to"]["flags"] == list(this_machine().flags)
    assert all(flag in made.steps[-1]["notes"][1] for flag in this_machine().flags)


@pytest.mark.parametrize("level", ["extended", "all"])
def test_it_answers_as_before(optimised, result_of, calibration, level):
    with load(result_of("conv_layout")) as before, load(optimised(level)) as after:
        expected = before.predict(calibration.windows)
        np.testing.assert_allclose(after.predict(calibration.windows), expected, rtol=1e-4, atol=1e-6)


def test_run_again_it_gives_the_same_bytes(optimised, result_of, tmp_path):
    again = LEVELS["all"].run(result_of("conv_layout"), PassContext(tmp_path / "made"))

    assert again.digest == optimised("all").digest


@pytest.mark.parametrize("flags", [["avx2"], None])
def test_on_a_machine_with_other_instruction_sets_it_is_refused_before_it_is_read(optimised, flags):
    made = optimised("all")
    bound_to = {"runtime": "ONNX Runtime 1.0"} | ({"flags": flags} if flags else {})
    elsewhere = replace(made, steps=(*made.steps[:-1], {**made.steps[-1], "bound_to": bound_to}))

    with pytest.raises(ModelRefusedError, match=r"laid out for instruction sets.*make it again here"):
        load(elsewhere)


def test_a_file_that_does_not_say_what_it_is_bound_to_is_refused(optimised):
    with pytest.raises(ModelRefusedError, match="ones that it does not name"):
        load(replace(optimised("all"), steps=()))


@pytest.mark.parametrize("level", ["extended", "all"])
@pytest.mark.parametrize("following", ["quantize_static", "quantize_dynamic", "convert_fp16", "conv_layout"])
def test_nothing_can_follow_fused_operators_and_a_recipe_says_so_before_it_runs(untrained_variants, level, following):
    recipe = Recipe((LEVELS[level], PASSES[following]()))

    with pytest.raises(PassNotApplicableError, match=f"put {following} before that, or start from wdcnn/onnx"):
        recipe.check(untrained_variants[1])


def test_integers_are_fused_as_well(result_of, calibration, tmp_path):
    before = result_of("quantize_static")

    made = LEVELS["extended"].run(before, PassContext(tmp_path / "made"))

    assert (made.name, made.backend) == ("int8-static-optimized", "int8")
    assert operators(onnx.load(made.weights).graph)["QLinearConv"] == 5
    np.testing.assert_allclose(
        load(made).predict(calibration.windows), load(before).predict(calibration.windows), atol=1e-4
    )


def test_another_runtime_refuses_blocks_in_a_sentence(optimised):
    pytest.importorskip("openvino")

    with pytest.raises(ModelRefusedError, match="OpenVINO can't execute it"):
        load(optimised("all"), runtime="openvino")
