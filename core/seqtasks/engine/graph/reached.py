"""Which parameters and given values the gradient of a recording's result reaches."""

from seqtasks.engine.graph.node import Node

__all__ = ["Reached", "Source"]

Source = Node | tuple[str, int, int]
"""A parameter's leaf, or a value between recordings: its name, layer, and part of the state."""
Reached = dict[Source, set[Source]]
"""For what a recording results in, the parameters and given values that its gradient reaches."""
