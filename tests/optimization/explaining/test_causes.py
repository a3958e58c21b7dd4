"""Each cause is found in a network that has it, built by the passes themselves, and in no network that is sound."""

import numpy as np
import pytest

from engine.machine import this_machine
from optimization.calibration import simulated_calibration
from optimization.explain import stored_types
from optimization.explaining.causes import CAUSES, GENERAL, Evidence, Finding, find_causes
from optimization.forecasting.profile import NodeTime, Profile, Tensor, profile
from optimization.measuring.intervals import Interval
from optimization.passes import PASSES, PassContext
from optimization.passes.parameters import pass_from_json

FLAGS = frozenset({*this_machine().flags, "avx512_vnni"})


@pytest.fixture(scope="module")
def windows(card):
    return simulated_calibration(card, windows=1).windows


@pytest.fixture(scope="module")
def seen(tmp_path_factory, card, windows):
    """Run one pass on a variant, profile both, and return what causes are found in."""
    calibration = simulated_calibration(card, windows=4)

    def make(variant, name, **parameters):
        context = PassContext(tmp_path_factory.mktemp(name) / "made", calibration)
        made = pass_from_json(name, parameters).run(variant, context)
        profiles = [profile(each, windows, runs=20) for each in (made, variant)]
        return Evidence(*profiles, flags=FLAGS, stored=stored_types(made))

    return make


def own(evidence):
    """The causes in a variant's own graph, however little time they take: a busy machine times tiny networks badly."""
    return [found for code, look in CAUSES.items() if code not in GENERAL and (found := look(evidence))]


def codes(evidence):
    return [finding.code for finding in find_causes(evidence)]


def test_convolutions_quantised_dynamically(seen, untrained_variants):
    evidence = seen(untrained_variants[1], "quantize_dynamic", operators="all")

    (found,) = own(evidence)
    assert found.code == "dynamic-convolution"
    assert "ConvInteger (5 nodes, " in found.message
    assert "where wdcnn/onnx needs" in found.message
    assert found.passes[0][0] == "quantize_static"
    assert 0.3 < found.share <= 1


def test_signed_activations_before_a_residual_addition(seen, residual_variant):
    evidence = seen(residual_variant, "quantize_static", scheme="S8S8")

    (found,) = own(evidence)
    assert found.code == "signed-activations"
    left = evidence.mine.count("Conv", "FusedConv")
    assert 0 < left < 3
    assert f"{left} of 3 convolutions stay in float32" in found.message
    assert found.passes == (("quantize_static", {"scheme": "U8S8"}),)


def test_unsigned_weights(seen, untrained_variants):
    (found,) = own(seen(untrained_variants[1], "quantize_static", scheme="U8U8"))

    assert found.code == "unsigned-weights"
    assert found.passes == (("quantize_static", {"scheme": "U8S8"}),)


def test_symmetric_activations_that_keep_each_relu(seen, untrained_variants):
    (found,) = own(seen(untrained_variants[1], "quantize_static", activations="symmetric"))

    assert found.code == "symmetric-activations"
    assert found.message.startswith("6 ReLUs stay nodes of their own, and with the 14 casts round them take ")
    assert found.passes == (("quantize_static", {"activations": "asymmetric"}),)


def test_a_transformer_quantised_throughout(seen, attention_variant):
    (found,) = own(seen(attention_variant, "quantize_static", operators="all"))

    assert found.code == "static-transformer"
    assert [name for name, _ in found.passes] == ["quantize_dynamic"]


def test_half_precision_where_nothing_computes_in_it(seen, untrained_variants):
    (found,) = own(seen(untrained_variants[1], "convert_fp16"))

    assert found.code == "half-precision"
    assert "computed with in float32" in found.message
    assert [name for name, _ in found.passes] == ["quantize_static"]


def test_an_lstm_that_static_quantisation_left(seen, recurrent_variant):
    (found,) = own(seen(recurrent_variant("LSTM"), "quantize_static", recurrent="float32"))

    assert found.code == "float-recurrence"
    assert "1 node of LSTM in float32" in found.message
    assert found.passes == (("quantize_static", {"recurrent": "dynamic"}),)


@pytest.mark.parametrize("network", ["untrained", "residual"])
def test_a_sound_network_has_none(seen, untrained_variants, residual_variant, network):
    variant = untrained_variants[1] if network == "untrained" else residual_variant

    assert codes(seen(variant, "quantize_static")) == []


def test_integers_without_instructions_for_them(seen, untrained_variants):
    with_them = seen(untrained_variants[1], "quantize_static")
    without = Evidence(with_them.mine, with_them.parent, flags=frozenset({"avx2"}))

    assert codes(with_them) == []
    assert codes(without) == ["no-vnni"]


def made_up(name, *nodes):
    """A profile of nodes given as (operator, microseconds, type of what it gives)."""
    rows = [
        NodeTime(f"{operator}{number}", operator, microseconds * 1e-6, (Tensor(kind, (1, 8)),), (Tensor(kind, (1, 8)),))
        for number, (operator, microseconds, kind) in enumerate(nodes)
    ]
    return Profile(f"net/{name}", 1, 1, 20, sum(row.seconds for row in rows), tuple(rows))


def test_casts_that_were_not_fused():
    casts = [("QuantizeLinear", 5, "uint8"), ("DequantizeLinear", 5, "float")] * 2
    mine = made_up("int8", *casts, ("Conv", 60, "float"), ("Conv", 20, "float"))
    evidence = Evidence(mine, made_up("onnx", ("Conv", 60, "float"), ("Conv", 20, "float")), FLAGS)

    (found,) = find_causes(evidence)
    assert (found.code, found.share) == ("unfused-casts", pytest.approx(0.2))
    assert found.message.startswith("4 casts (20 µs) stand round 2 layers in float32")


@pytest.mark.parametrize("faster", [True, False])
def test_a_float_form_in_two_dimensions_that_is_faster(faster):
    mine, parent = made_up("int8", ("QLinearConv", 60, "uint8")), made_up("onnx", ("Conv", 90, "float"))
    evidence = Evidence(
        mine,
        parent,
        FLAGS,
        float2d=Interval(1.25, 1.2, 1.3),
        float2d_faster=faster,
        float2d_name="net/onnx-conv2d",
    )

    assert codes(evidence) == (["float-conv2d"] if faster else [])
    if faster:
        (found,) = find_causes(evidence)
        assert found.share == pytest.approx(0.2)
        assert found.message.startswith("net/onnx-conv2d, in float32 with its convolutions in two dimensions, is 1.25 ")


def test_a_float_form_in_two_dimensions_mends_nothing_that_hardly_convolves():
    mine = made_up("fp16", ("Conv", 1, "float"), ("MatMul", 99, "float"))
    evidence = Evidence(mine, mine, FLAGS, float2d=Interval(1.25, 1.2, 1.3), float2d_faster=True)

    assert codes(evidence) == []


def test_half_precision_tells_of_what_is_no_longer_fused():
    parent = made_up("onnx", ("MatMul", 60, "float"), ("Gelu", 10, "float"))
    mine = made_up("fp16", ("Cast", 5, "float"), ("MatMul", 60, "float"), ("Erf", 20, "float"), ("Div", 15, "float"))

    (found,) = find_causes(Evidence(mine, parent, FLAGS, stored=frozenset({"FLOAT16"})))
    assert (found.code, found.share) == ("half-precision", pytest.approx(1))
    assert "1 cast more (5 µs), 2 nodes of operators that net/onnx has none of (35 µs), and its layers" in found.message


def test_many_nodes_that_do_next_to_nothing_cost_only_a_variant_that_is_slower():
    mine = made_up("int8", *[("Mul", 1, "float")] * 8, ("QLinearConv", 8, "uint8"))
    parent = made_up("onnx", ("Conv", 10, "float"))

    (found,) = find_causes(Evidence(mine, parent, FLAGS, slower=True))
    assert (found.code, found.share) == ("tiny-nodes", pytest.approx(0.5))
    assert codes(Evidence(mine, parent, FLAGS)) == []


def test_what_is_wrong_with_the_graph_comes_before_what_holds_of_any():
    mine = made_up("int8", ("ConvInteger", 10, "int32"), *[("Mul", 1, "float")] * 90)
    evidence = Evidence(mine, made_up("onnx", ("Conv", 10, "float")), FLAGS, slower=True)

    assert codes(evidence) == ["dynamic-convolution", "tiny-nodes"]


def test_every_cause_tells_its_own_code_and_passes_that_there_are(seen, untrained_variants):
    evidence = seen(untrained_variants[1], "quantize_dynamic", operators="all")

    for code, look in CAUSES.items():
        found = look(evidence)
        assert found is None or isinstance(found, Finding)
        assert found is None or (found.code == code and all(name in PASSES for name, _ in found.passes))


def test_times_are_those_of_the_windows_asked_for(seen, untrained_variants):
    evidence = seen(untrained_variants[1], "quantize_static")

    assert evidence.mine.batch == 1
    assert np.isfinite([node.seconds for node in evidence.mine.nodes]).all()
