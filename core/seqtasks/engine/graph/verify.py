"""Verify a graph between two passes: order, phases, columns, shapes, and no node from elsewhere.

The tests verify every graph. Set SEQTASKS_VERIFY=1 to do so in a run of your own. A fault here is
a mistake in a pass, never in a user's model.

    %7 = add(%5, %6) 4 phase 3        with %5 of 3 numbers

is refused with "%7 = add(%5, %6) 4 phase 3: its operands have the shapes (3,) and (4,)".
"""

import math
import os

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import OTHERS, SAME_SHAPE

__all__ = ["GraphError", "verify", "verify_model"]


class GraphError(AssertionError):
    """A pass has made a graph that cannot be right."""


def verify_model(model: ModelGraph) -> ModelGraph:
    """Verify a model's graph, where verification is on, and return the model.

    Raises:
        GraphError: if a node is wrong, or does not belong to the graph.
    """
    if os.environ.get("SEQTASKS_VERIFY", "") in ("", "0"):
        return model
    verify(model.graph)
    gradients = model.gradients
    named = [*model.parameters, model.predictions, model.cotangent, *gradients.of_parameters]
    named += [node for nodes in gradients.of_parameters.values() for node in nodes]
    named += [*gradients.of_states, *gradients.of_states.values()]
    named += [gradients.of_inputs] if gradients.of_inputs is not None else []
    for loop in model.loops:
        named.append(loop.output)
        for part in loop.parts:
            named += [part.previous, part.following, part.carried, part.initial, part.back]
            named += [n for n in (part.external, part.before, part.initial_back) if n is not None]
            if part.previous.shape != part.following.shape:
                raise GraphError(f"{part.following}: a state has the shape {part.previous.shape}")
    for node in named:
        _check_own(model.graph, node, node)
    for leaf, nodes in gradients.of_parameters.items():
        for node in nodes:
            if node.size != leaf.size:
                raise GraphError(f"{node}: the gradient of {leaf} has {leaf.size} numbers")
    return model


def verify(graph: Graph) -> None:
    """Verify all nodes of a graph.

    Raises:
        GraphError: naming the first node that is wrong, and why.
    """
    for place, node in enumerate(graph.nodes):
        if node.number != place:
            raise GraphError(f"{node}: its place in the graph is {place}")
        for source in node.inputs:
            _check_own(graph, source, node)
            if source.number >= node.number:
                raise GraphError(f"{node}: it is made before its operand %{source.number}")
            if source.phase > node.phase:
                raise GraphError(f"{node}: its operand %{source.number} is of a later phase")
        problem = _columns_problem(node) or _shape_problem(node)
        if problem is not None:
            raise GraphError(f"{node}: {problem}")


def _check_own(graph: Graph, node: Node, at: Node) -> None:
    if node.number >= len(graph.nodes) or graph.nodes[node.number] is not node:
        raise GraphError(f"{at}: %{node.number} belongs to another graph")


def _columns_problem(node: Node) -> str | None:
    if not node.inputs:
        return None
    widest = max(source.columns for source in node.inputs)
    other = OTHERS.get(node.operation)
    expected = widest if other is None or other.columns is None else other.columns
    if node.columns == expected:
        return None
    return f"it has columns {node.columns.name}, and should have {expected.name}"


def _shape_problem(node: Node) -> str | None:
    shapes = [source.shape for source in node.inputs]
    operation = node.operation
    if operation in SAME_SHAPE:
        if all(shape == node.shape for shape in shapes):
            return None
        return f"its operands have the shapes {' and '.join(map(str, shapes))}"
    if operation == "view":
        assert node.index is not None
        inside = int(node.index.min(initial=-1)) >= -1 and (
            int(node.index.max(initial=-1)) < node.inputs[0].size
        )
        if len(node.index) == node.size and inside:
            return None
        return f"its index has {len(node.index)} places, of an operand of {node.inputs[0].size}"
    if operation == "linear":
        rows, width = shapes[0][::-1] if node.value else shapes[0]
        if node.shape == (rows,) and shapes[1] == (width,):
            return None
        return f"a matrix of {shapes[0]} and a vector of {shapes[1]} give {(rows,)}"
    if operation == "outer" and math.prod(shapes[0]) * math.prod(shapes[1]) != node.size:
        return f"the vectors have {shapes[0]} and {shapes[1]} numbers"
    if operation == "concatenate" and sum(map(math.prod, shapes)) != node.size:
        return f"its operands have {sum(map(math.prod, shapes))} numbers together"
    return None
