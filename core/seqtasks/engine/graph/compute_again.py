"""Copy a graph so that later phases compute some nodes again, in place of reading them."""

from collections.abc import Mapping
from dataclasses import replace

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node

__all__ = ["computed_again"]


def computed_again(graph: Graph, anew: Mapping[Node, int]) -> tuple[Graph, dict[Node, Node]]:
    """Return a graph of new nodes in which later readers compute some nodes again.

    Numbers change, and a node that is made from now on is never one that is there already.

    Args:
        graph: the graph, which stays as it is.
        anew: node -> the phase in which, and after which, its readers compute it again.

    Returns:
        The new graph, and of each node its first copy.
    """
    new = graph.emptied()
    copies: dict[Node, Node] = {}
    again: dict[Node, Node] = {}

    def copied(node: Node, inputs: list[Node], phase: int) -> Node:
        made = replace(node, inputs=tuple(inputs), phase=phase, number=len(new.nodes))
        new.nodes.append(made)
        return made

    def read(source: Node, phase: int) -> Node:
        if source not in anew or phase < anew[source]:
            return copies[source]
        if source not in again:
            inputs = [read(one, anew[source]) for one in source.inputs]
            again[source] = copied(source, inputs, anew[source])
        return again[source]

    for node in graph.nodes:
        copies[node] = copied(node, [read(one, node.phase) for one in node.inputs], node.phase)
    new.mark_as(graph, copies)
    return new, copies
