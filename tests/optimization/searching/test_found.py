from dataclasses import replace

import pytest

from engine.machine import this_machine
from optimization.measuring.candidate import Candidate
from optimization.passes.conv_layout import ConvLayout
from optimization.passes.quantize_static import QuantizeStatic
from optimization.recipe import Recipe
from optimization.searching.choice import Missed
from optimization.searching.found import Found, Ship, reason_of
from optimization.searching.question import Question


@pytest.fixture
def answer(untrained_variants, tried, row, measured):
    """Return an answer that ships a made-up candidate."""
    _, onnx = untrained_variants

    def make(recipe=None, *, missed=(), verdict="faster", p50_ms=50.0, windows=64, name="int8-static", **changes):
        shown = row(name, p50_ms=p50_ms, verdict=verdict)
        one = tried(name, p50_ms / 100, windows=windows, proof={"recordings": 299, "flips_upper_bound": 0.00997})
        ship = Ship(
            candidate=Candidate(replace(onnx, name=name), "onnxruntime"),
            chain=(),
            tried=one,
            recipe=recipe,
            start=onnx,
            missed=missed,
            measured=measured(shown),
            row=shown,
            verification=None,
            reason="Because.",
        )
        values = {"source": "simulated", "chosen_by": 24, "proven_with": 299}
        found = Found(Question(), onnx, (one,), (one,), ship, (one,), values, False, 12.5, this_machine())
        return replace(found, **changes)

    return make


def test_the_sentence_says_what_to_ship_how_much_faster_and_what_flips(answer):
    assert answer(Recipe((QuantizeStatic(),))).sentence() == (
        "Ship wdcnn/int8-static on ONNX Runtime: 2.0 times faster [1.8 to 2.2] than wdcnn/onnx, "
        "0 of 299 verdicts flipped (at most 1.0 % in truth)."
    )


def test_where_nothing_is_faster_the_network_is_kept(answer):
    told = answer(verdict="baseline", p50_ms=100.0, name="onnx").sentence()

    assert told == "Keep wdcnn/onnx: of 1 candidates none that keeps the limits is faster."


def test_where_nothing_keeps_the_limits_the_nearest_is_named_with_what_it_misses(answer):
    missed = (Missed("latency", 0.55, 0.2), Missed("size", 0.33, 0.1))

    assert answer(Recipe((QuantizeStatic(),)), missed=missed).sentence() == (
        "Nothing keeps all limits. wdcnn/int8-static on ONNX Runtime comes nearest, but its latency is 0.55 of the "
        "network's in float32, 0.2 may be; its size is 0.33 of the network's in float32, 0.1 may be."
    )


def test_a_smaller_one_that_is_as_fast_is_told_as_such(answer):
    told = answer(Recipe((QuantizeStatic(),)), verdict="tie", p50_ms=99.0).sentence()

    assert "as fast as wdcnn/onnx, 30 % of its size, 0 of 299 verdicts flipped" in told


def test_a_smaller_one_that_is_slower_is_not_told_as_fast(answer):
    told = answer(Recipe((QuantizeStatic(),)), verdict="slower", p50_ms=140.0).sentence()

    assert "1.4 times slower [1.3 to 1.5] than wdcnn/onnx, 30 % of its size" in told


def test_yaml_is_read_back_as_the_same_recipe(answer, tmp_path):
    recipe = Recipe((ConvLayout(), QuantizeStatic(scheme="S8S8", per_channel=False, keep_fp32=("node_conv1d",))))
    path = tmp_path / "mine.yaml"

    path.write_text(answer(recipe).ship.yaml(str(path), recordings=False), encoding="utf-8")

    assert Recipe.load(str(path)) == recipe


def test_the_command_beside_it_says_all_that_a_recipe_can_t(answer):
    recipe = Recipe((QuantizeStatic(scheme="S8S8"),))
    ship = answer(recipe, windows=256, name="int8-static-s8s8-256-windows").ship

    assert ship.command("ship.yaml", recordings=True) == (
        "vibench optimize wdcnn/onnx --recipe ship.yaml --calibration DIR --windows 256 "
        "--name int8-static-s8s8-256-windows"
    )
    assert ship.command("ship.yaml", recordings=False).endswith("--windows 256 --name int8-static-s8s8-256-windows")
    plain = answer(Recipe((QuantizeStatic(),))).ship
    assert plain.command("ship.yaml", recordings=False) == "vibench optimize wdcnn/onnx --recipe ship.yaml"


def test_the_network_itself_has_no_recipe(answer):
    ship = answer(verdict="baseline", name="onnx").ship

    assert ship.yaml(recordings=False) is None
    assert ship.command("FILE", recordings=False) is None


def test_the_reason_says_what_it_was_as_fast_as(tried):
    chosen, other = tried("chosen", 0.505), tried("other", 0.50)

    assert reason_of(chosen, [other, chosen], 0.02).endswith(
        "as fast as other within 2 %, which flips more, is larger, errs more or takes more steps."
    )
    assert reason_of(other, [other, chosen], 0.02).endswith("less than any other of the last 2.")
    assert reason_of(tried("slow", 0.6), [other, tried("slow", 0.6)], 0.02).endswith(
        "other ran faster, but not within the limits."
    )
    assert "did not keep the limits on recordings they had not seen" in reason_of(chosen, [other], 0.02)
