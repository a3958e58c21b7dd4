"""What every entry of the table of passes promises."""

import json
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DamagedModelError, NoEffect, PassNotApplicableError, RecipeError
from engine.runtimes import load
from engine.variant import BACKENDS, FORMATS, Variant
from optimization.calibration import Calibration
from optimization.passes import PASSES, PassContext
from optimization.passes.graph import CARD_KEY
from optimization.passes.parameters import parameters_of, pass_from_json, pass_from_text


@pytest.fixture(params=sorted(PASSES))
def name(request):
    return request.param


@pytest.fixture
def made_by(name, quickest):
    return quickest(name)


def other_values(known):
    """Values of a parameter beside its default."""
    values = {
        "choice": [choice for choice in known.choices if choice != known.default],
        "flag": [not known.default],
        "whole": [known.low, known.high],
        "number": [known.low, known.high],
        "names": [["node_conv1d"], ["node_conv1d", "node_linear"]],
    }[known.kind]
    return [value for value in values if value is not None]


def wrong_values(known):
    """Values that a parameter can't have."""
    wrong = [None, {}, float("nan"), [1], "no such value"]
    if known.kind == "whole":
        wrong += [True, known.default + 0.5, str(known.default)]
    if known.kind == "number":
        wrong += [True, float("inf")]
    if known.kind == "flag":
        wrong += [0, 1, "true"]
    if known.kind == "names":
        wrong = [None, {}, float("nan"), "one", [1], [""]]
    wrong += [known.low - 1] if known.low is not None else []
    wrong += [known.high + 1] if known.high is not None else []
    return wrong


def text_of(value):
    return ",".join(value) if isinstance(value, list) else str(value)


def test_it_is_in_the_table_under_its_own_name_and_tells_people_what_it_is(name, made_by):
    assert made_by.name == name
    assert made_by.gives is None or made_by.gives[0] in FORMATS
    assert made_by.gives is None or made_by.gives[1] in BACKENDS
    assert made_by.title[0].isupper()
    assert made_by.summary.endswith(".")
    assert made_by.requires.__doc__


def test_every_parameter_has_a_title_and_a_sentence_and_a_default_that_is_plain_json(made_by):
    for known in parameters_of(type(made_by)):
        assert known.title[0].isupper()
        assert known.help.endswith(".")
        assert json.loads(json.dumps(known.default)) == known.default
        assert (len(known.choices) > 1) == (known.kind == "choice")


def test_parameters_survive_json_and_text(name):
    assert pass_from_json(name, {}) == PASSES[name]()
    for known in parameters_of(PASSES[name]):
        for value in [known.default, *other_values(known)]:
            step = json.loads(json.dumps(pass_from_json(name, {known.name: value}).step()))
            assert step["pass"] == name
            assert step["parameters"][known.name] == value
            again = pass_from_json(step["pass"], step["parameters"])
            assert again.step() == step
            assert pass_from_text(name, {known.name: text_of(value)}) == again


def test_an_impossible_value_is_refused_in_a_sentence_that_names_it(name, made_by):
    for known in parameters_of(type(made_by)):
        for value in wrong_values(known):
            with pytest.raises(RecipeError) as raised:
                pass_from_json(name, {known.name: value})
            assert raised.value.parameter == known.name
            assert known.allowed in str(raised.value)


def test_a_parameter_that_it_lacks_is_refused(name):
    with pytest.raises(RecipeError, match="no_such_parameter"):
        pass_from_json(name, {"no_such_parameter": 1})


def test_it_makes_a_variant_that_names_its_parent_and_says_how_it_was_made(made_by, name, start_of, result_of):
    start, made = start_of(made_by), result_of(name)

    assert made.digest != start.digest
    assert made.parent == start.digest
    assert made.steps[:-1] == start.steps
    assert made_by.step().items() <= made.steps[-1].items()
    assert made.name == made_by.name_after(start)
    assert (made.format, made.backend) == made_by.form_after(start)
    assert made.card == start.card
    assert made.producer


def test_its_result_is_weight_file_and_description_and_nothing_is_left_beside_them(made_by, result_of):
    made = result_of(made_by.name)
    folder = made.weights.parent

    assert {path.name for path in folder.iterdir()} == {f"model.{made.format}", "variant.json"}
    assert list(folder.parent.iterdir()) == [folder]
    found = Variant.load(folder)
    found.check_weights()
    assert found == made


@pytest.mark.parametrize("count", [1, 3, 300])
def test_its_result_answers_any_number_of_windows(made_by, result_of, count):
    made = result_of(made_by.name)
    windows = np.random.default_rng(0).standard_normal((count, 1, made.card.window), dtype=np.float32)

    with load(made) as session:
        logits = session.predict(windows)

    assert logits.shape == (count, len(made.card.classes))
    assert np.isfinite(logits).all()


def test_its_result_passes_its_own_check_and_its_start_does_not(made_by, start_of, result_of):
    start, made = start_of(made_by), result_of(made_by.name)

    made_by.ensures(start, made)
    with pytest.raises(NoEffect):
        made_by.ensures(start, start)


def test_its_result_says_nothing_of_the_machine_it_was_made_on(made_by, result_of):
    made = result_of(made_by.name)
    content = made.weights.read_bytes() + (made.weights.parent / "variant.json").read_bytes()

    for trace in (tempfile.gettempdir(), str(made.weights.parent.parent), str(Path.cwd()), str(Path.home())):
        assert len(trace) < 2 or trace.encode() not in content
    for trace in (b"site-packages", b"stack_trace", b"model.py"):
        assert trace not in content


def test_an_onnx_file_carries_its_card_and_nothing_else_beside_the_graph(made_by, result_of):
    import onnx

    made = result_of(made_by.name)
    if made.format != "onnx":
        pytest.skip("its result is no ONNX file")
    model = onnx.load(made.weights)

    assert {entry.key: entry.value for entry in model.metadata_props} == {CARD_KEY: made.card.digest_text()}
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)


def test_run_again_it_gives_the_same_bytes_leaves_its_start_as_it_was_and_tells_how_far_it_is(
    made_by, start_of, result_of, calibration, tmp_path
):
    start, said = start_of(made_by), []
    before = {path.name: path.read_bytes() for path in start.weights.parent.iterdir()}
    windows = calibration if made_by.calibrates else None  # the others do without

    again = made_by.run(start, PassContext(tmp_path / "again", windows, progress=lambda *told: said.append(told)))

    assert again.digest == result_of(made_by.name).digest
    assert {path.name: path.read_bytes() for path in start.weights.parent.iterdir()} == before
    assert said
    assert all(what[0].isupper() and 0 <= done <= total for what, done, total in said)


def test_on_its_own_result_it_does_nothing_and_says_so(made_by, result_of, calibration, tmp_path):
    if made_by.learns and made_by.gives is None:
        pytest.skip("a network that was trained can be trained on")

    def run_again():
        made_by.requires(result_of(made_by.name))
        made_by.run(result_of(made_by.name), PassContext(tmp_path / "again", calibration))

    with pytest.raises((PassNotApplicableError, NoEffect)):
        run_again()

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_it_can_not_work_on_is_refused_with_the_place_to_start_from(made_by, start_of, backend):
    start = start_of(made_by)
    kind = "safetensors" if backend == "pytorch" else "onnx"
    other = replace(start, name=backend, backend=backend, format=kind, weights=Path("not there"))
    refusals = []
    try:
        made_by.requires(other)  # without looking at the weight file
    except PassNotApplicableError as refusal:
        refusals.append(str(refusal))

    if backend == start.backend:
        assert not refusals
    elif refusals or made_by.gives is not None:
        assert re.search(f"start from .*wdcnn/{start.backend}", *refusals)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_weight_file_that_is_cut_is_damaged_and_nothing_is_written(made_by, start_of, calibration, tmp_path, share):
    start = start_of(made_by)
    cut = shutil.copytree(start.weights.parent, tmp_path / "cut") / start.weights.name
    cut.write_bytes(cut.read_bytes()[: int(share * start.size_bytes)])

    with pytest.raises(DamagedModelError):
        made_by.run(replace(start, weights=cut), PassContext(tmp_path / "made", calibration))

    assert [path.name for path in tmp_path.iterdir()] == ["cut"]


def test_what_progress_raises_ends_it_and_nothing_is_left(made_by, start_of, calibration, tmp_path):
    def cancelled(what, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_by.run(start_of(made_by), PassContext(tmp_path / "made", calibration, progress=cancelled))

    assert not list(tmp_path.iterdir())


def test_without_windows_to_read_ranges_from_it_is_refused(made_by, start_of, tmp_path, card):
    if not made_by.calibrates:
        pytest.skip("it reads no ranges")
    none = Calibration((), card, {})

    for calibration in (None, none):
        with pytest.raises(RecipeError, match="give it some to calibrate on"):
            made_by.run(start_of(made_by), PassContext(tmp_path / "made", calibration))

    assert not list(tmp_path.iterdir())
