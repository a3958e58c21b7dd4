import shutil
from dataclasses import replace

import pytest

from engine.errors import UsageError
from vibench.variant_folders import check_places, place_all


@pytest.fixture
def chain(untrained_variants, tmp_path):
    """Two variants in folders of their own, beside the place that they are to go to."""
    copies = []
    for variant in untrained_variants:
        folder = shutil.copytree(variant.weights.parent, tmp_path / "out" / ".making" / variant.name)
        copies.append(replace(variant, weights=folder / variant.weights.name))
    return copies


def test_a_chain_lies_in_a_folder_for_each_variant(chain, tmp_path):
    out = tmp_path / "out"

    placed = place_all(chain, out)

    assert [variant.weights.parent for variant in placed] == [out / "wdcnn" / "pytorch", out / "wdcnn" / "onnx"]
    for variant in placed:
        variant.check_weights()


def test_what_is_there_is_never_replaced(chain, tmp_path):
    (tmp_path / "out" / "wdcnn" / "onnx").mkdir(parents=True)

    with pytest.raises(UsageError, match="onnx is there already"):
        place_all(chain, tmp_path / "out")

    assert not (tmp_path / "out" / "wdcnn" / "pytorch").exists()
    check_places(tmp_path / "out", ["wdcnn/pytorch"])


def test_a_chain_that_can_not_be_placed_as_a_whole_is_not_placed_at_all(chain, tmp_path):
    shutil.rmtree(chain[1].weights.parent)

    with pytest.raises(FileNotFoundError):
        place_all(chain, tmp_path / "out")

    assert not (tmp_path / "out" / "wdcnn").exists()
