import pytest

from engine.errors import ModelRefusedError
from optimization.calibration import simulated_calibration
from optimization.explain import Explanation, answer, explain, float_told
from optimization.explaining import compared
from optimization.explaining.causes import Finding
from optimization.explaining.compared import Compared, compared_told
from optimization.explaining.mending import float_form_of, measure_mended, mend_of, with_steps
from optimization.passes import PassContext
from optimization.passes.parameters import pass_from_json


@pytest.fixture(scope="module")
def windows(card):
    return simulated_calibration(card, windows=8).windows


@pytest.fixture(scope="module")
def made(tmp_path_factory, untrained_variants, card):
    """What a pass makes of the untrained network."""

    def make(name, **parameters):
        context = PassContext(tmp_path_factory.mktemp(name) / "made", simulated_calibration(card, windows=4))
        return pass_from_json(name, parameters).run(untrained_variants[1], context)

    return make


@pytest.fixture
def short(monkeypatch):
    """Measure a few rounds: enough for a test, which asserts no speed."""
    monkeypatch.setattr(compared, "ROUNDS", 10)
    monkeypatch.setattr(compared, "PROCESSES", 1)


def test_what_costs_and_what_mends_it_and_that_it_does(short, made, untrained_variants, windows, tmp_path):
    parent = untrained_variants[1]
    slow = made("quantize_dynamic", operators="all")

    said = explain(slow, parent, windows, tmp_path)

    assert said.causes[0].code == "dynamic-convolution"
    assert said.mend.cause == "dynamic-convolution"
    assert said.mend.command == "vibench optimize wdcnn/onnx --pass quantize_static"
    assert said.best_float.against == "wdcnn/onnx-conv2d"
    worst = said.operators[0]
    assert (worst.operator, worst.counts) == ("ConvInteger", (0, 5))
    assert [row.ms[1] - row.ms[0] for row in said.operators] == sorted(
        (row.ms[1] - row.ms[0] for row in said.operators), reverse=True
    )
    assert said.slower == (said.parent.verdict == "slower")
    assert said.to_json()["mend"]["passes"][0]["pass"] == "quantize_static"
    (step,) = said.mend.recipe.passes
    fast = step.run(parent, PassContext(tmp_path / "mended", simulated_calibration(slow.card, windows=4)))
    against = measure_mended(fast, [slow, parent], windows)
    assert [each.against for each in against] == [slow.full_name, parent.full_name]


def test_a_float_network_is_compared_with_its_convolutions_in_two_dimensions(
    short, untrained_variants, windows, tmp_path
):
    said = explain(untrained_variants[1], None, windows, tmp_path)

    assert said.parent.against == "wdcnn/onnx-conv2d"
    assert said.best_float is None
    assert [cause.code for cause in said.causes if cause.code == "float-conv2d"] == (
        ["float-conv2d"] if said.parent.verdict == "slower" else []
    )


def test_what_cannot_be_compared_is_refused_before_anything_is_measured(
    untrained_variants, recurrent_variant, attention_variant, windows, tmp_path
):
    torch_form, exported = untrained_variants
    with pytest.raises(ModelRefusedError, match="only ONNX Runtime tells where time goes"):
        explain(exported, torch_form, windows, tmp_path)
    with pytest.raises(ModelRefusedError, match="it is what it would be compared with"):
        explain(exported, exported, windows, tmp_path)
    with pytest.raises(ModelRefusedError, match="there is nothing to compare it with"):
        explain(attention_variant, None, windows, tmp_path)


def test_the_mend_keeps_what_was_asked_for_but_for_the_cause(made):
    variant = made("quantize_static", scheme="S8S8", method="percentile", per_channel=False)

    kept = with_steps("quantize_static", {"scheme": "U8S8"}, variant)
    fresh = with_steps("quantize_static", {}, variant)

    assert (kept.scheme, kept.method, kept.per_channel) == ("U8S8", "percentile", False)
    assert fresh == pass_from_json("quantize_static", {})
    assert mend_of((), variant, variant) is None


def test_the_float_form_is_found_along_the_parents(made, untrained_variants):
    torch_form, exported = untrained_variants
    integers = made("quantize_static")

    assert float_form_of(integers, exported, [torch_form, exported]) is exported
    assert float_form_of(integers, integers, [exported]) is exported
    assert float_form_of(integers, None, []) is None
    assert float_form_of(exported, None, []) is exported


@pytest.mark.parametrize(
    ("verdict", "ratio", "told"),
    [
        ("slower", 2.104, "2.10 times slower than net/onnx [2.00, 2.20]"),
        ("tie", 1.004, "as fast as net/onnx (1.00 of its time [0.95, 1.05])"),
        ("faster", 0.5, "2.00 times faster than net/onnx [1.82, 2.22]"),
    ],
)
def test_comparisons_are_told_in_words(verdict, ratio, told):
    low, high = {"slower": (2.0, 2.2), "tie": (0.95, 1.05), "faster": (0.45, 0.55)}[verdict]

    assert compared_told(Compared("net/onnx", ratio, low, high, verdict)) == told


def test_the_answer_begins_with_the_comparison(untrained_variants, windows):
    from optimization.forecasting.profile import profile

    of_one = profile(untrained_variants[1], windows[:1], runs=10)
    tie = Compared("wdcnn/onnx", 1.0, 0.98, 1.02, "tie")
    said = answer(Explanation("wdcnn/other", 1, 0.1, tie, None, (of_one, of_one), (), None))

    assert said.startswith("wdcnn/other is as fast as wdcnn/onnx (1.00 of its time [0.98, 1.02]) at batch 1; ")
    assert said.endswith("nothing that is known to slow a network was found in its graph.")


def test_how_it_compares_with_its_float_form_is_told_once(untrained_variants, windows):
    from optimization.forecasting.profile import profile

    of_one = profile(untrained_variants[1], windows[:1], runs=10)
    faster = Compared("wdcnn/onnx-conv2d", 0.8, 0.75, 0.9, "faster")
    tie = Compared("wdcnn/onnx", 1.0, 0.98, 1.02, "tie")
    cause = Finding("float-conv2d", 0.2, "it is", ())

    def told(best_float, *causes):
        return float_told(Explanation("wdcnn/other", 1, 0.1, tie, best_float, (of_one, of_one), causes, None))

    assert told(faster).startswith("it is 1.25 times faster than wdcnn/onnx-conv2d [1.11, 1.33], its float form ")
    assert told(faster, cause) is None
    assert told(None) is None
