"""Simplify pointwise operations that need no node, or are better made of others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import COMPARISONS, OF_TRUTHS, POINTWISE

if TYPE_CHECKING:
    from seqtasks.engine.graph.build import Graph

__all__ = ["is_constant", "simplified", "tables_of", "truth_of"]


def is_constant(node: Node, value: float) -> bool:
    """Say whether a node is a certain number."""
    return node.operation == "constant" and node.value == value


def tables_of(graph: "Graph", nodes: Sequence[Node]) -> list[Node] | None:
    """Return the looked-up tables if all nodes are by token: they are computed earlier."""
    looked_up = [_is_looked_up(n) for n in nodes]
    if not any(looked_up):
        return None
    pairs = list(zip(nodes, looked_up, strict=True))
    if any(n.columns == Columns.BATCH and not by_token for n, by_token in pairs):
        return None
    return [_table_of(graph, n) if by_token else n for n, by_token in pairs]


def _is_looked_up(node: Node) -> bool:
    return (node.inputs[0] if node.operation == "view" else node).operation == "lookup"


def _table_of(graph: "Graph", node: Node) -> Node:
    """Return the table of a lookup, rearranged as the lookup is."""
    if node.operation == "lookup":
        return node.inputs[0]
    assert node.index is not None
    return graph.view(node.inputs[0].inputs[0], node.index, node.shape)


def simplified(graph: "Graph", operation: str, nodes: list[Node]) -> Node | None:
    """Return a simpler node for a pointwise operation, or None if there is none."""
    if all(n.operation == "constant" for n in nodes):
        value = POINTWISE[operation].number(*(n.value for n in nodes))
        return graph.constant(value, nodes[0].shape)
    if operation == "add":
        return _sum_of(graph, *nodes)
    if operation == "subtract" and is_constant(nodes[1], 0):
        return nodes[0]
    if operation == "multiply":
        for one, other in (nodes, nodes[::-1]):
            if is_constant(one, 1):
                return other
    if operation == "divide" and is_constant(nodes[1], 1):
        return nodes[0]
    if operation == "negative" and nodes[0].operation == "negative":
        return nodes[0].inputs[0]
    return None


def _sum_of(graph: "Graph", a: Node, b: Node) -> Node | None:
    """Add values of early phases first, so that they can be added before the loop."""
    for one, other in ((a, b), (b, a)):
        if is_constant(one, 0):
            return other
        if one.operation == "add":
            for early, late in (one.inputs, one.inputs[::-1]):
                if max(early.phase, other.phase) < late.phase:
                    return graph.add(graph.add(early, other), late)
    return None


def truth_of(graph: "Graph", node: Node) -> Node:
    """Return 1 where a value is not 0, else 0; a value of 0 and 1 is returned as it is."""
    return node if _is_truth(node) else graph.pointwise("not_equal", node, 0.0)


def _is_truth(node: Node) -> bool:
    if node.operation == "constant":
        return node.value in (0, 1)
    if node.operation == "where":
        return all(_is_truth(source) for source in node.inputs[1:])
    if node.operation in OF_TRUTHS:
        return all(_is_truth(source) for source in node.inputs)
    return node.operation in COMPARISONS
