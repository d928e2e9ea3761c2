"""The rules of functions that take or put numbers at places: gather, scatter, look-ups.

See `places` for what a place is. Where one lies beyond its axis, torch raises an error and a
program gives NaN.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.places import axis_of, checked, counted, last, moved_back
from seqtasks.engine.record.rules.pointwise import Outcome
from seqtasks.engine.record.rules.rearranging import rearranged
from seqtasks.engine.record.rules.reductions import spread

__all__ = [
    "all_rows",
    "embedding",
    "gather",
    "index_select",
    "item",
    "one_hot",
    "scatter",
    "scatter_add",
    "take_along",
]


def _pairs(graph: Graph, index: Node, size: int) -> Node:
    """Return whether each place of an index is each place of an axis, (..., index, axis)."""
    shape = checked((*index.shape, size))
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
    axis = axis_of(recorder, source, dim)
    if recorder.rows and source.rows != places.rows:
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
        return rearranged(recorder, func, result, x, dim, index)
    source, places = recorder.find(x), recorder.find(index)
    if places.rows and (source.rows or dim not in (0, -len(source.node.shape))):
        raise UnsupportedError("its rows mix: it takes rows of the batch by an index")
    axis = axis_of(recorder, source, dim)
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


def item(recorder: Recorder, func: Any, result: Tensor, x: Any, index: Any) -> Outcome:
    """Record `x[index]`; an index that depends on values may choose one place of each row."""
    given: tuple[Any, ...] = index if isinstance(index, tuple) else (index,)
    if not any(recorder.is_tracked(part) for part in given):
        return rearranged(recorder, func, result, x, index)
    source, graph = recorder.find(x), recorder.graph
    before, part = list(given[:-1]), given[-1]
    if not isinstance(part, Tensor) or part.dtype == torch.bool:
        raise UnsupportedError("how many numbers it takes depends on the values it computes")
    places = recorder.find(part)
    axes = 1 + len(places.node.shape)
    if before and not (len(before) == 1 and source.rows and all_rows(recorder, before[0], axes)):
        raise UnsupportedError("it takes parts by an index in a way that has no rule")
    if bool(before) != source.rows or (source.rows and not places.rows):
        raise UnsupportedError("its rows mix: it takes rows of the batch by an index")
    wrapped = _wrapped(graph, places.node, source.node.shape[0])
    return chosen(graph, source.node, 0, wrapped), places.rows


def all_rows(recorder: Recorder, index: Any, axes: int) -> bool:
    """Say whether an index, of a tensor of some axes, names each row of the batch in turn."""
    count, *more = recorder.rows or (1,)
    if not isinstance(index, Tensor) or recorder.is_tracked(index) or more:
        return False
    if index.dtype == torch.bool or tuple(index.shape) != (count, *[1] * (axes - 1)):
        return False
    return torch.equal(recorder.index(index).cpu().long().flatten(), torch.arange(count))


def embedding(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    ids: Any,
    weight: Any,
    padding_idx: Any = None,
    max_norm: Any = None,
    norm_type: Any = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Outcome:
    """Record a look-up by ids that depend on values."""
    if func is torch.embedding:  # its arguments are others, in another order
        table, ids, padding_idx = ids, weight, None if padding_idx in (None, -1) else padding_idx
        if max_norm is not None or norm_type != 2.0:  # they stand for its last two
            raise UnsupportedError("its embedding has options beyond a table")
    else:
        table = weight
    if padding_idx is not None or max_norm is not None or scale_grad_by_freq or sparse:
        raise UnsupportedError("its embedding has options beyond a table")
    if not recorder.is_tracked(ids):
        raise UnsupportedError("it looks up an embedding of its own")
    of_table, places = recorder.find(table), recorder.find(ids)
    return chosen(recorder.graph, of_table.node, 0, places.node), places.rows


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
    shape = checked((*along.shape[:-1], size, count))
    wide = graph.broadcast(graph.reshape(along, (*along.shape[:-1], 1, count)), shape)
    return graph.pointwise("equal", wide, counted(graph, shape, -2)), shape


def _source_of(
    recorder: Recorder, src: Any, places: Tracked, axis: int, shape: tuple[int, ...]
) -> Node:
    """Return what is scattered, spread over the places where it may go."""
    graph = recorder.graph
    given = recorder.find(src)
    if isinstance(src, Tensor) and src.dim():
        if recorder.rows and given.rows != places.rows:
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
