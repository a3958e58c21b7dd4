from dataclasses import replace

from optimization.proving.budget import Budget
from optimization.recording_set import RecordingSet, simulated_set
from optimization.searching.question import Limits
from optimization.searching.screening import budget_for, remembered


def test_what_was_trained_is_held_against_its_flips_alone(tried):
    static = tried(recipe=({"pass": "quantize_static", "parameters": {}},))
    pruned = tried(
        recipe=({"pass": "prune", "parameters": {"sparsity": 0.5}}, {"pass": "export_onnx", "parameters": {}})
    )

    assert budget_for(static, Limits(0.02)) == Budget(flips_share=0.02)
    assert budget_for(pruned, Limits(0.02)).flips_share == 0.02
    assert budget_for(pruned, Limits(0.02)).sqnr_db < -100


def test_signals_of_a_small_set_are_simulated_once():
    loaded = []
    (one,) = simulated_set(1, seed=5).recordings

    counted = replace(one, load=lambda: loaded.append(1) or one.load())
    (member,) = remembered(RecordingSet("simulated", (counted,))).recordings

    assert member.load() is member.load()
    assert loaded == [1]
