import pytest

from optimization.proving.comparison import upper_bound
from optimization.searching.timing import END_HEATS, MOST_PROVEN, Costs, proof_sizes


@pytest.mark.parametrize("share", [0.005, 0.01, 0.02])
def test_the_first_proof_shows_the_limit_if_nothing_flips_and_later_ones_in_spite_of_a_few(share):
    sizes = proof_sizes(share)

    assert [upper_bound(flips, count) <= share for flips, count in zip((0, 2, 6), sizes, strict=True)] == [True] * 3
    assert upper_bound(0, sizes[0] - 1) > share


def test_proofs_are_neither_tiny_nor_endless():
    assert proof_sizes(0.5) == [100]
    assert proof_sizes(0.0001) == [MOST_PROVEN]


def test_the_end_takes_its_heats_and_a_proof_as_large_as_the_limit_asks_for():
    costs = Costs(heats_s=[2.0, 3.0], screened_s=[1.2, 0.4])

    assert costs.end_s(0.01, screened_on=24) == pytest.approx(END_HEATS * 3.0 + 299 / 24 * 1.2)
    assert Costs().end_s(0.01, screened_on=24) == 0
