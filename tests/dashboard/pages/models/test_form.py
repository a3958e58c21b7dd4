import pytest

from dashboard.pages.models import ids
from dashboard.pages.models.calibration import Candidates
from dashboard.pages.models.form import Filled, bounds, filled, fitting, form, parameter_fields
from optimization.calibration import WINDOWS
from optimization.command import typed as typed_text
from optimization.passes import PASSES
from optimization.passes.parameters import Parameter, parameters_of

NONE = Candidates((), ())
KINDS = {"choice": {"RadioItems", "Select"}, "flag": {"RadioItems"}}


def named(all_of, shown):
    """Components by what their id says."""
    return {str(one.id): one for one in all_of(shown) if getattr(one, "id", None)}


@pytest.mark.parametrize("kind", PASSES.values(), ids=str)
def test_every_parameter_has_a_control_filled_with_its_default_and_its_sentence(kind, all_of, text_of):
    shown = parameter_fields(kind, {})
    controls = named(all_of, shown)

    for known in parameters_of(kind):
        control = controls[str(ids.parameter(kind.name, known.name))]
        assert control.value == typed_text(known.default)
        assert control._type in KINDS.get(known.kind, {"Input"})
        if known.kind == "choice":
            assert [option["value"] for option in control.options] == list(known.choices)
        assert known.title in text_of(shown)
        assert known.help in text_of(shown)
        assert bounds(known) in text_of(shown)


def test_only_passes_that_fit_are_offered_and_the_others_say_why(line):
    fit, reasons = fitting(line[1])
    names = {kind.name for kind in fit}
    assert names > {"quantize_static", "quantize_dynamic", "convert_fp16"}
    assert not names & {"export_onnx", "prune", "fine_tune", "qat"}  # these start from PyTorch's form
    assert len(reasons) == len(PASSES) - len(fit)

    fit, reasons = fitting(line[2])
    assert [kind.name for kind in fit] == ["optimize_graph"]  # what was reduced once is not reduced again
    assert len(reasons) == len(PASSES) - 1
    assert all("can't be run on wdcnn/int8-static" in reason for reason in reasons)


def test_the_form_begins_with_the_pass_that_the_address_asks_for_if_it_fits(line):
    fit, _ = fitting(line[1])

    assert filled(fit, "convert_fp16", None) == Filled("convert_fp16")
    assert filled(fit, "export_onnx", None).pass_name == "quantize_static"
    assert filled(fit, "", None).pass_name == "quantize_static"
    assert filled(fitting(line[0])[0], "", None).pass_name == "export_onnx"
    assert filled(fitting(line[2])[0], "", None).pass_name == "optimize_graph"


def test_the_form_is_filled_as_a_job_was_asked_for(line, make_job, all_of):
    fit, _ = fitting(line[1])
    asked = {
        "scheme": "S8S8",
        "activations": "symmetric",
        "per_channel": False,
        "method": "entropy",
        "keep_fp32": ["a"],
    }
    recipe = [{"pass": "quantize_static", "parameters": asked}]
    job = make_job("failed", parameters={
        "recipe": recipe, "calibration": ["r1"], "windows": 9, "resample": True, "name": "mine",
    })  # fmt: skip

    controls = named(all_of, form(fit, filled(fit, "", job), NONE, line[1]))

    values = {name: controls[str(ids.parameter("quantize_static", name))].value for name in asked}
    assert values == {
        "scheme": "S8S8", "activations": "symmetric", "per_channel": "false", "method": "entropy", "keep_fp32": "a",
    }  # fmt: skip
    assert [controls[one].value for one in (ids.SOURCE, ids.RESAMPLE, ids.WINDOWS, ids.NAME)] == [
        ids.OWN, ["yes"], "9", "mine",
    ]  # fmt: skip


def test_a_job_of_several_passes_fills_no_form(line, make_job):
    fit, _ = fitting(line[1])
    two = make_job(parameters={"recipe": [{"pass": "convert_fp16", "parameters": {}}] * 2})

    assert filled(fit, "", two) == Filled("quantize_static")


@pytest.mark.parametrize("form_number", [0, 1])
def test_recordings_are_asked_for_where_a_pass_calibrates_or_learns_and_windows_only_where_it_calibrates(
    line, all_of, form_number
):
    fit, _ = fitting(line[form_number])
    for kind in fit:
        controls = named(all_of, form(fit, Filled(kind.name), NONE, line[form_number]))

        assert controls[ids.CALIBRATION].hidden == (not kind.calibrates and not kind.learns)
        assert controls[ids.WINDOWS_PLACE].hidden == (not kind.calibrates)


def test_the_empty_name_shows_what_the_pass_will_call_its_result(line, all_of):
    fit, _ = fitting(line[1])
    controls = named(all_of, form(fit, Filled("convert_fp16"), NONE, line[1]))

    assert (controls[ids.NAME].value, controls[ids.NAME].placeholder) == ("", PASSES["convert_fp16"].result)
    assert controls[ids.WINDOWS].value == str(WINDOWS)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(1, 9, "1 to 9"), (0.5, None, "at least 0.5"), (None, 2, "at most 2"), (None, None, "")],
)
def test_bounds_are_said(low, high, text):
    assert bounds(Parameter("x", "X", "number", 1, (), low, high, "Help.")) == text
