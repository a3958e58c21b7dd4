from optimization.passes.changes import compare


def test_a_step_between_two_graphs_is_told_by_the_operators_whose_number_differs(start_of, result_of):
    made = result_of("quantize_static")
    changed = compare(result_of("export_onnx"), made)

    assert changed.nodes["Relu"] == (6, 0)
    assert changed.nodes["QuantizeLinear"][0] == 0 < changed.nodes["QuantizeLinear"][1]
    assert "Conv" not in changed.nodes
    assert changed.size_bytes == (result_of("export_onnx").size_bytes, made.size_bytes)
    assert changed.to_json()["nodes"]["Relu"] == [6, 0]


def test_an_export_is_told_by_numbers_and_bytes_alone(untrained_variants):
    changed = compare(*untrained_variants)

    assert changed.nodes == {}
    # Five convolutions and two dense layers; beside them the five statistics of six batch normalisations, or a bias.
    weights = 16 * 64 + 32 * 16 * 3 + 64 * 32 * 3 + 2 * 64 * 64 * 3 + 192 * 100 + 100 * 4
    channels = 16 + 32 + 64 + 64 + 64 + 100
    statistics = 4 * channels + 6  # weight, bias, mean, variance, and how many batches there were
    assert changed.weights[0] == weights + channels + 4 + statistics
    # A shape to flatten to, of two numbers, is among those of the graph.
    assert changed.weights[1] == weights + channels + 4 + 2
