"""The rules of functions whose places depend on values: argmax, sort, top-k, gather, scatter.

A place is a whole number, compared with the number of each place along an axis. What stands there
is a sum in which all other terms are zero: exact, with torch's gradient, and a loop without jumps.
Among equal numbers the first comes first, as in torch's stable sort and its argmax.
"""

import math
from typing import Any

import numpy as np
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder, Tracked
from seqtasks.engine.record.rules.pointwise import Outcome, Rule, aligned
from seqtasks.engine.record.rules.reductions import axes_of, spread

__all__ = [
    "argmax",
    "argsort",
    "extreme",
    "gather",
    "index_select",
    "one_hot",
    "scatter",
    "scatter_add",
    "sort",
    "take_along",
    "top_k",
]

LARGEST_SPREAD = 2**20
"""Numbers for one row of the batch up to which all pairs of places are compared."""


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


def _checked(shape: tuple[int, ...]) -> tuple[int, ...]:
    if math.prod(shape) > LARGEST_SPREAD:
        raise UnsupportedError("it compares too many places for each row of the batch")
    return shape


def _axis(recorder: Recorder, source: Tracked, dim: Any) -> int:
    if not isinstance(dim, int):
        raise UnsupportedError("its rows mix: it takes a place among all numbers of the batch")
    if not source.node.shape:
        raise UnsupportedError("it takes a place among a single number")
    (axis,) = axes_of(recorder, source, dim)
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
        axis = _axis(recorder, source, kwargs.pop("axis", dim))
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
        axis = _axis(recorder, source, kwargs.pop("axis", dim))
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


def _ranks(graph: Graph, x: Node, descending: bool) -> Node:
    """Return, along the last axis, how many numbers come before each; NaN is the greatest."""
    size = x.shape[-1]
    shape = _checked((*x.shape, size))
    one = graph.broadcast(graph.reshape(x, (*x.shape, 1)), shape)
    other = graph.broadcast(graph.reshape(x, (*x.shape[:-1], 1, size)), shape)
    high, low = (other, one) if descending else (one, other)
    both = graph.multiply(_is_nan(graph, one), _is_nan(graph, other))
    equal = graph.pointwise("maximum", graph.pointwise("equal", one, other), both)
    only_high = graph.pointwise("greater", _is_nan(graph, high), _is_nan(graph, low))
    beyond = graph.pointwise("maximum", graph.pointwise("greater", high, low), only_high)
    earlier = graph.pointwise("less", counted(graph, shape, -1), counted(graph, shape, -2))
    before = graph.pointwise("maximum", beyond, graph.multiply(equal, earlier))
    return graph.pointwise("stopped", graph.sum(before, len(x.shape)))


def _in_order(graph: Graph, x: Node, count: int, descending: bool) -> tuple[Node, Node]:
    """Return the first numbers in order along the last axis, and their places."""
    ranks = _ranks(graph, x, descending)
    shape = _checked((*x.shape[:-1], count, x.shape[-1]))

    def wide(node: Node) -> Node:
        return graph.broadcast(graph.reshape(node, (*x.shape[:-1], 1, x.shape[-1])), shape)

    here = graph.pointwise("equal", wide(ranks), counted(graph, shape, -2))
    keep = len(shape) - 1
    values = graph.sum(graph.pointwise("where", here, wide(x), 0.0), keep)
    places = graph.sum(graph.pointwise("where", here, counted(graph, shape, -1), 0.0), keep)
    return values, graph.pointwise("stopped", places)


def _sorted(
    recorder: Recorder, x: Any, dim: Any, count: int | None, descending: bool
) -> list[Outcome]:
    source, graph = recorder.find(x), recorder.graph
    axis = _axis(recorder, source, dim)
    along = last(graph, source.node, axis)
    count = along.shape[-1] if count is None else count
    found = _in_order(graph, along, count, descending)
    return [(moved_back(graph, node, axis), source.rows) for node in found]


def sort(
    recorder: Recorder,
    func: Any,
    result: Any,
    x: Any,
    dim: Any = -1,
    descending: bool = False,
    **kwargs: Any,
) -> list[Outcome]:
    return _sorted(recorder, x, dim, None, descending)


def argsort(
    recorder: Recorder,
    func: Any,
    result: Any,
    x: Any,
    dim: Any = -1,
    descending: bool = False,
    **kwargs: Any,
) -> Outcome:
    return _sorted(recorder, x, dim, None, descending)[1]


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
    if not sorted:
        raise UnsupportedError("it calls topk without an order")
    return _sorted(recorder, x, dim, k, largest)


# ---- taken and put


def _pairs(graph: Graph, index: Node, size: int) -> Node:
    """Return whether each place of an index is each place of an axis, (..., index, axis)."""
    shape = _checked((*index.shape, size))
    wide = graph.broadcast(graph.reshape(index, (*index.shape, 1)), shape)
    return graph.pointwise("equal", wide, counted(graph, shape, -1))


def _taken(graph: Graph, x: Node, index: Node) -> Node:
    """Return the numbers at some places of the last axis; of a place beyond it they are NaN."""
    size = x.shape[-1]
    here = _pairs(graph, index, size)
    wide = graph.reshape(x, (*x.shape[:-1], 1, size))
    wide = graph.broadcast(wide, (*index.shape, size))
    found = graph.sum(graph.pointwise("where", here, wide, 0.0), len(index.shape))
    return _within(graph, index, size, found)


def _within(graph: Graph, index: Node, size: int, found: Node) -> Node:
    """Return values where an index is within an axis, else NaN; torch raises an error there."""
    high = graph.pointwise("less", index, float(size))
    inside = graph.multiply(graph.pointwise("greater_equal", index, 0.0), high)
    return graph.pointwise("where", inside, found, math.nan)


def _along(recorder: Recorder, x: Any, dim: Any, index: Any) -> tuple[Tracked, Tracked, int]:
    """Return the records of a tensor and of an index of as many axes, and the axis."""
    source, places = recorder.find(x), recorder.find(index)
    axis = _axis(recorder, source, dim)
    if source.rows != places.rows:
        raise UnsupportedError("it takes places of a batch and of no batch together")
    return source, places, axis


def _cut(graph: Graph, node: Node, shape: tuple[int, ...], axis: int) -> Node:
    """Return the first places of each axis but one, as many as a shape has."""
    at = tuple(slice(None) if a == axis else slice(n) for a, n in enumerate(shape))
    places = graph.places(node)[at]
    return graph.view(node, places, places.shape)


def gather(
    recorder: Recorder, func: Any, result: Tensor, x: Any, dim: Any, index: Any, **kwargs: Any
) -> Outcome:
    """Record gather: along an axis, the numbers at the places of an index."""
    graph = recorder.graph
    source, places, axis = _along(recorder, x, dim, index)
    cut = _cut(graph, source.node, places.node.shape, axis)
    found = _taken(graph, last(graph, cut, axis), last(graph, places.node, axis))
    return moved_back(graph, found, axis), source.rows


def take_along(
    recorder: Recorder, func: Any, result: Tensor, x: Any, indices: Any, dim: Any = None
) -> Outcome:
    """Record take_along_dim, which broadcasts the other axes."""
    graph = recorder.graph
    source, places, axis = _along(recorder, x, dim, indices)
    a, b = source.node, places.node
    if len(a.shape) != len(b.shape):
        raise UnsupportedError("it calls take_along_dim with other numbers of axes")
    rest = np.broadcast_shapes(*((*n.shape[:axis], 1, *n.shape[axis + 1 :]) for n in (a, b)))
    wide = [graph.broadcast(n, (*rest[:axis], n.shape[axis], *rest[axis + 1 :])) for n in (a, b)]
    wrapped = _wrapped(graph, wide[1], a.shape[axis])
    found = _taken(graph, last(graph, wide[0], axis), last(graph, wrapped, axis))
    return moved_back(graph, found, axis), source.rows


def _wrapped(graph: Graph, index: Node, size: int) -> Node:
    """Return an index in which a negative place counts from the end."""
    below = graph.pointwise("less", index, 0.0)
    return graph.pointwise("where", below, graph.add(index, float(size)), index)


def index_select(
    recorder: Recorder, func: Any, result: Tensor, x: Any, dim: Any, index: Any
) -> Outcome:
    """Record index_select by an index that depends on values; a row of the batch may choose."""
    if not recorder.is_tracked(index):
        from seqtasks.engine.record.rules.rearranging import rearranged

        return rearranged(recorder, func, result, x, dim, index)
    source, places = recorder.find(x), recorder.find(index)
    if places.rows and (source.rows or dim not in (0, -len(source.node.shape))):
        raise UnsupportedError("its rows mix: it takes rows of the batch by an index")
    axis = _axis(recorder, source, dim)
    return chosen(recorder.graph, source.node, axis, places.node), source.rows or places.rows


def chosen(graph: Graph, x: Node, axis: int, index: Node) -> Node:
    """Return the parts of a value, along an axis, that an index names."""
    along = last(graph, x, axis)
    rest = along.shape[:-1]
    wide_index = graph.broadcast(
        graph.reshape(index, (*(1,) * len(rest), index.size)), (*rest, index.size)
    )
    found = _taken(graph, along, wide_index)
    back = np.moveaxis(graph.places(found), -1, axis)
    shape = (*rest[:axis], *index.shape, *rest[axis:])
    return graph.view(found, back, shape)


def one_hot(
    recorder: Recorder, func: Any, result: Tensor, x: Any, num_classes: int = -1
) -> Outcome:
    if num_classes < 0:
        raise UnsupportedError("its number of classes depends on the values it computes (one_hot)")
    source, graph = recorder.find_anywhere(x), recorder.graph
    here = _pairs(graph, source.node, num_classes)
    wide = graph.broadcast(
        graph.reshape(source.node, (*source.node.shape, 1)), (*source.node.shape, num_classes)
    )
    return _within(graph, wide, num_classes, here), source.rows, source.axis


def _hits(graph: Graph, x: Node, index: Node, axis: int) -> tuple[Node, tuple[int, ...]]:
    """Return whether each place of the last axis is put by each place of an index."""
    if any(n != m for a, (n, m) in enumerate(zip(x.shape, index.shape, strict=True)) if a != axis):
        raise UnsupportedError("it scatters into a part of another axis")
    along = last(graph, index, axis)
    size, count = x.shape[axis], index.shape[axis]
    shape = _checked((*along.shape[:-1], size, count))
    wide = graph.broadcast(graph.reshape(along, (*along.shape[:-1], 1, count)), shape)
    return graph.pointwise("equal", wide, counted(graph, shape, -2)), shape


def _source_of(
    recorder: Recorder, src: Any, places: Tracked, axis: int, shape: tuple[int, ...]
) -> Node:
    """Return what is scattered, spread over the places where it may go."""
    graph = recorder.graph
    given = recorder.find(src)
    if isinstance(src, Tensor) and src.dim():
        if given.rows != places.rows:
            raise UnsupportedError("it scatters values of a batch and of no batch together")
        at = tuple(slice(n) for n in places.node.shape)
        cut = graph.places(given.node)[at]
        along = last(graph, graph.view(given.node, cut, cut.shape), axis)
        return graph.broadcast(graph.reshape(along, (*shape[:-2], 1, shape[-1])), shape)
    return graph.broadcast(given.node, shape)


def _poisoned(graph: Graph, y: Node, index: Node, axis: int, size: int) -> Node:
    """Return NaN everywhere along an axis for which a place lies beyond it."""
    along = last(graph, index, axis)
    zeros = graph.constant(0.0, along.shape)
    bad = graph.sum(_within(graph, along, size, zeros), len(along.shape) - 1)
    return graph.add(y, spread(graph, bad, y))


def scatter_add(
    recorder: Recorder, func: Any, result: Tensor, x: Any, dim: Any, index: Any, src: Any
) -> Outcome:
    graph = recorder.graph
    source, places, axis = _along(recorder, x, dim, index)
    hits, shape = _hits(graph, source.node, places.node, axis)
    put = graph.pointwise("where", hits, _source_of(recorder, src, places, axis, shape), 0.0)
    y = graph.add(last(graph, source.node, axis), graph.sum(put, len(shape) - 1))
    y = _poisoned(graph, y, places.node, axis, source.node.shape[axis])
    return moved_back(graph, y, axis), source.rows


def scatter(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x: Any,
    dim: Any,
    index: Any,
    src: Any = None,
    *,
    value: Any = None,
    reduce: Any = None,
) -> Outcome:
    """Record scatter; if two numbers go to one place, the last one stays."""
    if reduce is not None:
        raise UnsupportedError("it scatters with a reduction")
    graph = recorder.graph
    source, places, axis = _along(recorder, x, dim, index)
    hits, shape = _hits(graph, source.node, places.node, axis)
    given = _source_of(recorder, value if src is None else src, places, axis, shape)
    keep = len(shape) - 1
    turn = graph.pointwise("where", hits, graph.add(counted(graph, shape, -1), 1.0), 0.0)
    latest = graph.maximum_of(turn, keep)
    wide = graph.broadcast(graph.reshape(latest, (*latest.shape, 1)), shape)
    stays = graph.multiply(hits, graph.pointwise("equal", turn, wide))
    put = graph.sum(graph.pointwise("where", stays, given, 0.0), keep)
    is_put = graph.pointwise("greater", latest, 0.0)
    along = last(graph, source.node, axis)
    y = graph.pointwise("where", is_put, put, along)
    y = graph.apart(y, "scattered")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        # torch gives the gradient to all that go to a place, also to what does not stay
        wide = graph.broadcast(graph.reshape(g, (*g.shape, 1)), shape)
        return [
            (along, graph.pointwise("where", is_put, 0.0, g)),
            (given, graph.pointwise("where", hits, wide, 0.0)),
        ]

    y = graph.with_pullback(y, pullback)
    y = _poisoned(graph, y, places.node, axis, source.node.shape[axis])
    return moved_back(graph, y, axis), source.rows
