from dataclasses import replace

import pytest

from engine.errors import (
    DamagedModelError,
    ModelNotFoundError,
    ModelRefusedError,
    StorageLimitError,
)
from workspace.blobs import BlobStore
from workspace.database import Database
from workspace.variants import VariantStore


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

    kept = small.put(given)
    assert small.add(given) == kept  # takes no more room than before


def test_adding_it_again_changes_nothing(variants, make_variant):
    first = variants.add(make_variant("wdcnn/pytorch"))

    assert variants.add(first) == first
    assert variants.list() == [first]
    assert first.weights.is_file()


def test_what_comes_with_vibench_takes_the_place_of_the_one_of_its_name_and_frees_its_space(
    variants, blobs, make_variant
):
    variants.put(make_variant("wdcnn/pytorch", weights=b"old"))

    newer = variants.put(make_variant("wdcnn/pytorch", weights=b"newer"))

    assert variants.list() == [newer]
    assert blobs.size() == len(b"newer")


def test_weights_that_another_variant_names_too_stay(variants, make_variant):
    same = variants.put(make_variant("wdcnn/copy", weights=b"same"))
    variants.put(make_variant("wdcnn/pytorch", weights=b"same"))

    variants.put(make_variant("wdcnn/pytorch", weights=b"other"))
    assert same.weights.read_bytes() == b"same"

    variants.remove("wdcnn/copy")
    assert not same.weights.exists()


def test_a_name_that_is_taken_becomes_the_next_free_one(variants, make_variant):
    names = [variants.add(make_variant("wdcnn/int8", "int8", weights=bytes([number]))).name for number in range(3)]

    assert names == ["int8", "int8-2", "int8-3"]
    assert [variant.name for variant in variants.list()] == names


def test_a_long_name_keeps_room_for_its_number(variants, make_variant):
    variants.add(make_variant(f"wdcnn/{'a' * 64}", weights=b"1"))

    assert variants.add(make_variant(f"wdcnn/{'a' * 64}", weights=b"2")).name == "a" * 62 + "-2"


def test_the_same_bytes_are_the_variant_that_is_there_unless_a_name_was_chosen(variants, blobs, make_variant):
    first = variants.add(make_variant("wdcnn/int8", weights=b"same"))

    assert variants.add(make_variant("wdcnn/other", weights=b"same")) == first
    assert variants.add(make_variant("wdcnn/int8", weights=b"same"), chosen=True) == first

    mine = variants.add(make_variant("wdcnn/mine", weights=b"same"), chosen=True)
    assert mine == replace(first, name="mine")
    assert blobs.size() == len(b"same")


def test_the_same_bytes_on_another_card_are_another_variant(variants, make_variant):
    variants.add(make_variant("wdcnn/onnx", weights=b"same"))

    assert variants.add(make_variant("wdcnn/onnx", weights=b"same", temperature=2.0)).name == "onnx-2"


def test_a_chosen_name_that_is_taken_is_refused(variants, blobs, make_variant):
    first = variants.add(make_variant("wdcnn/mine", weights=b"1"))

    with pytest.raises(ModelRefusedError, match=r"wdcnn/mine is not admitted: another variant has that name already"):
        variants.add(make_variant("wdcnn/mine", weights=b"2"), chosen=True)

    assert (variants.list(), blobs.size()) == ([first], 1)


@pytest.mark.parametrize("name", ["", ".hidden", "Upper", "a b", "ümlaut", "a" * 65, "a\n"])
def test_a_name_that_tables_and_addresses_can_not_hold_is_refused(variants, make_variant, name):
    given = make_variant("wdcnn/pytorch")

    for wrong in (replace(given, name=name), replace(given, card=replace(given.card, name=name))):
        for keep in (variants.add, variants.put):
            with pytest.raises(ModelRefusedError, match="a name has 1 to 64 lower-case letters"):
                keep(wrong)


def test_a_chain_is_kept_with_what_belongs_to_it_in_one_transaction(variants, make_variant):
    there = variants.add(make_variant("wdcnn/onnx", weights=b"onnx"))
    chain = [make_variant("wdcnn/onnx", weights=b"onnx"), make_variant("wdcnn/int8", "int8", weights=b"int8")]
    seen = []

    def also(connection, kept):
        rows = connection.exec_driver_sql("SELECT name FROM variant ORDER BY name").scalars().all()
        seen.append((rows, [variant.name for variant in kept]))

    kept = variants.add_all(chain, also=also)

    assert seen == [(["int8", "onnx"], ["onnx", "int8"])]
    assert kept[0] == there
    assert variants.list() == kept


def test_what_is_raised_beside_a_chain_undoes_it_to_the_last_blob(variants, blobs, make_variant):
    there = variants.add(make_variant("wdcnn/onnx", weights=b"onnx"))
    chain = [make_variant("wdcnn/onnx", weights=b"onnx"), make_variant("wdcnn/int8", "int8", weights=b"int8")]

    def cancelled(connection, kept):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        variants.add_all(chain, also=cancelled)

    assert variants.list() == [there]
    assert [path.name for path in blobs.root.glob("??/*")] == [there.digest]


def test_a_removed_variant_frees_its_space_and_its_name(variants, blobs, make_variant):
    variants.add(make_variant("wdcnn/onnx", weights=b"onnx"))
    child = variants.add(make_variant("wdcnn/int8", "int8", weights=b"int8"))

    variants.remove("wdcnn/onnx")

    assert variants.list() == [child]
    assert blobs.size() == len(b"int8")
    assert variants.add(make_variant("wdcnn/onnx", weights=b"other")).name == "onnx"


@pytest.mark.parametrize("name", ["wdcnn", "wdcnn/none", "none/onnx", ""])
def test_what_is_not_there_can_not_be_removed(variants, make_variant, name):
    variants.add(make_variant("wdcnn/onnx"))

    with pytest.raises(ModelNotFoundError, match="there are wdcnn/onnx"):
        variants.remove(name)


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


def test_an_address_of_a_page_reaches_no_folder(variants, make_variant):
    folder = make_variant("wdcnn/secret").weights.parent

    with pytest.raises(ModelNotFoundError):
        variants.find(str(folder))
