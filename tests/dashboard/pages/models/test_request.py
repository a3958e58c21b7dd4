import re
import shlex
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.pages.models.request import Request
from engine.errors import CalibrationError, PassNotApplicableError, RecipeError
from optimization.calibration import WINDOWS
from optimization.command import typed as typed_text
from optimization.passes import PASSES
from optimization.passes.parameters import parameters_of, pass_from_text
from optimization.recipe import Recipe
from vibench.main import build_parser
from vibench.optimize import recipe_of

PARSER = build_parser()
NODES = st.text("abcXYZ_/. '\"$\\;0123456789é", min_size=1, max_size=12).filter(lambda name: name == name.strip())


def typed(variant, pass_name, values=(), *, recordings=None, windows="", resample=False, name=""):
    return Request.of_form(
        variant, pass_name, dict(values), recordings=recordings, windows=windows, resample=resample, name=name
    )


def values_of(known):
    """Any value that a parameter may have."""
    if known.kind == "choice":
        return st.sampled_from(known.choices)
    if known.kind == "flag":
        return st.booleans()
    if known.kind == "names":
        return st.lists(NODES, max_size=3).map(tuple)
    low, high = known.low or 0, known.high if known.high is not None else 1000
    return st.integers(int(low), int(high)) if known.kind == "whole" else st.floats(low, high)


@st.composite
def requests(draw):
    """Whatever somebody may ask for."""
    kind = draw(st.sampled_from(list(PASSES.values())))
    made = kind(**{known.name: draw(values_of(known)) for known in parameters_of(kind)})
    name = draw(st.none() | st.text("abc019._-", min_size=1, max_size=8))
    if not kind.calibrates:
        return Request("wdcnn/onnx", made, name=name)
    recordings = tuple(draw(st.lists(st.text("0123456789abcdef", min_size=10, max_size=10), max_size=3)))
    windows = draw(st.integers(1, 4096))
    return Request("wdcnn/onnx", made, recordings, windows, bool(recordings) and draw(st.booleans()), name)


@given(request=requests())
def test_the_command_asks_for_what_the_job_does(request):
    words = shlex.split(" ".join(request.command()))
    job = request.parameters()

    assert words[0] == "vibench"
    asked = PARSER.parse_args(words[1:])
    assert asked.model == job["variant"]
    assert recipe_of(asked) == Recipe.from_json(job["recipe"])
    assert (asked.calibration_recordings or "").split(",") == (job["calibration"] or [""])
    assert (asked.windows or WINDOWS) == job["windows"]
    assert asked.resample == job["resample"]
    assert asked.name == job["name"]


@given(request=requests())
def test_what_is_typed_into_the_form_is_what_is_asked_for(request):
    made = request.made
    texts = {one.name: typed_text(getattr(made, one.name)) for one in fields(made)}

    assert pass_from_text(made.name, texts) == made


def test_the_command_says_only_what_is_no_default(line):
    onnx = line[1]

    assert typed(onnx, "quantize_static").command() == ["vibench optimize wdcnn/onnx", "--pass quantize_static"]
    changed = typed(
        onnx,
        "quantize_static",
        {"per_channel": "false", "scheme": "U8S8"},
        recordings=["aa", "bb"],
        windows=" 128 ",
        resample=True,
        name=" mine ",
    )
    assert " ".join(changed.command()) == (
        "vibench optimize wdcnn/onnx --pass quantize_static --set per_channel=false "
        "--calibration-recordings aa,bb --windows 128 --resample --name mine"
    )


def test_a_pass_without_calibration_leaves_its_questions_out(line):
    request = typed(line[1], "convert_fp16", recordings=["aa"], windows="nonsense", resample=True)

    assert " ".join(request.command()) == "vibench optimize wdcnn/onnx --pass convert_fp16"
    assert (request.parameters()["calibration"], request.parameters()["windows"]) == ([], WINDOWS)


@pytest.mark.parametrize(
    ("values", "given", "error", "said"),
    [
        ({"method": "nonsense"}, {}, RecipeError, "method can't be nonsense"),
        ({"nonsense": "1"}, {}, RecipeError, "parameter"),
        ({}, {"windows": "many"}, RecipeError, "windows can't be many: it is a whole number from 1 to 4096."),
        ({}, {"windows": "0"}, CalibrationError, "0 windows"),
        ({}, {"windows": "9" * 50}, CalibrationError, "windows"),
        ({}, {"recordings": []}, RecipeError, "choose some, or use simulated ones"),
    ],
)
def test_what_can_not_be_is_a_sentence(line, values, given, error, said):
    with pytest.raises(error, match=re.escape(said)):
        typed(line[1], "quantize_static", values, **given)


def test_a_pass_that_does_not_fit_the_variant_is_refused(line):
    with pytest.raises(PassNotApplicableError):
        typed(line[2], "quantize_static")
