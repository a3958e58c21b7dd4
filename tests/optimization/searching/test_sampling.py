import logging

import pytest

from optimization.searching.sampling import Proposals, Told, in_turn, key_of
from optimization.searching.space import Facts, Space

DENSE = Facts(frozenset({"MatMul"}), ("onnxruntime",))


@pytest.fixture(scope="module")
def space():
    """Seven choices without static quantisation's many: a small network's dynamic ones, and so on."""
    full = Space.of(DENSE)
    few = [each for each in full.dimensions if each.name in {"precision", "scheme", "dynamic_per_channel", "runtime"}]
    return Space(tuple(few))


def test_every_choice_of_a_small_space_is_proposed_exactly_once(space):
    proposals = Proposals(space, seed=0)
    found = []
    while (choices := proposals.next()) is not None:
        found.append(key_of(choices))
        proposals.learn(choices, Told((1.0, 1.0, -30.0), (0.0,)))

    assert sorted(found) == sorted(key_of(choices) for choices in space.every())
    assert found[: len(space.starts())] == [key_of(choices) for choices in space.starts()]
    assert len(proposals) == 0


def test_equal_seeds_and_answers_give_equal_proposals():
    def proposed(seed):
        proposals, found = Proposals(Space.of(DENSE), seed), []
        for choices in in_turn(proposals, 20):
            found.append(key_of(choices))
            proposals.learn(choices, Told((len(found) / 10, 1.0, -30.0), (0.0,)))
        return [*found, *map(key_of, in_turn(proposals, 5))]

    assert proposed(0) == proposed(0)
    assert proposed(0) != proposed(1)


def test_what_an_earlier_search_tried_is_not_proposed_again(space):
    proposals = Proposals(space, seed=0)
    first, second = space.starts()[:2]

    proposals.learn(first, Told())

    assert key_of(proposals.next()) == key_of(second)


def test_neighbours_of_a_new_leader_come_after_the_starts():
    space = Space.of(DENSE)
    proposals = Proposals(space, seed=0)
    starts = in_turn(proposals, len(space.starts()))
    leader = starts[1]
    left = {key_of(choices) for choices in space.neighbours(leader)} - set(map(key_of, starts))

    proposals.near(leader)

    assert {key_of(choices) for choices in in_turn(proposals, len(left))} == left


def test_the_sampler_comes_back_to_what_was_fast():
    space = Space.of(Facts(frozenset({"Conv", "Gemm"}), ("onnxruntime",)))
    proposals = Proposals(space, seed=0)
    later = []
    for number in range(60):
        choices = proposals.next()
        fast = choices.get("scheme") == "S8S8"
        proposals.learn(choices, Told((0.2 if fast else 1.0, 0.3, -30.0), (0.0,)))
        if number >= 30:
            later.append(fast)

    assert sum(later) > 18  # of all choices it is a third


def test_optuna_neither_logs_nor_warns(space, capfd):
    proposals = Proposals(space, seed=0)

    in_turn(proposals, 12)

    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("optuna").level != logging.ERROR
