from dataclasses import replace

import pytest

from engine.errors import BackendMissingError, DamagedModelError, ModelNotFoundError, StorageLimitError
from workspace.blobs import BlobStore
from workspace.database import Database
from workspace.variants import VariantStore, resolve


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def variants(tmp_path, blobs):
    database = Database(f"sqlite:///{tmp_path / 'vibench.db'}")
    database.migrate()
    yield VariantStore(database, blobs)
    database.close()


def test_a_variant_is_kept_with_its_card_and_a_copy_of_its_weights(variants, blobs, make_variant):
    given = make_variant("wdcnn/pytorch", temperature=1.7)

    kept = variants.add(given)

    assert kept == replace(given, weights=blobs.path(given.digest))
    assert kept.weights.read_bytes() == given.weights.read_bytes()
    assert variants.list() == [kept]


def test_weights_that_are_not_the_named_ones_are_not_kept(variants, blobs, make_variant):
    given = make_variant("wdcnn/pytorch")
    given.weights.write_bytes(b"altered")

    with pytest.raises(DamagedModelError):
        variants.add(given)

    assert (variants.list(), blobs.size()) == ([], 0)


def test_a_variant_fits_under_the_storage_limit_or_comes_with_vibench(variants, blobs, make_variant):
    small = VariantStore(variants._database, BlobStore(blobs.root, limit_bytes=10))
    given = make_variant("wdcnn/pytorch", weights=b"x" * 11)

    with pytest.raises(StorageLimitError, match="wdcnn/pytorch takes"):
        small.add(given)
    assert (small.list(), blobs.size()) == ([], 0)

    kept = small.add(given, limited=False)
    assert small.add(given) == kept  # takes no more room than before


def test_adding_it_again_changes_nothing(variants, make_variant):
    first = variants.add(make_variant("wdcnn/pytorch"))

    assert variants.add(first) == first
    assert variants.list() == [first]
    assert first.weights.is_file()


def test_a_newer_one_of_the_same_name_takes_its_place_and_frees_the_space(variants, blobs, make_variant):
    variants.add(make_variant("wdcnn/pytorch", weights=b"old"))

    newer = variants.add(make_variant("wdcnn/pytorch", weights=b"newer"))

    assert variants.list() == [newer]
    assert blobs.size() == len(b"newer")


def test_weights_that_another_variant_names_too_stay(variants, make_variant):
    same = variants.add(make_variant("wdcnn/copy", weights=b"same"))
    variants.add(make_variant("wdcnn/pytorch", weights=b"same"))

    variants.add(make_variant("wdcnn/pytorch", weights=b"other"))

    assert same.weights.read_bytes() == b"same"


def test_a_variant_whose_weights_somebody_removed_is_left_out_and_logged(variants, make_variant, caplog):
    lost, kept = variants.add(make_variant("wdcnn/pytorch")), variants.add(make_variant("wdcnn/onnx", "onnx"))
    lost.weights.unlink()

    assert variants.list() == [kept]
    assert "The workspace has lost variant pytorch" in caplog.text


def test_networks_are_named_once_each(variants, make_variant):
    for name in ("wdcnn/pytorch", "resnet18-1d/pytorch", "wdcnn/other"):
        variants.add(make_variant(name))

    assert [card.name for card in variants.networks()] == ["resnet18-1d", "wdcnn"]
    assert [variant.full_name for variant in variants.list("wdcnn")] == ["wdcnn/pytorch", "wdcnn/other"]


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


def test_an_address_of_a_page_reaches_no_folder(variants, make_variant):
    folder = make_variant("wdcnn/secret").weights.parent

    with pytest.raises(ModelNotFoundError):
        variants.find(str(folder))


def test_a_folder_without_a_variant_is_no_variant(tmp_path):
    with pytest.raises(DamagedModelError, match=r"variant\.json"):
        resolve(str(tmp_path), [])


@pytest.mark.parametrize(
    ("backend", "sentence"),
    [
        ("fp16", "wdcnn has no FP16 variant yet: this version makes none; choose pytorch or int8."),
        ("onnx", "wdcnn has no ONNX variant yet: `vibench serve` makes it when it starts."),
    ],
)
def test_a_backend_without_a_variant_is_told_with_what_to_do(four, backend, sentence):
    without = [variant for variant in four if variant.backend in {"pytorch", "int8"}]

    with pytest.raises(BackendMissingError) as missing:
        resolve("wdcnn", without, backend)

    assert str(missing.value) == sentence
