"""Gradients that a model defines itself, as nodes of an arriving gradient.

A recorded backward pass is made of leaves, one for each gradient that arrives, and of the nodes
that are computed from them. `substituted` puts the gradient that really arrives in their place.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import IN_PLACE, OTHERS, POINTWISE
from seqtasks.engine.graph.simplify import is_constant
from seqtasks.engine.graph.walk import inputs_of_node, reached

if TYPE_CHECKING:
    from seqtasks.engine.graph.build import Graph

__all__ = ["are_linear", "are_zero_at_zero", "substituted"]

_KEEPING = {"negative", "stopped", "zeros", "view", "sum", "lookup", "spread", "cumulative_sum"}
"""Operations of one operand that are linear."""
_SUMMING = {"add", "subtract", "concatenate"}


def are_linear(results: Iterable[Node], leaves: Sequence[Node]) -> bool:
    """Say whether values are linear functions of all leaves together."""
    results = list(results)
    kinds: dict[Node, str] = dict.fromkeys(leaves, "linear")
    for node in _in_order(results):
        if node not in kinds:
            kinds[node] = _kind(node, kinds)
    return all(kinds[node] == "linear" or is_constant(node, 0) for node in results)


def _kind(node: Node, kinds: Mapping[Node, str]) -> str:
    """Return `fixed` for what depends on no leaf, `linear`, or `other`."""
    given = [kinds[source] for source in node.inputs]
    if all(kind == "fixed" for kind in given):
        return "fixed"
    if "other" in given:
        return "other"
    fits = [k == "linear" or is_constant(n, 0) for k, n in zip(given, node.inputs, strict=True)]
    match node.operation:
        case operation if operation in _KEEPING:
            linear = True
        case operation if operation in _SUMMING:
            linear = all(fits)
        case "multiply":
            linear = given.count("linear") == 1
        case "divide":
            linear = given == ["linear", "fixed"]
        case "where":
            linear = given[0] == "fixed" and all(fits[1:])
        case "linear":
            linear = given == ["fixed", "linear"]
        case _:
            linear = False
    return "linear" if linear else "other"


def are_zero_at_zero(results: Iterable[Node], leaves: Sequence[Node]) -> bool:
    """Say whether values are zero where all leaves are, whatever finite numbers they also use."""
    results = list(results)
    numbers: dict[Node, float | None] = dict.fromkeys(leaves, 0.0)
    for node in _in_order(results):
        if node not in numbers:
            numbers[node] = _number(node, [numbers[source] for source in node.inputs])
    return all(numbers[node] == 0 for node in results)


def _number(node: Node, given: Sequence[float | None]) -> float | None:
    """Return the number that fills a value, or None if it is not known."""
    if node.operation == "constant":
        return float(node.value)
    known = [number for number in given if number is not None]
    if node.operation == "multiply" and 0 in known and all(map(math.isfinite, known)):
        return 0.0
    if node.operation == "divide" and given[0] == 0 and given[1] is None:
        return 0.0
    if node.operation == "where" and given[0] is not None:
        return given[1] if given[0] else given[2]
    if node.operation == "linear":
        return 0.0 if given[1] == 0 else None
    if not given or len(known) < len(given):
        return None
    if node.operation in POINTWISE:
        return POINTWISE[node.operation].number(*known)
    if len(set(known)) > 1:
        return None
    if node.operation in ("sum", "cumulative_sum"):
        return 0.0 if known[0] == 0 else None
    if node.operation == "view":
        assert node.index is not None
        return None if known[0] and (node.index < 0).any() else known[0]
    same = node.operation in ("maximum_of", "concatenate", "lookup", "spread")
    return known[0] if same else None


def substituted(
    graph: "Graph", results: Sequence[Node], given: Mapping[Node, Node]
) -> Sequence[Node]:
    """Return values with other nodes in the place of some, such as of a leaf."""
    new = dict(given)
    for node in _in_order(results):
        if node not in new:
            inputs = [new[source] for source in node.inputs]
            same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
            new[node] = node if same else _made_again(graph, node, inputs)
    return [new[node] for node in results]


def _made_again(graph: "Graph", node: Node, inputs: list[Node]) -> Node:
    match node.operation:
        case operation if operation in POINTWISE:
            made = graph.pointwise(operation, *inputs)
        case "view":
            assert node.index is not None
            made = graph.view(inputs[0], node.index, node.shape)
        case "concatenate":
            made = graph.concatenate(inputs)
        case "sum":
            made = graph.sum(inputs[0], len(node.shape))
        case "maximum_of":
            made = graph.maximum_of(inputs[0], len(node.shape))
        case "cumulative_sum" | "cumulative_product" | "cumulative_log_sum_exp":
            made = graph.cumulative(node.operation.removeprefix("cumulative_"), inputs[0])
        case operation if operation in IN_PLACE:
            made = graph.make(node.operation, (inputs[0],), node.shape, value=node.value)
        case "linear":
            made = graph.linear(*inputs, transposed=node.value)
        case "lookup" | "spread":
            made = graph.broadcast_columns(inputs[0])
        case operation:
            raise AssertionError(f"{OTHERS[operation].title or operation} of a gradient")
    for marked in (graph.rounded, graph.whole):
        if node in marked:
            marked.add(made)
    return made


def _in_order(results: Iterable[Node]) -> list[Node]:
    return sorted(reached(results, inputs_of_node), key=lambda node: node.number)
