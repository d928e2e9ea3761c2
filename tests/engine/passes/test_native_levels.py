"""A loop body is parted where costly functions wait for each other, and computes the same."""

from seqtasks.engine.native.emit.levels import Store, parted

BODY = [
    "const vec linear1 = v_load(linear_1 + j);",
    "const vec sigmoid2 = v_sigmoid(linear1);",
    "AHEAD(state_0 + columns + j);",
    "const vec state3 = v_load(state_0 + j);",
    "const vec multiply4 = (sigmoid2 * state3);",
    "const vec tanh5 = v_tanh(multiply4);",
    "const vec add6 = (tanh5 + state3);",
]
DEAR = {"sigmoid2", "tanh5"}


def test_a_function_that_waits_for_another_has_a_loop_of_its_own():
    first, second = parted(BODY, [Store("add6", "state_0 + columns", "state_0")], DEAR)
    assert first.statements == BODY[:2]
    assert first.rows == ["sigmoid2"]
    assert second.reads == {"sigmoid2": "row_sigmoid2 + j"}
    # what waits for nothing is computed where it is read, and asks for its next rows there
    assert second.statements == [f"{BODY[2]}\n{BODY[3]}", *BODY[4:]]
    assert [store.value for store in second.stores] == ["add6"]


def test_a_value_that_is_stored_is_read_again_from_there():
    first, second = parted(BODY, [Store("sigmoid2", "sigmoid_2 + at", "sigmoid_2")], DEAR)
    assert [store.value for store in first.stores] == ["sigmoid2"]
    assert (first.rows, second.reads) == ([], {"sigmoid2": "sigmoid_2 + at + j"})


def test_what_the_body_reads_is_not_overwritten_before_its_last_loop():
    first, second = parted(BODY, [Store("sigmoid2", "state_0", "state_0")], DEAR)
    assert (first.stores, first.rows) == ([], ["sigmoid2"])
    assert [store.value for store in second.stores] == ["sigmoid2"]
    assert second.reads == {"sigmoid2": "row_sigmoid2 + j"}


def test_functions_side_by_side_share_a_loop():
    body = [*BODY[:2], "const vec tanh9 = v_tanh(linear1);", "const vec add = (tanh9 + sigmoid2);"]
    (only,) = parted(body, [Store("add", "add_7", "add_7")], {"sigmoid2", "tanh9"})
    assert only.statements == body
