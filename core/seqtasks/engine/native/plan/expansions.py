"""Find large values of a loop that few numbers give, so that the loop back computes them again.

A value with a row for each pair of units, such as a sigmoid of v_i - m_ij, has thousands of rows at
each step, and is computed from a hundred. To keep it for the backward loop takes as long as to
compute it: a processor computes a row in the time in which memory takes it in and gives it back.
What is compared is kept: a processor may round a sum of products in another way in another loop.
"""

from collections.abc import Iterable, Mapping

from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import COMPARISONS, FROM_MEMORY, POINTWISE
from seqtasks.engine.graph.walk import live, users
from seqtasks.engine.native.plan.ties import MOVED, tied

__all__ = ["MANY_PAIRS", "expansions", "products_of_few"]

MANY_PAIRS = 2048
"""A value has at least this many rows to be computed again."""
FEWER = 8
"""The numbers from which it is computed are fewer than its own by this factor."""
FEW = 8
"""A product with a matrix that takes at most this many numbers is written out as their sum."""
DEAR_AGAIN = 2
"""It is computed by at most this many costly functions."""
IN_VECTORS = {"divide", "exp", "tanh", "sigmoid", "log", "square_root", "sine", "cosine"}
"""Costly functions that the C computes for a whole vector of numbers at once."""


def products_of_few(model: ModelGraph, roots: Iterable[Node]) -> set[Node]:
    """Return products of loops that few numbers give, and that no other product reads.

    Written out as a sum, such a product needs no memory: the loop that reads it computes it.

    Args:
        model: the model as a graph.
        roots: the values to compute.
    """
    nodes = live(roots)
    readers = users(nodes)
    loops = [model.phases.loop(layer) for layer in range(len(model.loops))]
    return {
        node
        for node in nodes
        if node.operation == "linear"
        and node.phase in loops
        and node.size >= MANY_PAIRS
        and node.inputs[1].size <= FEW
        and node not in model.graph.rounded
        and not any(reader.operation in FROM_MEMORY for reader in readers[node])
    }


def expansions(model: ModelGraph, roots: Iterable[Node]) -> dict[Node, int]:
    """Return the nodes to compute again, and in which phase.

    Args:
        model: the model as a graph.
        roots: the values to compute.
    """
    nodes = live(roots)
    readers, rounded = users(nodes), model.graph.rounded | tied(nodes)
    found: dict[Node, int] = {}
    for layer in range(len(model.loops)):
        loop, back = model.phases.loop(layer), model.phases.backward_loop(layer)
        for node in nodes:
            if node.phase != loop or not _is_large(node):
                continue
            phases = {reader.phase for reader in readers[node]}
            if back not in phases or not phases <= {loop, back}:
                continue
            again = _computed_from_few(node)
            if again is None or again & rounded or any(map(_compares, again)):
                continue
            if _is_compared(node, back, readers):
                continue
            found.update(dict.fromkeys(again, back))
    return found


def _is_large(node: Node) -> bool:
    computed = node.operation in POINTWISE or node.operation == "view"
    return computed and node.columns == Columns.BATCH and node.size >= MANY_PAIRS


def _computed_from_few(node: Node) -> set[Node] | None:
    """Return the large values that give a value; None if they are not computed from few numbers."""
    again: set[Node] = set()
    few: set[Node] = set()
    pending = [node]
    while pending:
        one = pending.pop()
        if one in again or one.columns == Columns.ONE:
            continue
        if one.phase == node.phase and _is_large(one):
            again.add(one)
            pending += one.inputs
        else:
            few.add(one)
    dear = [n for n in again if n.operation in POINTWISE and not POINTWISE[n.operation].cheap]
    if len(dear) > DEAR_AGAIN or any(n.operation not in IN_VECTORS for n in dear):
        return None
    return again if FEWER * sum(one.size for one in few) <= node.size else None


def _compares(node: Node) -> bool:
    """Say whether a node compares two values: one may be kept, and the other equal to it."""
    constant = any(source.operation == "constant" for source in node.inputs)
    return node.operation in COMPARISONS and not constant


def _is_compared(node: Node, phase: int, readers: Mapping[Node, list[Node]]) -> bool:
    """Say whether a phase compares a value with another one."""
    later = [reader for reader in readers[node] if reader.phase == phase]
    return any(
        _compares(one) or (one.operation in MOVED and _is_compared(one, phase, readers))
        for one in later
    )
