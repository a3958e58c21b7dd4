import json

import pytest

from engine.errors import DamagedModelError
from engine.variant import DESCRIPTION, Variant, sha256_of


def test_a_variant_on_disk_is_its_folder(variant):
    assert Variant.load(variant.weights.parent) == variant
    assert variant.full_name == "wdcnn/pytorch"
    assert variant.size_bytes == variant.weights.stat().st_size


def test_the_digest_is_that_of_the_weight_file(variant):
    assert variant.digest == sha256_of(variant.weights)
    variant.check_weights()


def test_altered_weights_are_noticed(variant):
    with variant.weights.open("r+b") as file:
        file.write(b"x")

    with pytest.raises(DamagedModelError, match="not the one its digest names"):
        variant.check_weights()


def test_weights_that_were_removed_meanwhile_are_told(variant):
    variant.weights.unlink()

    with pytest.raises(DamagedModelError, match="its weight file is gone"):
        variant.check_weights()


@pytest.mark.parametrize(
    ("field", "value"), [("backend", "tpu"), ("format", "../../etc/passwd"), ("card", {}), ("card", 3)]
)
def test_a_description_of_no_known_kind_is_damaged(variant, field, value):
    path = variant.weights.parent / DESCRIPTION
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))

    with pytest.raises(DamagedModelError):
        Variant.load(path.parent)


def test_a_missing_weight_file_is_told(variant):
    variant.weights.unlink()

    with pytest.raises(DamagedModelError, match=r"model\.safetensors is missing"):
        Variant.load(variant.weights.parent)


def test_a_cut_description_is_damaged(variant):
    path = variant.weights.parent / DESCRIPTION
    path.write_text(path.read_text()[:100])

    with pytest.raises(DamagedModelError, match=DESCRIPTION):
        Variant.load(path.parent)
