"""The rules of convolutions along one or two axes: products with each window of places."""

import itertools
import math
from typing import Any

import numpy as np
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.pointwise import Outcome
from seqtasks.engine.record.rules.products import contract

__all__ = ["convolution"]

MOST_PRODUCTS = 64
"""Up to this many products with a matrix a convolution is one product for each window."""
LARGEST_MATRIX = 2**15
"""The most numbers of a matrix from all places of an image to all windows: a table says where each
of them lies."""


def convolution(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Outcome:
    """Record conv1d or conv2d of (batch, channels, ...)."""
    source, kernel, graph = recorder.find(x), recorder.find(weight), recorder.graph
    axes = kernel.tensor.dim() - 2
    unknown = kernel.rows or not source.rows
    if (unknown and recorder.rows) or source.tensor.dim() != axes + 2:
        raise UnsupportedError(f"it calls {func.__name__} on other than a batch of channels")
    inputs = [source.node]
    if not recorder.rows:  # the first axis is one of the row's own
        inputs = [graph.view(source.node, at, at.shape) for at in graph.places(source.node)]
    sizes = kernel.node.shape[2:]
    steps, gaps = (_for_each(value, axes) for value in (stride, dilation))
    before = _padding(padding, sizes, gaps, axes)
    lengths = tuple(result.shape[-axes:])
    index = _windows(inputs[0].shape, sizes, lengths, steps, gaps, before)
    channels, out = inputs[0].shape[0] // groups, kernel.node.shape[0] // groups
    many, reach = math.prod(lengths), math.prod(sizes)
    matrices = graph.reshape(kernel.node, (groups, out, channels, reach))
    known = matrices.columns == Columns.ONE
    few = known and groups * many <= MOST_PRODUCTS and out * channels > 1
    index = index.reshape(groups, channels, many, reach)
    whole = known and _see_all(inputs[0].shape, index, out)
    made: list[Node] = []
    for one in inputs:
        windows = graph.view(one, index, index.shape)
        if whole:
            node = _whole(graph, one, index, matrices)
        elif few:
            node = _products(graph, windows, matrices)
        else:
            node = contract(graph, matrices, windows, ("goik", "gilk", "gol"))
        node = graph.reshape(node, (groups * out, *lengths))
        if bias is not None:
            offset = recorder.find(bias).node
            node = graph.add(node, graph.reshape(offset, (groups * out, *(1,) * axes)))
        made.append(graph.reshape(node, (node.size,)))
    return graph.reshape(graph.concatenate(made), tuple(result.shape)[len(recorder.rows) :]), True


def _for_each(value: Any, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value) * (axes // len(value))


def _padding(
    padding: Any, sizes: tuple[int, ...], gaps: tuple[int, ...], axes: int
) -> tuple[int, ...]:
    """Return how many zeros stand before the first place of each axis."""
    if padding == "valid":
        return (0,) * axes
    if padding == "same":
        return tuple(gap * (size - 1) // 2 for size, gap in zip(sizes, gaps, strict=True))
    return _for_each(padding, axes)


def _windows(
    shape: tuple[int, ...],
    sizes: tuple[int, ...],
    lengths: tuple[int, ...],
    steps: tuple[int, ...],
    gaps: tuple[int, ...],
    before: tuple[int, ...],
) -> Any:
    """Return the place of (channel, window, place in it), -1 for a zero of the padding."""
    inside = np.ones((1, 1), dtype=bool)
    flat = np.zeros((1, 1), dtype=np.int64)
    for axis, size in enumerate(shape[1:]):
        starts = np.arange(lengths[axis]) * steps[axis] - before[axis]
        at = starts[:, None] + np.arange(sizes[axis]) * gaps[axis]
        valid = (at >= 0) & (at < size)
        flat = (flat[:, None, :, None] * size + at[None, :, None, :]).reshape(
            len(flat) * at.shape[0], -1
        )
        inside = (inside[:, None, :, None] & valid[None, :, None, :]).reshape(flat.shape)
    channel = np.arange(shape[0])[:, None, None] * math.prod(shape[1:])
    return np.where(inside, channel + flat, -1)


def _products(graph: Graph, windows: Node, matrices: Node) -> Node:
    """Return (groups, out, windows), by a product for each group and window."""
    groups, out, channels, reach = matrices.shape
    many = windows.shape[2]
    parts: list[Node] = []
    for group, window in itertools.product(range(groups), range(many)):
        vector = graph.places(windows)[group, :, window, :].reshape(-1)
        rows = graph.places(matrices)[group].reshape(out, channels * reach)
        matrix = graph.view(matrices, rows, rows.shape)
        parts.append(graph.linear(matrix, graph.view(windows, vector, vector.shape)))
    whole = graph.concatenate(parts)
    places = np.arange(whole.size).reshape(groups, many, out).transpose(0, 2, 1)
    return graph.view(whole, places, places.shape)


def _see_all(shape: tuple[int, ...], index: Any, out: int) -> bool:
    """Say whether each window reaches over all of a small image: then most of it lies outside."""
    places = math.prod(shape[1:])
    seen = (index >= 0).sum(-1) == places
    return bool(seen.all()) and places * math.prod(index.shape[:3]) * out <= LARGEST_MATRIX


def _whole(graph: Graph, source: Node, index: Any, matrices: Node) -> Node:
    """Return (groups, out, windows) of windows that see all of an image: a product for each group.

    Its matrix leads from all places of the image to all windows. A product for each window would
    multiply the zeros around the image.
    """
    groups, out, channels, _ = matrices.shape
    many, places = index.shape[2], math.prod(source.shape[1:])
    group, channel, window, tap = np.nonzero(index >= 0)
    at = index[group, channel, window, tap] - group * channels * places
    matrix = np.empty((groups, many, out, channels * places), dtype=np.int64)
    matrix[group, window, :, at] = graph.places(matrices)[group, :, channel, tap]
    image = graph.places(source).reshape(groups, -1)
    parts: list[Node] = []
    for one, vector in zip(matrix, image, strict=True):
        weights = graph.view(matrices, one, (many * out, channels * places))
        parts.append(graph.linear(weights, graph.view(source, vector, vector.shape)))
    whole = graph.concatenate(parts)
    turned = np.arange(whole.size).reshape(groups, many, out).transpose(0, 2, 1)
    return graph.view(whole, turned, turned.shape)
