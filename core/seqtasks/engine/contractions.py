"""The rules of products: matrix by vector, matrices by row of the batch, and einsum."""

import string
from typing import Any

import numpy as np
from torch import Tensor

from seqtasks.engine.graph import Graph
from seqtasks.engine.nodes import Columns, Node
from seqtasks.engine.recording import Recorder
from seqtasks.engine.unsupported import UnsupportedError

__all__ = ["contracted", "einsum", "inner", "product"]

Outcome = tuple[Node, bool]
LARGEST_SPREAD = 2**20
"""Numbers for one row of the batch up to which a product is written out."""


def contract(graph: Graph, a: Node, b: Node, axes: tuple[str, str, str]) -> Node:
    """Return the product of two values summed over the letters that the result lacks."""
    left, right, out = axes
    for one, other, of_one, of_other in ((a, b, left, right), (b, a, right, left)):
        if one.columns == Columns.ONE and other.columns != Columns.ONE:
            by_weight = _by_weight(graph, one, other, (of_one, of_other, out))
            if by_weight is not None:
                return by_weight
    summed = [c for c in dict.fromkeys(left + right) if c not in out]
    letters = [*out, *summed]
    sizes = dict(zip(left + right, a.shape + b.shape, strict=True))
    shape = tuple(sizes[c] for c in letters)
    if np.prod(shape) > LARGEST_SPREAD:
        raise UnsupportedError("it forms too large a product for each row of the batch")
    spread = [_spread(graph, n, of, letters, shape) for n, of in ((a, left), (b, right))]
    return graph.sum(graph.multiply(*spread), len(out))


def _spread(graph: Graph, node: Node, of: str, letters: list[str], shape: Any) -> Node:
    order = [of.index(c) for c in letters if c in of]
    places = graph.places(node).transpose(order)
    places = places.reshape([n if c in of else 1 for c, n in zip(letters, shape, strict=True)])
    return graph.view(node, np.broadcast_to(places, shape), shape)


def _by_weight(graph: Graph, weight: Node, vector: Node, axes: tuple[str, str, str]) -> Node | None:
    """Return products with one matrix, a vector at a time, where that is what it is."""
    of_weight, of_vector, out = axes
    shared = [c for c in of_weight if c in of_vector]
    if len(of_weight) != 2 or len(shared) != 1 or shared[0] in out:
        return None
    (inner,) = shared
    new = of_weight.replace(inner, "")
    kept = [c for c in of_vector if c != inner]
    if new not in out or sorted(out) != sorted([new, *kept]):
        return None
    places = graph.places(vector).transpose([of_vector.index(c) for c in [*kept, inner]])
    rows = places.reshape(-1, places.shape[-1])
    transposed = of_weight[0] == inner
    parts = [graph.linear(weight, graph.view(vector, row, row.shape), transposed) for row in rows]
    whole = graph.concatenate(parts)
    size = parts[0].size
    made = np.arange(whole.size).reshape(*places.shape[:-1], size)
    made = made.transpose([[*kept, new].index(c) for c in out])
    return graph.view(whole, made, made.shape)


def contracted(recorder: Recorder, func: Any, result: Tensor, *args: Any, **kwargs: Any) -> Outcome:
    """Record linear(x, W, b), or addmm(b, x, W)."""
    name = func.__name__
    if name == "linear":
        x, weight, bias = (*args, *kwargs.values(), None)[:3]
        scale = (1, 1)
    else:
        bias, x, weight = args[:3]
        scale = (kwargs.get("beta", 1), kwargs.get("alpha", 1))
        return _added(recorder, product(recorder, func, result, x, weight), bias, scale)
    source, matrix = recorder.find(x), recorder.find(weight)
    if matrix.rows or len(matrix.node.shape) != 2:
        raise UnsupportedError("its weights differ from row to row of the batch")
    letters = string.ascii_lowercase[: len(source.node.shape) - 1]
    node = contract(recorder.graph, matrix.node, source.node, ("YZ", letters + "Z", letters + "Y"))
    return _added(recorder, (node, source.rows), bias, scale)


def _added(recorder: Recorder, outcome: Outcome, bias: Any, scale: tuple[Any, Any]) -> Outcome:
    node, rows = outcome
    node = recorder.graph.multiply(node, scale[1])
    if bias is not None:
        offset = recorder.find(bias)
        node = recorder.graph.add(node, recorder.graph.multiply(offset.node, scale[0]))
    return node, rows


def product(
    recorder: Recorder, func: Any, result: Tensor, a: Any, b: Any, **kwargs: Any
) -> Outcome:
    """Record a matrix product."""
    left, right = recorder.find(a), recorder.find(b)
    if kwargs:
        raise UnsupportedError(f"it calls {func.__name__} with options")
    ranks = [t.tensor.dim() for t in (left, right)]
    batch = string.ascii_lowercase[: max(0, max(ranks) - 2)]
    of_left = (batch[len(batch) - max(0, ranks[0] - 2) :] + "YK") if ranks[0] > 1 else "K"
    of_right = (batch[len(batch) - max(0, ranks[1] - 2) :] + "KZ") if ranks[1] > 1 else "K"
    out = batch + ("Y" if ranks[0] > 1 else "") + ("Z" if ranks[1] > 1 else "")
    return _by_letters(recorder, [a, b], [of_left, of_right], out)


def inner(recorder: Recorder, func: Any, result: Tensor, a: Any, b: Any) -> Outcome:
    """Record the products of all vectors along the last axes of two tensors."""
    ranks = [recorder.find(value).tensor.dim() for value in (a, b)]
    if 0 in ranks:
        raise UnsupportedError("it calls inner with a number")
    left = string.ascii_lowercase[: ranks[0] - 1]
    right = string.ascii_uppercase[: ranks[1] - 1]
    return _by_letters(recorder, [a, b], [left + "Z", right + "Z"], left + right)


def einsum(recorder: Recorder, func: Any, result: Tensor, equation: Any, *operands: Any) -> Outcome:
    """Record an einsum of one or two operands."""
    if not isinstance(equation, str) or "." in equation:
        raise UnsupportedError("it calls einsum with an equation that is not plain letters")
    if len(operands) == 1 and isinstance(operands[0], tuple | list):
        operands = tuple(operands[0])
    sources, _, out = equation.replace(" ", "").partition("->")
    letters = sources.split(",")
    if not out and "->" not in equation:
        joined = "".join(letters)
        out = "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    if len(operands) > 2 or any(len(set(part)) != len(part) for part in letters):
        raise UnsupportedError("it calls einsum with more than two operands, or a diagonal")
    return _by_letters(recorder, list(operands), letters, out)


def _by_letters(recorder: Recorder, operands: list[Any], letters: list[str], out: str) -> Outcome:
    graph, count = recorder.graph, len(recorder.rows)
    found = [recorder.find(value) for value in operands]
    rows = [of[:count] for f, of in zip(found, letters, strict=True) if f.rows]
    if not rows:
        row_letters = ""
    elif len(set(rows)) > 1 or out[:count] != rows[0]:
        raise UnsupportedError("its rows mix: a product goes over the batch")
    else:
        row_letters = rows[0]
    inner = []
    for f, of in zip(found, letters, strict=True):
        if f.rows:
            inner.append(of[count:])
        elif set(of) & set(row_letters):
            raise UnsupportedError("it treats the rows of a batch differently")
        else:
            inner.append(of)
    within = out[len(row_letters) :]
    if set("".join(inner)) & set(row_letters):
        raise UnsupportedError("its rows mix: a product goes over the batch")
    if len(found) == 1:
        one = graph.constant(1.0)
        return contract(graph, found[0].node, one, (inner[0], "", within)), bool(rows)
    a, b = found
    node = contract(graph, a.node, b.node, (inner[0], inner[1], within))
    return node, bool(rows)
