"""Find the values that are needed, in an order in which they can be computed."""

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.walk import reached
from seqtasks.engine.native.plan.storage import Storage, inputs_of

__all__ = ["live_in"]


def live_in(storage: Storage, roots: list[Node]) -> list[Node]:
    """Return all nodes that the roots need, with the products of each sum joined."""
    seen = reached(roots, lambda node: inputs_of(storage, node))
    # Nodes that join products are made last, so numbers alone give no valid order.
    ordered: list[Node] = []
    done: set[Node] = set()
    for node in sorted(seen, key=lambda n: (n.phase, n.number)):
        _visit(storage, node, done, ordered)
    return ordered


def _visit(storage: Storage, node: Node, done: set[Node], ordered: list[Node]) -> None:
    stack = [(node, False)]
    while stack:
        one, expanded = stack.pop()
        if one in done:
            continue
        if expanded:
            done.add(one)
            ordered.append(one)
        else:
            stack.append((one, True))
            stack.extend((source, False) for source in inputs_of(storage, one))
