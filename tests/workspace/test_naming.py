from dataclasses import replace

import pytest

from engine.errors import BackendMissingError, DamagedModelError, ModelNotFoundError
from workspace.naming import resolve


@pytest.fixture
def four(make_variant):
    names = {"pytorch": "pytorch", "onnx": "onnx", "int8-dynamic": "int8", "int8-static": "int8"}
    return [make_variant(f"wdcnn/{name}", backend) for name, backend in names.items()]


@pytest.mark.parametrize(
    ("text", "backend", "found"),
    [
        ("wdcnn", None, "wdcnn/onnx"),
        ("wdcnn", "pytorch", "wdcnn/pytorch"),
        ("wdcnn", "int8", "wdcnn/int8-static"),
        ("wdcnn/int8-dynamic", None, "wdcnn/int8-dynamic"),
        ("wdcnn/pytorch", "int8", "wdcnn/pytorch"),
    ],
)
def test_a_variant_is_found_by_its_name_or_by_its_networks_and_a_backend(four, text, backend, found):
    assert resolve(text, four, backend).full_name == found


@pytest.mark.parametrize("length", [8, 12, 64])
def test_a_variant_is_found_by_the_beginning_of_its_digest(four, length):
    for variant in four:
        assert resolve(variant.digest[:length], four) == variant
        assert resolve(variant.digest[:length].upper(), four) == variant


def test_a_variant_is_found_by_the_path_of_its_folder_or_of_its_description(make_variant):
    variant = make_variant("wdcnn/pruned")

    assert resolve(str(variant.weights.parent), []) == variant
    assert resolve(str(variant.weights.parent / "variant.json"), []) == variant


def test_two_digests_that_begin_alike_are_told_apart_by_nobody(four):
    pair = [replace(four[0], digest="ab" * 32), replace(four[1], digest="ab" * 31 + "cd")]

    with pytest.raises(ModelNotFoundError):
        resolve("abababab", pair)


@pytest.mark.parametrize("text", ["resnet", "wdcnn/int4", "1234567", "00000000", "", "../../etc"])
def test_what_there_is_not_is_told_with_what_there_is(four, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ModelNotFoundError, match=r"there are wdcnn/pytorch, wdcnn/onnx,"):
        resolve(text, four)


def test_a_folder_without_a_variant_is_no_variant(tmp_path):
    with pytest.raises(DamagedModelError, match=r"variant\.json"):
        resolve(str(tmp_path), [])


@pytest.mark.parametrize(
    ("backend", "sentence"),
    [
        ("fp16", "wdcnn has no FP16 variant yet: nothing here can make it; choose pytorch or int8."),
        ("onnx", "wdcnn has no ONNX variant yet: `vibench optimize wdcnn --pass export_onnx` makes it."),
    ],
)
def test_a_backend_without_a_variant_is_told_with_what_to_do(four, backend, sentence):
    without = [variant for variant in four if variant.backend in {"pytorch", "int8"}]

    with pytest.raises(BackendMissingError) as missing:
        resolve("wdcnn", without, backend)

    assert str(missing.value) == sentence


def test_the_command_that_makes_a_missing_variant_is_told(four):
    with pytest.raises(BackendMissingError) as missing:
        resolve("wdcnn", four[:2], "int8")

    assert str(missing.value) == (
        "wdcnn has no INT8 variant yet: `vibench optimize wdcnn --pass quantize_static` makes it."
    )
