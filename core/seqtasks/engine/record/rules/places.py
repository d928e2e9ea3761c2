"""The rules of functions that find places by values: argmax, max along an axis, sort, top-k.

A place is a whole number, compared with the number of each place along an axis. What stands there
is a sum in which all other terms are zero: exact, with torch's gradient, and a loop without jumps.
Among equal numbers argmax takes the first; a sort and a top-k take them in torch's own order.
"""

from typing import Any

import numpy as np
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node, Order
from seqtasks.engine.graph.unsupported import UnsupportedError, check_spread
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.pointwise import Outcome, Rule, aligned
from seqtasks.engine.record.rules.reductions import axes_of, spread

__all__ = [
    "argmax",
    "argsort",
    "axis_of",
    "checked",
    "counted",
    "extreme",
    "last",
    "moved_back",
    "sort",
    "top_k",
]


def counted(graph: Graph, shape: tuple[int, ...], axis: int) -> Node:
    """Return the numbers 0, 1, ... along an axis of a shape."""
    size = shape[axis]
    along = np.arange(size).reshape(
        [size if a == axis % len(shape) else 1 for a in range(len(shape))]
    )
    return graph.view(graph.count(size), np.broadcast_to(along, shape), shape)


def last(graph: Graph, node: Node, axis: int) -> Node:
    """Return a node with one axis moved to the end."""
    places = np.moveaxis(graph.places(node), axis, -1)
    return graph.view(node, places, places.shape)


def moved_back(graph: Graph, node: Node, axis: int) -> Node:
    """Return a node with its last axis moved to where it was."""
    places = np.moveaxis(graph.places(node), -1, axis)
    return graph.view(node, places, places.shape)


def checked(shape: tuple[int, ...]) -> tuple[int, ...]:
    check_spread(shape, "compares too many places for each row of the batch")
    return shape


def axis_of(recorder: Recorder, source: Tracked, dim: Any) -> int:
    if not isinstance(dim, int):
        raise UnsupportedError("its rows mix: it takes a place among all numbers of the batch")
    (axis,) = axes_of(recorder, source, dim)
    if not source.node.shape:
        raise UnsupportedError("it takes a place among a single number")
    return axis


# ---- the greatest and the least


def _first_extreme(graph: Graph, x: Node, sign: int) -> Node:
    """Return the first place, along the last axis, of the greatest or the least number."""
    signed = x if sign > 0 else graph.pointwise("negative", x)
    greatest = spread(graph, graph.maximum_of(signed, len(x.shape) - 1), x)
    at = graph.pointwise("maximum", graph.pointwise("equal", signed, greatest), _is_nan(graph, x))
    size = x.shape[-1]
    place = graph.pointwise("where", at, counted(graph, x.shape, -1), float(size))
    before = graph.maximum_of(graph.pointwise("negative", place), len(x.shape) - 1)
    return graph.pointwise("stopped", graph.pointwise("negative", before))


def _is_nan(graph: Graph, x: Node) -> Node:
    return graph.pointwise("not_equal", x, x)


def _kept(graph: Graph, node: Node, axis: int, keepdim: bool) -> Node:
    shape = node.shape
    return graph.reshape(node, (*shape[:axis], 1, *shape[axis:])) if keepdim else node


def argmax(sign: int) -> Rule:
    def rule(
        recorder: Recorder,
        func: Any,
        result: Tensor,
        x: Any,
        dim: Any = None,
        keepdim: bool = False,
        **kwargs: Any,
    ) -> Outcome:
        source, graph = recorder.find(x), recorder.graph
        axis = axis_of(recorder, source, kwargs.pop("axis", dim))
        place = _first_extreme(graph, last(graph, source.node, axis), sign)
        return _kept(graph, place, axis, keepdim), source.rows

    return rule


def extreme(sign: int) -> Rule:
    """Return the rule of max or min: of two tensors, or along an axis with its place."""
    operation = "maximum" if sign > 0 else "minimum"

    def rule(
        recorder: Recorder,
        func: Any,
        result: Any,
        x: Any,
        dim: Any = None,
        keepdim: bool = False,
        **kwargs: Any,
    ) -> Any:
        other = kwargs.get("other", dim)
        if isinstance(other, Tensor):
            found = [recorder.find_anywhere(value) for value in (x, other)]
            nodes, rows, axis = aligned(recorder, result.dim(), found)
            return recorder.graph.pointwise(operation, *nodes), rows, axis
        source, graph = recorder.find(x), recorder.graph
        if dim is None and not source.rows and isinstance(result, Tensor):
            from seqtasks.engine.record.rules.reductions import maximum_of, minimum_of

            return (maximum_of if sign > 0 else minimum_of)(graph, source.node, 0), False
        axis = axis_of(recorder, source, kwargs.pop("axis", dim))
        value, place = _extreme_along(graph, last(graph, source.node, axis), sign)
        return [(_kept(graph, n, axis, keepdim), source.rows) for n in (value, place)]

    return rule


def _extreme_along(graph: Graph, x: Node, sign: int) -> tuple[Node, Node]:
    keep = len(x.shape) - 1
    signed = x if sign > 0 else graph.pointwise("negative", x)
    greatest = graph.maximum_of(signed, keep)
    value = greatest if sign > 0 else graph.pointwise("negative", greatest)
    place = _first_extreme(graph, x, sign)
    # a node of its own: the gradient goes to one place, where that of amax is shared
    value = graph.apart(value, "extreme at a place")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        here = graph.pointwise("equal", counted(graph, x.shape, -1), spread(graph, place, x))
        return [(x, graph.pointwise("where", here, spread(graph, g, x), 0.0))]

    return graph.with_pullback(value, pullback), place


# ---- sorted


def _in_order(graph: Graph, x: Node, count: int, descending: bool, how: Order) -> tuple[Node, Node]:
    """Return the first numbers in order along the last axis, and their places."""
    order = graph.order(x, count, descending, how)
    shape = checked((*x.shape[:-1], count, x.shape[-1]))

    def wide(node: Node, part: tuple[int, ...]) -> Node:
        return graph.broadcast(graph.reshape(node, (*x.shape[:-1], *part)), shape)

    here = graph.pointwise("equal", wide(order, (count, 1)), counted(graph, shape, -1))
    chosen = graph.pointwise("where", here, wide(x, (1, x.shape[-1])), 0.0)
    return graph.sum(chosen, len(shape) - 1), order


def _sorted(
    recorder: Recorder, x: Any, dim: Any, count: int | None, descending: bool, how: Order
) -> list[Outcome]:
    source, graph = recorder.find(x), recorder.graph
    axis = axis_of(recorder, source, dim)
    along = last(graph, source.node, axis)
    count = along.shape[-1] if count is None else count
    found = _in_order(graph, along, count, descending, how)
    return [(moved_back(graph, node, axis), source.rows) for node in found]


def _how(stable: bool | None) -> Order:
    return "sorted stably" if stable else "sorted"


def sort(
    recorder: Recorder,
    func: Any,
    result: Any,
    x: Any,
    dim: Any = -1,
    descending: bool = False,
    *,
    stable: bool | None = None,
    **kwargs: Any,
) -> list[Outcome]:
    return _sorted(recorder, x, dim, None, descending, _how(stable))


def argsort(
    recorder: Recorder,
    func: Any,
    result: Any,
    x: Any,
    dim: Any = -1,
    descending: bool = False,
    *,
    stable: bool | None = None,
    **kwargs: Any,
) -> Outcome:
    return _sorted(recorder, x, dim, None, descending, _how(stable))[1]


def top_k(
    recorder: Recorder,
    func: Any,
    result: Any,
    x: Any,
    k: int,
    dim: Any = -1,
    largest: bool = True,
    sorted: bool = True,
    **kwargs: Any,
) -> list[Outcome]:
    how: Order = "greatest first" if sorted else "greatest"
    return _sorted(recorder, x, dim, k, largest, how)
