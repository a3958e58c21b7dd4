import pytest

from engine.errors import ModelRefusedError, NoEffect
from engine.variant import DESCRIPTION
from optimization.passes.conv_layout import ConvLayout
from optimization.passes.quantize_dynamic import QuantizeDynamic
from optimization.passes.quantize_static import QuantizeStatic
from optimization.recipe import Recipe, optimize
from optimization.searching import making
from optimization.searching.making import Workshop
from optimization.searching.state import SearchState

CONV2D = Recipe((ConvLayout(),))
BOTH = Recipe((ConvLayout(), QuantizeDynamic()))


@pytest.fixture
def workshop(untrained_variants, tmp_path):
    """Return a workshop in a folder, a new one each time it is asked for."""
    with SearchState.open(tmp_path / "state", {}) as state:
        yield lambda **options: Workshop(untrained_variants[1], untrained_variants[0], state, None, **options)


def test_what_several_recipes_begin_with_is_made_once(workshop):
    here = workshop()

    (conv2d,) = here.make(CONV2D, 0, "onnx-conv2d")
    chain = here.make(BOTH, 0, "mine")

    assert here.made == 2
    assert [variant.name for variant in chain] == ["onnx-conv2d", "mine"]
    assert chain[0].digest == conv2d.digest == chain[1].parent
    assert here.make(None, 0, "onnx") == [here.start]


def test_a_search_that_goes_on_finds_what_was_made(workshop):
    first = workshop().make(BOTH, 0, "mine")
    again = workshop()

    assert [each.digest for each in again.make(BOTH, 0, "mine")] == [each.digest for each in first]
    assert again.made == 0


def test_what_is_damaged_or_half_there_is_made_again(workshop):
    first, second = workshop().make(BOTH, 0, "mine")
    (first.weights.parent / DESCRIPTION).write_text('{"schema"')
    second.weights.write_bytes(b"cut")
    again = workshop()

    assert again.make(BOTH, 0, "mine")[-1].digest == second.digest
    assert again.made == 2


def test_a_recipe_makes_the_bytes_that_optimize_makes(workshop, untrained_variants, tmp_path):
    recipe = Recipe((QuantizeStatic(per_channel=False),))

    made = workshop().make(recipe, 16, "mine")[-1]
    usual = optimize(untrained_variants[1], recipe, tmp_path / "usual", windows=16)

    assert made.digest == usual.variant.digest
    assert made.calibration == usual.variant.calibration
    assert workshop().make(recipe, 4, "mine")[-1].digest != made.digest


def test_what_can_t_be_made_is_tried_once(workshop, monkeypatch):
    tried = []

    def refuse(step, *_):
        tried.append(step)
        raise NoEffect(step.name, "there is nothing to do")

    monkeypatch.setattr(making, "make_step", refuse)
    here = workshop()
    for _ in range(2):
        with pytest.raises(NoEffect):
            here.make(CONV2D, 0, "onnx-conv2d")

    assert len(tried) == 1


def test_a_library_that_breaks_off_is_told_as_a_refusal(workshop, monkeypatch):
    monkeypatch.setattr(making, "make_step", lambda *_: 1 / 0)

    with pytest.raises(ModelRefusedError, match=r"conv_layout broke off \(ZeroDivisionError: division by zero\)"):
        workshop().make(CONV2D, 0, "onnx-conv2d")


def test_whoever_stops_the_search_is_no_broken_library(workshop):
    class CancelledError(Exception):
        pass

    def stop(*_):
        raise CancelledError

    with pytest.raises(CancelledError):
        workshop(progress=stop).make(CONV2D, 0, "onnx-conv2d")


def test_a_full_disk_ends_the_search(workshop, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "make_step", full)

    with pytest.raises(OSError, match="No space left"):
        workshop().make(CONV2D, 0, "onnx-conv2d")
