from optimization.counting.operations import Operation, Trace, peak_bytes


def operation(reads, makes, *, view=False):
    return Operation("", "", tuple(reads), makes, (1,), view=view)


def test_in_a_chain_two_neighbours_lie_in_memory_together():
    chain = (operation("x", {"a": 40}), operation("a", {"b": 30}), operation("b", {"c": 5}))

    assert peak_bytes(Trace(chain, {"x": 10}, ("c",))) == 40 + 30  # more than x and a, or b and c


def test_what_a_shortcut_carries_past_other_operations_is_held_until_it_is_added():
    chain = (
        operation("x", {"a": 40}),
        operation("a", {"b": 40}),
        operation("b", {"c": 40}),
        operation("ac", {"d": 40}),
    )

    assert peak_bytes(Trace(chain, {"x": 10}, ("d",))) == 3 * 40


def test_another_shape_of_the_same_numbers_takes_no_memory_but_keeps_them():
    chain = (operation("x", {"a": 40}), operation("a", {"b": 40}, view=True), operation("y", {"c": 1}))

    assert peak_bytes(Trace((*chain, operation("bc", {"d": 1})), {"x": 10, "y": 2}, ("d",))) == 10 + 2 + 40
    assert peak_bytes(Trace((*chain, operation("bc", {"d": 50})), {"x": 10, "y": 2}, ("d",))) == 40 + 1 + 50


def test_what_nobody_reads_is_let_go_at_once():
    chain = (operation("x", {"a": 10, "unread": 90}), operation("a", {"b": 30}))

    assert peak_bytes(Trace(chain, {"x": 1}, ("b",))) == 101
