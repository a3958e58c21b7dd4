import pytest

from optimization.int8.enough_windows import CountJudged, counts_up_to, enough_windows, smallest_enough
from optimization.passes.quantize_static import QuantizeStatic
from optimization.proving.comparison import WindowComparison
from optimization.recording_set import RecordingSet, simulated_set


def judged(*results):
    return [
        CountJudged(2**number, WindowComparison(100, agreement, sqnr_db, 0.1, 1.0))
        for number, (sqnr_db, agreement) in enumerate(results)
    ]


@pytest.mark.parametrize(("most", "counts"), [(1, [1]), (2, [1, 2]), (8, [1, 2, 4, 8]), (10, [1, 2, 4, 8, 10])])
def test_counts_double_up_to_the_most(most, counts):
    assert list(counts_up_to(most)) == counts


@pytest.mark.parametrize(
    ("results", "enough"),
    [
        ([(10, 0.9), (20, 0.99), (32, 0.998), (32.5, 0.999)], 4),
        ([(32, 1.0), (20, 1.0), (32, 1.0), (32, 1.0)], 4),  # good by chance, and not for good
        ([(32, 0.99), (32, 0.99), (32, 1.0), (32, 1.0)], 4),
        ([(10, 0.9), (20, 0.9)], 2),
        ([(40, 1.0), (32, 1.0)], 1),  # better than the last is no worse
        ([(None, 1.0), (None, 1.0)], 1),
        ([(60, 1.0), (None, 1.0)], 2),
    ],
)
def test_enough_is_the_smallest_number_from_which_on_nothing_is_gained(results, enough):
    assert smallest_enough(judged(*results)) == enough


def test_ranges_from_more_windows_answer_more_as_float32_does(untrained_variants, tmp_path):
    curve = enough_windows(untrained_variants[1], QuantizeStatic(), None, simulated_set(8, seed=21), tmp_path, most=16)

    assert [one.windows for one in curve.counts] == [1, 2, 4, 8, 16]
    assert curve.counts[-1].against_float32.sqnr_db > curve.counts[0].against_float32.sqnr_db + 3
    assert curve.enough in {2, 4, 8, 16}
    assert {one.against_float32.count for one in curve.counts} == {8 * 22}  # all windows of all recordings


def test_it_ends_where_the_recordings_hold_no_more_windows(untrained_variants, tmp_path):
    machine = RecordingSet("recordings", simulated_set(1, seed=3, duration_s=1.0).recordings)  # ten windows

    curve = enough_windows(
        untrained_variants[1], QuantizeStatic(), machine, simulated_set(1, seed=21), tmp_path, most=64
    )

    assert [one.windows for one in curve.counts] == [1, 2, 4, 8, 10]
