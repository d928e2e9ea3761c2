"""Order the values of a phase, and decide which of them share a loop."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from seqtasks.engine.graph.node import Index, Node, Shape
from seqtasks.engine.graph.operations import OWN_LOOPS, POINTWISE, REARRANGING
from seqtasks.engine.native.plan.shared_sums import MANY_ROWS, shared_sum
from seqtasks.engine.native.plan.storage import Storage, inputs_of

__all__ = ["groups", "read_in_their_loop"]


def groups(storage: Storage, nodes: list[Node]) -> Iterator[list[Node]]:
    """Yield the kept values of a phase in groups.

    A group is either one value with loops of its own, or several pointwise values, and with them
    the sums over many rows that share their loop. If there are such sums, small values come first.

    Args:
        storage: the memory plan.
        nodes: the kept values of the phase, in an order in which they can be computed.
    """
    pending = list(nodes)
    within = set(nodes)
    shared = {node: found for node in nodes if (found := shared_sum(storage, node)) is not None}
    needs = {node: _needs(storage, node, within, shared) for node in pending}

    def rows_of(node: Node) -> tuple[int, ...]:
        over = shared[node][0] if node in shared else node
        return (over.size,) if shared and over.size >= MANY_ROWS else over.shape

    def count_of(node: Node) -> int:
        return math.prod(rows_of(node))

    def has_own_loops(node: Node) -> bool:
        return node.operation in OWN_LOOPS and node not in shared

    readers: dict[Node, list[tuple[Node, bool]]] = defaultdict(list)
    for node in nodes:
        for source, same in needs[node]:
            readers[source].append((node, same))

    done: set[Node] = set()
    while pending:
        ready = [n for n in pending if all(source in done for source, _ in needs[n])]
        assert ready, "the values of a phase depend on each other in a circle"
        loops = [n for n in ready if has_own_loops(n)]
        if loops:
            for node in loops:
                yield [node]
                done.add(node)
                pending.remove(node)
            continue
        first = ready[0]
        if any(n in shared for n in pending):
            first = min(ready, key=count_of)
        shape = rows_of(first)
        group = [n for n in ready if rows_of(n) == shape]
        grown = True
        while grown:
            grown = False
            for node in pending:
                if node in group or rows_of(node) != shape or has_own_loops(node):
                    continue
                if all(s in done or (s in group and same) for s, same in needs[node]):
                    group.append(node)
                    grown = True
        group = [n for n in group if not _waits(n, group, shape, readers, rows_of)] or group
        yield group
        done.update(group)
        pending = [n for n in pending if n not in group]


def _waits(
    node: Node,
    group: list[Node],
    shape: Shape,
    readers: Mapping[Node, list[tuple[Node, bool]]],
    rows_of: Callable[[Node], Shape],
) -> bool:
    """Say whether a large value is computed later, in the loop that reads it, and not kept for it.

    It is if no loop but later ones over its own rows reads it.
    """
    later = readers[node]
    return (
        node.size >= MANY_ROWS
        and bool(later)
        and all(same and rows_of(reader) == shape for reader, same in later)
        and not any(reader in group for reader, _ in later)
    )


def read_in_their_loop(storage: Storage, nodes: list[Node], copied: list[Node]) -> set[Node]:
    """Return large values of a loop that nothing reads but the loop over their own rows.

    Args:
        storage: the memory plan.
        nodes: what the loop computes at each step, as for `groups`.
        copied: values that are copied to further places.
    """
    within = set(nodes)
    large = {n for n in nodes if n.operation in POINTWISE and n.size >= MANY_ROWS}
    if not large:
        return set()
    shared = {node: found for node in nodes if (found := shared_sum(storage, node)) is not None}
    for node in [*nodes, *copied]:
        if node not in within or (node not in shared and node.operation in OWN_LOOPS):
            large -= {source for source, _ in _needs(storage, node, within, shared)}
    for group in groups(storage, nodes):
        for node in group:
            for source, same in _needs(storage, node, within, shared):
                if not same or source not in group:
                    large.discard(source)
    return large


def _needs(
    storage: Storage,
    node: Node,
    within: set[Node],
    shared: Mapping[Node, tuple[Node, Index]],
) -> set[tuple[Node, bool]]:
    """Return the phase's kept values that a value reads, and whether row by row in order."""
    found: set[tuple[Node, bool]] = set()
    own = np.arange(node.size)
    leads: dict[Node, bool] = {}
    seen: set[tuple[Node, bytes]] = set()
    pending = [(source, own) for source in inputs_of(storage, node)]
    if node in shared:
        own = np.arange(shared[node][0].size)
        pending = [(shared[node][0], own)]
    elif node.operation in OWN_LOOPS:
        pending = [(source, np.arange(source.size)) for source in inputs_of(storage, node)]
    elif node.operation in REARRANGING:
        pending = [(node, own)]
    alone = node.operation in OWN_LOOPS and node not in shared
    while pending:
        one, index = pending.pop()
        if one is not node and not _leads_to(storage, one, within, leads):
            continue
        key = one, index.tobytes()
        if key in seen:
            continue
        seen.add(key)
        if one in within and one is not node:
            same = not alone and one not in shared and np.array_equal(index, own)
            found.add((one, same))
            continue
        if one in storage.places and one is not node:
            continue
        if one.operation == "view":
            assert one.index is not None
            pending.append((one.inputs[0], np.append(one.index, -1)[index]))
        elif one.operation == "concatenate":
            first = 0
            for part in one.inputs:
                inside = (index >= first) & (index < first + part.size)
                if inside.any():
                    pending.append((part, np.where(inside, index - first, -1)))
                first += part.size
        else:
            pending.extend((source, index) for source in inputs_of(storage, one))
    return found


def _leads_to(storage: Storage, node: Node, within: set[Node], known: dict[Node, bool]) -> bool:
    """Say whether a value is computed from kept values of a phase; positions are not followed."""
    if node not in known:
        known[node] = node in within or (
            node not in storage.places
            and any(_leads_to(storage, one, within, known) for one in inputs_of(storage, node))
        )
    return known[node]
