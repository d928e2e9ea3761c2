"""Walk over nodes: what is reached, what is live, who uses a node, the terms of a sum."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from seqtasks.engine.graph.node import Node

__all__ = [
    "depends_on_trained",
    "inputs_of_node",
    "live",
    "reached",
    "sum_terms",
    "use_counts",
    "users",
]


def inputs_of_node(node: Node) -> Sequence[Node]:
    """Return the nodes from which a node is computed."""
    return node.inputs


def reached(roots: Iterable[Node], sources: Callable[[Node], Iterable[Node]]) -> set[Node]:
    """Return the given nodes and all nodes reached by following `sources`."""
    seen: set[Node] = set()
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending.extend(sources(node))
    return seen


def live(roots: Iterable[Node]) -> list[Node]:
    """Return the roots and all nodes they are computed from, in an order of computing."""
    return sorted(reached(roots, inputs_of_node), key=lambda n: (n.phase, n.number))


def users(
    nodes: Iterable[Node], sources: Callable[[Node], Iterable[Node]] = inputs_of_node
) -> dict[Node, list[Node]]:
    """Return the users of each node; a user that takes a node twice is listed twice.

    Args:
        nodes: the users, and all that they use.
        sources: returns what a node uses.
    """
    nodes = list(nodes)
    found: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for source in sources(node):
            found[source].append(node)
    return found


def use_counts(nodes: Iterable[Node], roots: Iterable[Node]) -> Counter[Node]:
    """Return how often each node is used by others, or is a root."""
    counts = Counter(roots)
    for node in nodes:
        counts.update(node.inputs)
    return counts


def sum_terms(node: Node, joins: Callable[[Node], bool]) -> tuple[list[Node], list[Node]]:
    """Return the terms of a chain of additions, and the inner additions of the chain.

    Of `(a + b) + (c + d)`, where `joins` accepts both inner sums, the terms are c, d, a and b.

    Args:
        node: the last addition.
        joins: says whether an inner addition belongs to the chain.
    """
    terms: list[Node] = []
    inner: list[Node] = []
    pending = [node]
    while pending:
        for source in pending.pop().inputs:
            if source.operation == "add" and joins(source):
                pending.append(source)
                inner.append(source)
            else:
                terms.append(source)
    return terms, inner


def depends_on_trained(node: Node) -> bool:
    """Say whether a value of weights depends on a trained parameter."""
    if node.operation == "parameter":
        return bool(node.value[1])
    return any(depends_on_trained(source) for source in node.inputs)
