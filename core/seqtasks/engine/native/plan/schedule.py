"""Order the values of a phase, and decide which of them share a loop."""

from collections.abc import Iterator

import numpy as np

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import OWN_LOOPS, REARRANGING
from seqtasks.engine.native.plan.storage import Storage, inputs_of

__all__ = ["groups"]


def groups(storage: Storage, nodes: list[Node]) -> Iterator[list[Node]]:
    """Yield the kept values of a phase in groups.

    A group is either one value with loops of its own, or several pointwise values.

    Args:
        storage: the memory plan.
        nodes: the kept values of the phase, in an order in which they can be computed.
    """
    pending = list(nodes)
    within = set(nodes)
    needs = {node: _needs(storage, node, within) for node in pending}
    done: set[Node] = set()
    while pending:
        ready = [n for n in pending if all(source in done for source, _ in needs[n])]
        assert ready, "the values of a phase depend on each other in a circle"
        loops = [n for n in ready if n.operation in OWN_LOOPS]
        if loops:
            for node in loops:
                yield [node]
                done.add(node)
                pending.remove(node)
            continue
        shape = ready[0].shape
        group = [n for n in ready if n.shape == shape]
        grown = True
        while grown:
            grown = False
            for node in pending:
                if node in group or node.shape != shape or node.operation in OWN_LOOPS:
                    continue
                if all(s in done or (s in group and same) for s, same in needs[node]):
                    group.append(node)
                    grown = True
        yield group
        done.update(group)
        pending = [n for n in pending if n not in group]


def _needs(storage: Storage, node: Node, within: set[Node]) -> set[tuple[Node, bool]]:
    """Return the phase's kept values that a value reads, and whether row by row in order."""
    found: set[tuple[Node, bool]] = set()
    own = np.arange(node.size)
    seen: set[tuple[Node, bytes]] = set()
    pending = [(source, own) for source in inputs_of(storage, node)]
    if node.operation in OWN_LOOPS:
        pending = [(source, np.arange(source.size)) for source in inputs_of(storage, node)]
    elif node.operation in REARRANGING:
        pending = [(node, own)]
    while pending:
        one, index = pending.pop()
        if (one, index.tobytes()) in seen:
            continue
        seen.add((one, index.tobytes()))
        if one in within and one is not node:
            same = node.operation not in OWN_LOOPS and np.array_equal(index, own)
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
