from dataclasses import dataclass
from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecipeError
from optimization.passes import PASSES, Pass
from optimization.passes.parameters import FLAGS, parameter, parameters_of, pass_from_json, pass_from_text


@dataclass(frozen=True, slots=True)
class Specimen(Pass):
    """A pass with a parameter of each kind."""

    name: ClassVar[str] = "specimen"

    method: Literal["plain", "fancy"] = parameter("plain", "Method", "How.")
    careful: bool = parameter(True, "Careful", "Whether.")
    count: int = parameter(3, "Count", "How many.", low=1, high=9)
    share: float = parameter(0.5, "Share", "How much.", low=0)
    names: tuple[str, ...] = parameter((), "Names", "Which.")

    def requires(self, variant):
        """Anything will do."""

    def run(self, variant, context):
        return variant


def test_the_fields_of_a_pass_tell_its_parameters():
    told = {known.name: known for known in parameters_of(Specimen)}

    assert [known.kind for known in told.values()] == ["choice", "flag", "whole", "number", "names"]
    assert [known.default for known in told.values()] == ["plain", True, 3, 0.5, []]
    assert told["method"].choices == ("plain", "fancy")
    assert (told["count"].low, told["count"].high, told["share"].high) == (1, 9, None)
    assert (told["count"].title, told["count"].help) == ("Count", "How many.")


def test_a_field_that_no_control_can_be_made_of_is_a_bug():
    @dataclass(frozen=True, slots=True)
    class Untold(Specimen):
        extra: int = 3

    @dataclass(frozen=True, slots=True)
    class Unheard(Specimen):
        extra: dict[str, str] = parameter(None, "Extra", "No.")  # noqa: RUF009 - a field, as in every pass

    with pytest.raises(TypeError, match="extra"):
        parameters_of(Untold)
    with pytest.raises(TypeError, match="dict"):
        parameters_of(Unheard)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"method": "other"}, "method can't be other: it is one of plain and fancy."),
        ({"careful": 1}, "careful can't be 1: it is true or false."),
        ({"count": 10}, "count can't be 10: it is a whole number from 1 to 9."),
        ({"count": True}, "count can't be True: it is a whole number from 1 to 9."),
        ({"count": 2.0}, "count can't be 2.0: it is a whole number from 1 to 9."),
        ({"share": -0.1}, "share can't be -0.1: it is a number, at least 0."),
        ({"share": float("nan")}, "share can't be nan: it is a number, at least 0."),
        ({"share": float("inf")}, "share can't be inf: it is a number, at least 0."),
        ({"names": "node"}, "names can't be node: it is a list of names."),
        ({"names": (1,)}, "names can't be (1,): it is a list of names."),
    ],
)
def test_an_impossible_value_is_told_with_what_is_allowed(parameters, sentence):
    with pytest.raises(RecipeError) as raised:
        Specimen(**parameters)

    assert str(raised.value) == sentence


def test_bounds_themselves_and_whole_numbers_for_numbers_are_allowed():
    assert [Specimen(count=count).count for count in (1, 9)] == [1, 9]
    assert Specimen(share=0).share == 0
    assert Specimen(share=10**400).share == 10**400


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("careful", " Yes", True),
        ("careful", "off", False),
        ("count", "7", 7),
        ("share", "1e-3", 0.001),
        ("names", "a, b", ("a", "b")),
        ("names", "", ()),
        ("method", "fancy ", "fancy"),
        ("count", "many", "many"),
        ("careful", "2", "2"),
    ],
)
def test_what_people_type_becomes_a_value_or_stays_for_the_check_to_name(name, text, value):
    known = {one.name: one for one in parameters_of(Specimen)}[name]

    assert known.from_text(text) == value


def test_every_way_to_write_a_flag_is_understood():
    for text, value in FLAGS.items():
        assert pass_from_text("quantize_static", {"per_channel": text.upper()}).per_channel is value


@given(st.text())
def test_whatever_is_typed_is_a_value_or_one_sentence(text):
    for kind in PASSES.values():
        for known in parameters_of(kind):
            if known.fits(known.from_text(text)):
                assert known.fits(getattr(pass_from_text(kind.name, {known.name: text}), known.name))
                continue
            with pytest.raises(RecipeError) as raised:
                pass_from_text(kind.name, {known.name: text})
            assert known.allowed in str(raised.value)
            assert len(str(raised.value).splitlines()) == 1


def test_an_unknown_pass_and_an_unknown_parameter_are_told_with_the_nearest():
    with pytest.raises(RecipeError, match=r"pass can't be quantise_static: it is one of .*; quantize_static may be"):
        pass_from_json("quantise_static", {})
    with pytest.raises(RecipeError, match=r"quantize_static can't be perchannel: .*; per_channel may be meant"):
        pass_from_json("quantize_static", {"perchannel": True})
    with pytest.raises(RecipeError, match="a parameter of convert_fp16 can't be precision: it takes none"):
        pass_from_text("convert_fp16", {"precision": "half"})
    with pytest.raises(RecipeError, match="pass can't be None"):
        pass_from_json(None, {})


def test_however_large_a_wrong_value_is_its_sentence_is_short():
    nested = []
    for _ in range(40):
        nested = [nested, nested]  # written out, it would be longer than any disk

    for value in (nested, "x" * 10**6, {"a": nested}):
        with pytest.raises(RecipeError) as raised:
            pass_from_json("export_onnx", {"opset": value})
        assert len(str(raised.value)) < 300
