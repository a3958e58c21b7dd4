import errno
import os

import pytest

from engine.errors import NoEffect
from engine.variant import Variant
from optimization.passes import PASSES
from optimization.passes.writing import scratch_beside, write_result

FP16 = PASSES["convert_fp16"]()


def test_scratch_lies_beside_the_folder_and_is_gone_afterwards_whatever_happened(tmp_path):
    def interrupted():
        with scratch_beside(tmp_path / "new" / "made") as scratch:
            assert scratch.parent == tmp_path / "new"
            (scratch / "half.onnx").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert not list((tmp_path / "new").iterdir())


def test_a_disk_without_room_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(OSError, match="No space left") as raised, scratch_beside(tmp_path / "made", 2**62):
        pass

    assert raised.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def test_weight_file_and_description_appear_together_in_an_empty_folder_too(untrained_variants, tmp_path):
    _, start = untrained_variants
    (tmp_path / "made").mkdir()

    made = write_result(FP16, start, tmp_path / "made", b"weights", packages=("numpy",), calibration={"windows": 3})

    assert made.weights.read_bytes() == b"weights"
    assert Variant.load(tmp_path / "made") == made
    assert made.calibration == {"windows": 3}
    assert set(made.producer) == {"numpy"}


def test_the_calibration_of_the_parent_stays_known(untrained_variants, tmp_path):
    _, start = untrained_variants
    parent = write_result(FP16, start, tmp_path / "a", b"a", packages=(), calibration={"windows": 3})

    assert write_result(FP16, parent, tmp_path / "b", b"b", packages=()).calibration == {"windows": 3}


def test_a_folder_that_holds_something_stays_as_it_is(untrained_variants, tmp_path):
    _, start = untrained_variants
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine").touch()

    with pytest.raises(OSError, match=os.strerror(errno.ENOTEMPTY)):
        write_result(FP16, start, tmp_path / "made", b"weights", packages=())

    assert [path.name for path in tmp_path.rglob("*")] == ["made", "mine"]


def test_the_bytes_of_the_parent_are_no_result(untrained_variants, tmp_path):
    _, start = untrained_variants

    with pytest.raises(NoEffect, match="convert_fp16 changes nothing"):
        write_result(FP16, start, tmp_path / "made", start.weights.read_bytes(), packages=())

    assert not list(tmp_path.iterdir())
