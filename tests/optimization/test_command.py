import shlex
from dataclasses import replace

import pytest

from optimization.command import command_again, pass_options, typed
from optimization.passes import PASSES
from vibench.main import build_parser


@pytest.fixture
def made(untrained_variants):
    """A variant by static quantisation, its parent, and how the variant comes to be changed."""
    _, onnx = untrained_variants

    def make(name="int8-static", parameters=(), **changes):
        step = {"pass": "quantize_static", "parameters": dict(parameters)}
        return replace(onnx, name=name, parent=onnx.digest, steps=(*onnx.steps, step), **changes)

    return onnx, make


def test_only_what_is_no_default_is_said(made):
    onnx, make = made
    simulated = {"source": "simulated", "windows": 64}

    assert command_again(make(calibration=simulated), onnx) == "vibench optimize wdcnn/onnx --pass quantize_static"
    assert command_again(make(calibration={**simulated, "windows": 32}), onnx).endswith("quantize_static --windows 32")


def test_parameters_recordings_and_name_are_said_as_the_command_line_takes_them(made):
    onnx, make = made
    parameters = {"method": "entropy", "per_channel": False, "keep_fp32": ["a b", "c"]}
    again = command_again(make("-mine", parameters, calibration={"source": "recordings", "windows": 64}), onnx)

    arguments = build_parser().parse_args(shlex.split(again)[1:])

    assert dict(arguments.set) == {"method": "entropy", "per_channel": "false", "keep_fp32": "a b,c"}
    assert (arguments.model, str(arguments.calibration), arguments.name) == ("wdcnn/onnx", "DIR", "-mine")
    assert not arguments.force_noise
    noise = {"source": "recordings", "windows": 64, "noise": True}
    assert "--force-noise" in shlex.split(command_again(make(calibration=noise), onnx))


def test_nothing_is_promised_without_the_parent_or_the_pass(made):
    onnx, make = made
    unknown = replace(onnx, steps=(*onnx.steps, {"pass": "someone_elses", "parameters": {}}))

    assert command_again(make(), None) is None
    assert command_again(onnx, onnx) is None
    assert command_again(unknown, onnx) is None


@pytest.mark.parametrize("kind", PASSES.values())
def test_a_pass_as_it_comes_needs_no_more_than_its_name(kind):
    assert pass_options(kind()) == [["--pass", kind.name]]


def test_values_are_typed_plainly():
    assert [typed(value) for value in (True, 0.5, "U8S8", ("a", "b"), [])] == ["true", "0.5", "U8S8", "a,b", ""]
