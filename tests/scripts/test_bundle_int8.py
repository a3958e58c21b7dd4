import pytest

from engine.variant import Variant
from optimization.recording_set import simulated_set
from scripts.bundle_int8 import compare, keep, training_set


def test_a_folder_without_the_recordings_of_the_table_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="is missing or is not the recording that"):
        training_set(tmp_path)


def test_a_candidate_is_compared_on_all_windows_of_all_recordings(untrained_variants):
    pytorch, exported = untrained_variants

    candidate = compare(exported, pytorch, simulated_set(3, seed=5).recordings)

    assert candidate.flips == ()
    assert candidate.windows.count == 3 * 22  # two seconds at 12 kHz, windows of 2048 each 1024
    assert candidate.windows.sqnr_db > 60


def test_the_folder_of_a_kept_variant_takes_the_place_of_the_one_before(write_untrained, tmp_path):
    (tmp_path / "wdcnn" / "pytorch").mkdir(parents=True)
    (tmp_path / "wdcnn" / "pytorch" / "old").write_bytes(b"")

    keep(write_untrained(tmp_path / "making"), tmp_path)

    Variant.load(tmp_path / "wdcnn" / "pytorch").check_weights()
    assert not (tmp_path / "wdcnn" / "pytorch" / "old").exists()
