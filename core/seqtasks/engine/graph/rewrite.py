"""Rewrite a graph: the same values by other nodes, with fewer of them in a loop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.model_graph import Analysis
from seqtasks.engine.graph.node import Index, Node, reached

__all__ = ["Roots", "added", "live", "rebuilt", "rewrite", "users", "view"]

Shape = tuple[int, ...]


@dataclass
class Roots:
    """What a program must compute.

    Attributes:
        predictions: of the model.
        following: of each state of each layer, in a row.
        initial: of each state.
        before: the gradient of each state that goes to the step before.
        parameters: leaf -> the nodes whose sum is its gradient.
        inputs: the gradient of real inputs, or None.
    """

    predictions: Node
    following: list[Node]
    initial: list[Node]
    before: list[Node]
    parameters: dict[Node, list[Node]]
    inputs: Node | None

    @classmethod
    def of(cls, analysis: Analysis) -> "Roots":
        """Return the roots of an analysis."""
        parts = analysis.parts
        before = [part.before for part in parts if part.before is not None]
        assert len(before) == len(parts)
        return cls(
            analysis.predictions,
            [part.following for part in parts],
            [part.initial for part in parts],
            before,
            {leaf: list(nodes) for leaf, nodes in analysis.gradients.of_parameters.items()},
            None if analysis.vocabulary else analysis.gradients.of_inputs,
        )

    def forward(self) -> list[Node]:
        """Return what the pass forward must compute."""
        return [self.predictions, *self.following, *self.initial]

    def all(self) -> list[Node]:
        """Return all of them."""
        gradients = [node for nodes in self.parameters.values() for node in nodes]
        inputs = [] if self.inputs is None else [self.inputs]
        return [*self.forward(), *self.before, *gradients, *inputs]

    def replaced(self, new: Callable[[Node], Node]) -> "Roots":
        """Return the roots with each node replaced."""
        return Roots(
            new(self.predictions),
            [new(n) for n in self.following],
            [new(n) for n in self.initial],
            [new(n) for n in self.before],
            {leaf: [new(n) for n in nodes] for leaf, nodes in self.parameters.items()},
            None if self.inputs is None else new(self.inputs),
        )


def live(roots: Sequence[Node]) -> list[Node]:
    """Return all that nodes are computed from, and themselves, in an order of computing."""
    return sorted(reached(roots, lambda node: node.inputs), key=lambda n: (n.phase, n.number))


def users(nodes: Sequence[Node]) -> dict[Node, list[Node]]:
    """Return who computes with each node; a node that takes it twice stands there twice."""
    found: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for source in node.inputs:
            found[source].append(node)
    return found


def rewrite(
    graph: Graph,
    roots: Roots,
    change: Callable[[Node, list[Node]], Node | None],
    new: dict[Node, Node] | None = None,
) -> Roots:
    """Rebuild all that roots need.

    Args:
        graph: receives new nodes.
        roots: what is needed.
        change: from a node and its rebuilt inputs to what it becomes; None for the same again.
        new: receives what each node has become, and may be changed while it does.
    """
    new = {} if new is None else new
    for node in live(roots.all()):
        inputs = [new[source] for source in node.inputs]
        changed = change(node, inputs)
        new[node] = rebuilt(graph, node, inputs) if changed is None else changed
    return roots.replaced(new.__getitem__)


def rebuilt(graph: Graph, node: Node, inputs: list[Node]) -> Node:
    """Return a node of the same operation on other inputs."""
    if node.operation == "add":
        return added(graph, *inputs)
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    if node.operation == "view":
        assert node.index is not None
        return view(graph, inputs[0], node.index, node.shape)
    if node.operation == "concatenate" and all(n.operation == "view" for n in inputs):
        source = inputs[0].inputs[0]
        index = np.concatenate([n.index for n in inputs if n.index is not None])
        if all(n.inputs[0] is source for n in inputs):
            return view(graph, source, index, node.shape)
    return graph.make(
        node.operation,
        inputs,
        node.shape,
        index=node.index,
        value=node.value,
        columns=node.columns,
        phase=node.phase,
    )


def added(graph: Graph, one: Node, other: Node) -> Node:
    """Return a sum of two, in an order of its own, so that equal sums are one node."""
    pair = sorted((one, other), key=lambda n: (n.phase, n.number))
    return graph.make("add", pair, one.shape)


def view(graph: Graph, source: Node, index: Index, shape: Shape) -> Node:
    """Return a view that reads memory as it stands: no slicing of what a source is made of."""
    index = np.ascontiguousarray(index, dtype=np.int32).reshape(-1)
    if source.operation == "view":
        assert source.index is not None
        inner = np.append(source.index, -1)
        return view(graph, source.inputs[0], inner[index], shape)
    if shape == source.shape and np.array_equal(index, np.arange(source.size)):
        return source
    if source.operation == "constant" and not (index < 0).any():
        return graph.constant(source.value, shape)
    return graph.make("view", (source,), shape, index=index)
