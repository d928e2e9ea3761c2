"""Rewrite a graph: the same values by other nodes, with fewer of them in a loop."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Index, Node
from seqtasks.engine.graph.walk import live

__all__ = ["Roots", "added", "rebuilt", "rewrite", "view"]

Shape = tuple[int, ...]


@dataclass
class Roots:
    """The values that a program must compute.

    Attributes:
        predictions: the model's predictions.
        following: the next value of each state of each layer, as one list.
        initial: the initial value of each state.
        before: the gradient of each state that goes to the previous step.
        parameters: leaf -> the nodes whose sum is its gradient.
        inputs: the gradient of the real inputs, or None.
    """

    predictions: Node
    following: list[Node]
    initial: list[Node]
    before: list[Node]
    parameters: dict[Node, list[Node]]
    inputs: Node | None

    @classmethod
    def of(cls, model: ModelGraph) -> "Roots":
        """Return the roots of a model."""
        parts = model.parts
        before = [part.before for part in parts if part.before is not None]
        assert len(before) == len(parts)
        return cls(
            model.predictions,
            [part.following for part in parts],
            [part.initial for part in parts],
            before,
            {leaf: list(nodes) for leaf, nodes in model.gradients.of_parameters.items()},
            None if model.vocabulary else model.gradients.of_inputs,
        )

    def forward(self) -> list[Node]:
        """Return the values that the forward pass must compute."""
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


def rewrite(
    graph: Graph,
    roots: Roots,
    change: Callable[[Node, list[Node]], Node | None],
    new: dict[Node, Node] | None = None,
) -> Roots:
    """Rebuild all nodes that the roots need.

    Args:
        graph: receives new nodes.
        roots: the values to compute.
        change: maps a node and its rebuilt inputs to the replacement; None rebuilds the node as it
            is.
        new: receives the replacement of each node; `change` may modify it meanwhile.
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
    """Add two nodes in a fixed order, so that equal sums are one node."""
    pair = sorted((one, other), key=lambda n: (n.phase, n.number))
    return graph.make("add", pair, one.shape)


def view(graph: Graph, source: Node, index: Index, shape: Shape) -> Node:
    """Return a view that reads memory directly, without slicing the source's inputs."""
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
