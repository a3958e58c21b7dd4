from dashboard.pages.models import ids
from dashboard.pages.models.costs import costs, costs_place, not_counted
from engine.errors import ModelRefusedError
from optimization.statistics import statistics_of

LAYER = {
    "name": "node_conv1d", "operator": "Conv", "parameters": 1040, "non_zero": 520, "macs": 131_072,
    "output_shape": [1, 16, 128], "bytes": 4160,
}  # fmt: skip
SAID = {
    "parameters": 53_224, "non_zero": 26_612, "macs": 715_920, "peak_activation_bytes": 16_384, "size_bytes": 219_582,
    "compressed_bytes": 197_810, "layers": [LAYER],
}  # fmt: skip


def test_numbers_work_memory_and_bytes_are_told(text_of):
    words = text_of(costs(SAID))

    assert "Parameters 53\u202f224 50.0 % of them zero" in words
    assert "Work 0.716 million MACs a window" in words
    assert "Activations 16.4 kB at most" in words
    assert "File 220 kB 198 kB when compressed" in words
    assert "Its 1 layer" in words
    assert "node_conv1d Conv 1 × 16 × 128 1040 0.131 4.2" in words


def test_what_a_variant_tells_of_itself_is_what_is_shown(untrained_variants, text_of):
    counted = statistics_of(untrained_variants[1]).to_json()

    assert "none of them zero" in text_of(costs(counted))


def test_until_it_is_counted_its_place_is_held(text_of):
    assert "Counting what it costs" in text_of(costs_place(None))
    assert costs_place(SAID).id == ids.COSTS
    assert "53\u202f224" in text_of(costs_place(SAID))


def test_why_it_can_t_be_counted_is_said(text_of):
    error = ModelRefusedError("wdcnn/odd", "it has an operator of its own")
    assert "What it costs can't be counted." in text_of(not_counted(error))
