from dataclasses import replace

import pytest

from dashboard.pages.models.lineage import ancestors, families, family, made_from, parent_of


def drawn(nodes):
    """A tree as nested names."""
    return [(node.variant.name, drawn(node.children)) if node.children else node.variant.name for node in nodes]


def test_each_variant_hangs_under_the_one_it_was_made_from(line, make_variant):
    fp16 = make_variant("fp16", line[1])
    (found,) = families([*line, fp16])

    assert drawn(found.roots) == [("pytorch", [("onnx", ["int8-static", "fp16"])])]
    assert not any(node.orphan for node in found.roots)
    assert [variant.name for variant in found] == ["pytorch", "onnx", "int8-static", "fp16"]


def test_a_variant_whose_parent_is_not_kept_hangs_under_its_network(line):
    pytorch, _, int8 = line
    (found,) = families([pytorch, int8])

    assert drawn(found.roots) == ["pytorch", "int8-static"]
    assert [node.orphan for node in found.roots] == [False, True]


def test_the_parent_is_looked_for_in_the_same_network_only(line, make_variant, card):
    other = make_variant("onnx", "0" * 64, network=replace(card, name="other"))
    stranger = replace(line[1], digest="0" * 64)

    assert parent_of(other, [stranger, other]) is None


def test_networks_come_in_the_order_of_their_first_variants(line, make_variant, card):
    other = make_variant("pytorch", backend="pytorch", network=replace(card, name="a-later-one"))

    assert [one.card.name for one in families([line[0], other, line[1]])] == ["wdcnn", "a-later-one"]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_variants_that_name_each_other_as_parents_are_still_shown(make_variant, length):
    digests = [str(number) * 64 for number in range(length)]
    circle = [make_variant(f"v{n}", digests[n - 1], digest=digests[n]) for n in range(length)]

    assert sorted(variant.name for variant in family(circle)) == sorted(variant.name for variant in circle)
    assert len(ancestors(circle[0], circle)) < length + 1


def test_the_line_of_a_variant_goes_up_to_the_trained_one(line):
    assert [one.name for one in ancestors(line[2], line)] == ["onnx", "pytorch"]
    assert made_from(line[1], line) == [line[2]]
