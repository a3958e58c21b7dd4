import pytest

from engine.errors import NoEffect, PassNotApplicableError
from engine.machine import Machine
from optimization.forecast import forecast, forecaster
from optimization.forecasting.forewarnings import forewarnings
from optimization.passes.parameters import pass_from_json
from optimization.recipe import Recipe


@pytest.fixture
def recipe():
    def make(*steps):
        return Recipe(tuple(pass_from_json(name, parameters) for name, parameters in steps))

    return make


@pytest.fixture(scope="session")
def result(tmp_path_factory, untrained_variants, card):
    """What a pass really makes."""
    from optimization.calibration import simulated_calibration
    from optimization.passes import PASSES, PassContext

    def make(name):
        context = PassContext(tmp_path_factory.mktemp(name) / "made", simulated_calibration(card, windows=8))
        return PASSES[name]().run(untrained_variants[1], context)

    return make


def by_precision(said):
    counts = {}
    for row in said.operators:
        counts[row.precision] = counts.get(row.precision, 0) + row.count
    return counts


def test_it_tells_what_each_operator_will_be_and_its_size(untrained_variants, recipe, kernel_table, result):
    said = forecast(untrained_variants[1], recipe(("quantize_static", {})), kernel_table)

    made = result("quantize_static")
    assert (said.before, said.after) == ("wdcnn/onnx", "wdcnn/int8-static")
    assert said.size_bytes[1] == pytest.approx(made.size_bytes, rel=0.01)
    rows = {row.operator: row for row in said.operators}
    assert (rows["QLinearConv"].precision, rows["QLinearConv"].count) == ("int8", 5)
    assert by_precision(said)["cast"] == 2  # at the two ends
    assert "fp32" not in by_precision(said)
    assert said.kept == ()
    assert said.ms is not None
    assert sum(row.ms for row in said.operators) < said.ms[1]
    assert said.to_json()["ratio"] == said.ms[1] / said.ms[0]


def test_a_larger_batch_takes_longer(untrained_variants, recipe, kernel_table):
    alone, many = (
        forecast(untrained_variants[1], recipe(("quantize_dynamic", {})), kernel_table, batch=batch).ms
        for batch in (1, 32)
    )

    assert many[0] > 4 * alone[0]


def test_without_a_table_it_tells_all_but_times(untrained_variants, recipe):
    said = forecast(untrained_variants[1], recipe(("quantize_static", {})), None)

    assert said.ratio is None
    assert {row.ms for row in said.operators} == {None}
    assert said.to_json()["ms"] is None


def test_what_stays_in_float32_has_its_reason(recurrent_variant, attention_variant, recipe):
    gru = forecast(recurrent_variant("GRU"), recipe(("quantize_static", {})), None)
    lstm = forecast(recurrent_variant("LSTM"), recipe(("quantize_static", {"recurrent": "float32"})), None)
    products = forecast(attention_variant, recipe(("quantize_dynamic", {})), None)

    assert {row.operator: row.reason for row in gru.kept}["GRU"] == "ONNX Runtime has no integer form of GRU"
    assert "recurrent=dynamic" in {row.operator: row.reason for row in lstm.kept}["LSTM"]
    reason = "it multiplies two activations, and only weights are stored as integers"
    assert sum(row.count for row in products.kept if row.reason == reason) == 2
    assert "no-integer-gru" in [warning.code for warning in gru.warnings]


def test_kept_nodes_are_told_as_asked_for(untrained_variants, recipe):
    said = forecast(untrained_variants[1], recipe(("quantize_static", {"keep_fp32": ["node_conv1d"]})), None)

    assert [(row.operator, row.count, row.reason) for row in said.kept] == [("Conv", 1, "keep_fp32 names it")]


def test_a_recipe_from_pytorch_is_compared_with_its_export_which_is_not_made_again(untrained_variants, recipe):
    torch_form, exported = untrained_variants
    steps = recipe(("export_onnx", {}), ("conv_layout", {}))

    said = forecast(torch_form, steps, None, known=[exported])

    assert (said.before, said.after) == ("wdcnn/onnx", "wdcnn/onnx-conv2d")
    assert said.size_bytes[0] == exported.size_bytes


def test_training_for_integers_is_forecast_by_the_graph_that_it_ends_in(untrained_variants, recipe):
    said = forecast(untrained_variants[0], recipe(("qat", {})), None, known=[untrained_variants[1]])

    assert said.after == "wdcnn/int8-static"
    assert {row.operator: row.count for row in said.operators}["QLinearConv"] == 5


def test_pruning_is_forecast_without_its_training(untrained_variants, recipe):
    said = forecast(untrained_variants[0], recipe(("prune", {"kind": "structured"})), None)

    assert said.size_bytes[1] < 0.7 * said.size_bytes[0]
    assert said.ratio is None
    assert said.operators == ()


def test_a_recipe_that_cannot_work_is_refused_as_it_would_be(untrained_variants, recipe, tmp_path):
    with pytest.raises(PassNotApplicableError):
        forecast(untrained_variants[1], recipe(("export_onnx", {})), None)
    with pytest.raises(NoEffect):
        forecast(untrained_variants[1], recipe(("conv_layout", {"layout": "1d"})), None, folder=tmp_path)
    assert not any(tmp_path.iterdir())


def test_the_forecaster_answers_for_onnx_runtime_alone(untrained_variants, kernel_table):
    expected = forecaster(kernel_table, untrained_variants[1])

    assert expected(untrained_variants[1], "onnxruntime", 1) == 1
    assert expected(untrained_variants[1], "openvino", 1) is None
    assert expected(untrained_variants[0], "onnxruntime", 1) is None


def machine(*flags):
    return Machine("a processor", flags, 2, None, 2**34, "Linux", {})


@pytest.mark.parametrize(
    ("step", "flags", "expected"),
    [
        (("convert_fp16", {}), ["avx2"], ["half-precision"]),
        (("convert_fp16", {}), ["asimdhp"], []),
        (("quantize_static", {}), ["avx2"], ["no-vnni"]),
        (("quantize_static", {}), ["avx512_vnni"], []),
        (("quantize_static", {"scheme": "S8S8"}), ["avx512_vnni"], ["signed-activations"]),
        (("quantize_static", {"scheme": "U8U8"}), ["avx512_vnni"], ["unsigned-weights"]),
        (("quantize_static", {"activations": "symmetric"}), ["avx512_vnni"], ["symmetric-activations"]),
        (("quantize_static", {"method": "percentile"}), ["avx512_vnni"], ["clipped-impulses"]),
        (("quantize_dynamic", {"operators": "all"}), ["avx512_vnni"], ["dynamic-convolution"]),
        (("quantize_dynamic", {}), ["avx512_vnni"], []),
    ],
)
def test_what_is_known_to_go_wrong_is_said_before(untrained_variants, step, flags, expected):
    found = forewarnings(untrained_variants[1], [pass_from_json(*step)], machine(*flags))

    assert [warning.code for warning in found] == expected


def test_warnings_follow_the_layers_of_a_network_in_pytorchs_form(card, tmp_path):
    from dataclasses import replace

    from engine.variant import Variant

    def starts(network):
        return Variant("pytorch", "pytorch", "safetensors", tmp_path / "none", "0" * 64, replace(card, name=network))

    static = pass_from_json("quantize_static", {})
    recurrent = pass_from_json("quantize_static", {"recurrent": "float32"})
    known = machine("avx512_vnni")

    assert [each.code for each in forewarnings(starts("patch-transformer"), [static], known)] == ["static-transformer"]
    assert [each.code for each in forewarnings(starts("cnn-bilstm"), [recurrent], known)] == ["float-recurrence"]
    assert forewarnings(starts("wdcnn"), [static], known) == ()
