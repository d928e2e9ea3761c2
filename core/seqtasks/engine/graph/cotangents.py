"""The gradients that a backward pass finds, as nodes of the graph."""

from dataclasses import dataclass, field

from seqtasks.engine.graph.node import Node

__all__ = ["Cotangents"]


@dataclass
class Cotangents:
    """The gradients that `derive` finds.

    Attributes:
        of_parameters: for each parameter's leaf, the nodes whose sum is its gradient.
        of_states: for each state's leaf, the gradient that goes to the previous step.
        of_inputs: the gradient of the real inputs, or None if there is none.
    """

    of_parameters: dict[Node, list[Node]] = field(default_factory=dict[Node, list[Node]])
    of_states: dict[Node, Node] = field(default_factory=dict[Node, Node])
    of_inputs: Node | None = None
