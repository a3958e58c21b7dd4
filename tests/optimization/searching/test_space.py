import pytest

from optimization.passes import PASSES
from optimization.passes.parameters import pass_from_json
from optimization.searching.exploring import FIRST_GROUP
from optimization.searching.sampling import key_of
from optimization.searching.space import DIMENSIONS, STARTS, Facts, Space, recipe_of

CNN = Facts(frozenset({"Conv", "Gemm", "Relu"}), ("onnxruntime", "openvino"))


def no_names(chain, count):
    return ()


@pytest.fixture(scope="module")
def space():
    return Space.of(CNN)


def test_every_option_makes_a_recipe_that_can_be():
    every = Facts(frozenset({"Conv", "Gemm", "MatMul", "LSTM"}), ("onnxruntime",), prunes=True, small=True)
    space = Space.of(every)
    for dimension in space.dimensions:
        for option in dimension.options:
            for name, parameters in option.adds.items():
                numbers = {key: [] if key == "keep_fp32" else value for key, value in parameters.items()}
                assert pass_from_json(name, numbers).name in PASSES


def test_the_first_choice_is_the_network_as_it_was_given(space):
    first = space.starts()[0]

    assert space.chain(first) == {}
    assert recipe_of(space.chain(first), no_names) is None
    assert first == {"layout": "conv1d", "precision": "float32", "runtime": "onnxruntime"}


def test_known_good_ones_come_first_each_once_and_on_every_runtime(space):
    starts = space.starts()

    assert [dict(space.chain(start)) for start in starts[:6:2]] == [{}, {"conv_layout": {}}, {"quantize_static": {}}]
    assert [start["runtime"] for start in starts[:4]] == ["onnxruntime", "openvino"] * 2
    assert len({key_of(start) for start in starts}) == len(starts)


def test_what_is_asked_follows_from_what_was_chosen(space):
    static = space.complete({"precision": "static", "scheme": "S8S8", "dynamic_operators": "all"})

    assert static["scheme"] == "S8S8"
    assert "dynamic_operators" not in static
    assert "scheme" not in space.complete({"precision": "dynamic", "scheme": "S8S8"})


def test_all_choices_are_different_and_so_are_their_names_on_one_runtime():
    space = Space.of(Facts(CNN.operators, ("onnxruntime",)))
    every = list(space.every())
    names = [" ".join([*space.chain(choices), *space.words(choices)]) for choices in every]

    assert len({key_of(choices) for choices in every}) == len(every)
    assert len(set(names)) == len(every)


def test_recipes_come_in_the_order_in_which_passes_must_run():
    space = Space.of(Facts(CNN.operators, ("onnxruntime",), prunes=True))
    choices = space.complete({"pruning": "50", "layout": "conv2d", "precision": "static"})

    recipe = recipe_of(space.chain(choices), no_names)

    assert [step.name for step in recipe.passes] == ["prune", "export_onnx", "conv_layout", "quantize_static"]
    assert recipe.learns


def test_layers_to_keep_are_named_from_what_the_passes_before_make(space):
    asked = []

    def names(before, count):
        asked.append((list(before), count))
        return ("first", "second")[:count]

    choices = space.complete({"layout": "conv2d", "precision": "static", "keep_fp32": "2"})
    recipe = recipe_of(space.chain(choices), names)

    assert asked == [(["conv_layout"], 2)]
    assert recipe.passes[-1].keep_fp32 == ("first", "second")


@pytest.mark.parametrize(
    ("facts", "dimension", "there"),
    [
        (Facts(frozenset({"MatMul"}), ("onnxruntime",)), "layout", False),
        (Facts(frozenset({"Conv"}), ("onnxruntime",)), "recurrent", False),
        (Facts(frozenset({"LSTM"}), ("onnxruntime",)), "recurrent", True),
        (CNN, "pruning", False),
        (Facts(CNN.operators, ("onnxruntime",), prunes=True), "pruning", True),
    ],
)
def test_dimensions_that_mean_nothing_for_a_network_are_left_out(facts, dimension, there):
    assert (dimension in {each.name for each in Space.of(facts).dimensions}) is there


def test_half_precision_is_looked_at_only_where_size_is_asked_for(space):
    small = Space.of(Facts(CNN.operators, CNN.runtimes, small=True))

    assert not any("convert_fp16" in space.chain(choices) for choices in space.every())
    assert any("convert_fp16" in small.chain(choices) for choices in small.starts())


def test_neighbours_differ_in_one_value_and_those_of_another_speed_come_first(space):
    here = space.complete({"precision": "static"})

    near = space.neighbours(here)
    changed = [{name for name in here if choices.get(name, here[name]) != here[name]} for choices in near]

    assert all(len(names) == 1 for names in changed)
    assert {"method", "windows"} == set().union(*changed[-4:])
    assert {"layout", "precision", "runtime"} <= set().union(*changed)


def test_twins_compute_the_same_with_other_numbers(space):
    usual = space.complete({"precision": "static"})

    assert space.twin_key(usual) == space.twin_key({**usual, "method": "entropy", "windows": "256"})
    assert space.twin_key(usual) != space.twin_key({**usual, "scheme": "S8S8"})


def test_the_table_and_the_starts_use_the_same_names():
    known = {dimension.name: {option.value for option in dimension.options} for dimension in DIMENSIONS}

    for start in STARTS:
        assert all(value in known[name] for name, value in start.items())


def test_the_first_group_has_every_basic_form_on_both_runtimes():
    space = Space.of(Facts(frozenset({"Conv", "MatMul"}), ("onnxruntime", "openvino")))

    first = space.starts()[:FIRST_GROUP]

    forms = {(each["layout"], each["precision"], each["runtime"]) for each in first}
    assert {("conv1d", precision, "onnxruntime") for precision in ("float32", "static", "dynamic")} < forms
    assert ("conv2d", "float32", "onnxruntime") in forms
    assert len(forms) == FIRST_GROUP
