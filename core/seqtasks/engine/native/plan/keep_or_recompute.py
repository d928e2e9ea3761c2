"""Decide which values to store (and for how long) and which to recompute at each use."""

from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import LEAVES, OVER_COLUMNS, OWN_LOOPS, POINTWISE
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.native.plan.operands import in_memory, looked_up, operands_in_memory
from seqtasks.engine.native.plan.shared_sums import is_sum_of_columns
from seqtasks.engine.native.plan.storage import Storage, inputs_of

__all__ = ["kept_values", "kind_of", "latest_input"]

DEAREST = 8
"""An expression used several times is recomputed each time if it has at most this many
operations."""


def kept_values(
    storage: Storage, users: dict[Node, list[Node]], roots: set[Node], rounded: set[Node]
) -> set[Node]:
    """Return the values to keep in memory.

    Args:
        storage: the live values, and the values that have a place already.
        users: value -> its readers.
        roots: the values to compute.
        rounded: values that must be rounded, as by being kept, before they are read.
    """
    kept = {node for node in storage.live if node.operation in OWN_LOOPS}
    cost: dict[Node, int] = {}
    for node in storage.live:
        if node.operation in LEAVES or node in kept:
            cost[node] = 0
            continue
        keep = _must_be_kept(storage, node, users[node], cost)
        keep = keep or node in storage.places or node in rounded
        if node in roots and node.operation in POINTWISE and node.columns == Columns.BATCH:
            keep = True
        if keep and node.operation != "view":
            kept.add(node)
            cost[node] = 0
    for node in storage.live:
        # The gradient carried back is overwritten at the next step.
        carried = any(source.operation == "back" for source in inputs_of(storage, node))
        if not carried or node in kept:
            continue
        if _later_users(storage, node, node.phase, users, kept, set()):
            kept.add(node)
    for node in storage.live:
        for operand in operands_in_memory(node):
            base, _ = looked_up(node) if node.operation == "lookup" else in_memory(operand)
            if base.operation not in LEAVES or base.operation == "constant":
                kept.add(base)
    return kept


def _must_be_kept(storage: Storage, node: Node, users: list[Node], cost: dict[Node, int]) -> bool:
    sources = inputs_of(storage, node)
    cost[node] = 1 + sum(cost[source] for source in sources)
    if node.operation == "lookup":
        return any(_repeats(user, node) for user in users)
    if node.operation not in POINTWISE:
        return False
    if node.columns == Columns.ONE:
        return True
    if not POINTWISE[node.operation].cheap:
        elsewhere = any(user.phase != node.phase for user in users)
        moved = any(user.operation == "view" for user in users)
        return len(users) > 1 or elsewhere or moved
    if cost[node] > 1 and any(_repeats(user, node) for user in users):
        return True
    return len(users) > 1 and cost[node] > DEAREST


def _repeats(user: Node, node: Node) -> bool:
    return user.operation == "view" and user.size > node.size


def kind_of(
    storage: Storage,
    phases: Phases,
    node: Node,
    users: dict[Node, list[Node]],
    kept: set[Node],
) -> str:
    """Return the kind of buffer for a kept value; it depends on its readers' phases."""
    if node.columns == Columns.ONE:
        return "one"
    if node.columns == Columns.VOCABULARY:
        return "vocabulary"
    later = _later_users(storage, node, node.phase, users, kept, set())
    if not later:
        return "scratch"
    in_loop_back = phases.is_loop(node.phase) and node.phase > phases.backward
    summed = all(u.operation in OVER_COLUMNS and latest_input(u) == node.phase for u in later)
    return "recent" if storage.in_portions and in_loop_back and summed else "history"


def latest_input(node: Node) -> int:
    """Return the phase in which the last of a node's inputs becomes known."""
    return max(source.phase for source in node.inputs)


def _later_users(
    storage: Storage,
    node: Node,
    phase: int,
    users: dict[Node, list[Node]],
    kept: set[Node],
    seen: set[Node],
) -> set[Node]:
    """Return a value's readers in other phases, even through recomputed expressions."""
    found: set[Node] = set()
    for user in users[node]:
        if is_sum_of_columns(storage, user):
            if node.phase != phase:
                found.add(user)
        elif user.operation in OVER_COLUMNS or (user.phase != phase and user in kept):
            found.add(user)
        elif user not in seen and (user not in kept):
            seen.add(user)
            if user.phase != phase:
                found.add(user)
            else:
                found |= _later_users(storage, user, phase, users, kept, seen)
    return found
