"""The rules of products: matrix by vector, matrices by row of the batch, and einsum."""

import math
import string
from typing import Any

import numpy as np
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.unsupported import UnsupportedError, check_spread
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.factored import factored
from seqtasks.engine.record.rules.pointwise import Outcome, aligned

__all__ = ["bilinear", "contract", "contracted", "einsum", "inner", "kronecker", "outer", "product"]

MOST_BLOCKS, LEAST_BLOCK = 16, 16
"""A product by blocks is one for each block if there are few, each of a matrix of some size."""


def contract(graph: Graph, a: Node, b: Node, axes: tuple[str, str, str]) -> Node:
    """Return the product of two values, summed over the letters that the result lacks."""
    left, right, out = axes
    sizes_a, sizes_b = dict(zip(left, a.shape, strict=True)), dict(zip(right, b.shape, strict=True))
    if any(sizes_b.get(c, n) != n for c, n in sizes_a.items()):  # an axis of one meets a longer one
        kept = [
            "".join(c for c in of if sizes[c] != 1 or other.get(c, 1) == 1)
            for of, sizes, other in ((left, sizes_a, sizes_b), (right, sizes_b, sizes_a))
        ]
        a = graph.reshape(a, tuple(sizes_a[c] for c in kept[0]))
        b = graph.reshape(b, tuple(sizes_b[c] for c in kept[1]))
        return contract(graph, a, b, (kept[0], kept[1], out))
    for one, other, of_one, of_other in ((a, b, left, right), (b, a, right, left)):
        if one.columns == Columns.ONE and other.columns != Columns.ONE:
            by_weight = _by_weight(graph, one, other, (of_one, of_other, out))
            if by_weight is not None:
                return by_weight
    summed = [c for c in dict.fromkeys(left + right) if c not in out]
    sizes = dict[str, int]()
    for letter, size in zip(left + right, a.shape + b.shape, strict=True):
        sizes[letter] = size if sizes.get(letter, 1) == 1 else sizes[letter]
    for one, other, of_one, of_other in ((a, b, left, right), (b, a, right, left)):
        parted = factored(graph, one, of_one, set(summed), of_other)
        if parted is not None:
            inner, of_inner, factor, of_factor = parted
            within = "".join(c for c in out if c in of_inner + of_other)
            total = contract(graph, inner, other, (of_inner, of_other, within))
            shape = tuple(sizes[c] for c in out)
            spread = [
                _spread(graph, n, of, [*out], shape)
                for n, of in ((total, within), (factor, of_factor))
            ]
            return graph.multiply(*spread)
    letters = [*out, *summed]
    shape = tuple(sizes[c] for c in letters)
    check_spread(shape, "forms too large a product for each row of the batch")
    spread = [_spread(graph, n, of, letters, shape) for n, of in ((a, left), (b, right))]
    return graph.sum(graph.multiply(*spread), len(out))


def _spread(graph: Graph, node: Node, of: str, letters: list[str], shape: Any) -> Node:
    order = [of.index(c) for c in letters if c in of]
    places = graph.places(node).transpose(order)
    places = places.reshape([n if c in of else 1 for c, n in zip(letters, shape, strict=True)])
    return graph.view(node, np.broadcast_to(places, shape), shape)


def _by_weight(graph: Graph, weight: Node, vector: Node, axes: tuple[str, str, str]) -> Node | None:
    """Return products with one matrix, or one for each block, one vector at a time.

    None if it is something else, or if there are many blocks.
    """
    of_weight, of_vector, out = axes
    shared = [c for c in of_weight if c in of_vector]
    inner = [c for c in shared if c not in out]
    new = [c for c in of_weight if c not in of_vector]
    blocks = [c for c in shared if c in out]
    if len(inner) != 1 or len(new) != 1 or new[0] not in out:
        return None
    kept = [c for c in of_vector if c not in shared]
    if sorted(out) != sorted([*new, *kept, *blocks]):
        return None
    letters = dict(zip(of_weight, weight.shape, strict=True))
    others = dict(zip(of_vector, vector.shape, strict=True))
    if blocks and any(letters[c] != others[c] for c in shared):
        return None  # it is repeated
    count = math.prod(letters[c] for c in blocks)
    if count > MOST_BLOCKS or (blocks and letters[inner[0]] * letters[new[0]] < LEAST_BLOCK):
        return None
    places = graph.places(vector).transpose([of_vector.index(c) for c in [*blocks, *kept, *inner]])
    rows = places.reshape(count, -1, places.shape[-1])
    sides = [c for c in of_weight if c not in blocks]
    parts: list[Node] = []
    for matrix, vectors in zip(_matrices(graph, weight, of_weight, blocks), rows, strict=True):
        for row in vectors:
            part = graph.view(vector, row, row.shape)
            parts.append(graph.linear(matrix, part, sides == [*inner, *new]))
    whole = graph.concatenate(parts)
    made = np.arange(whole.size).reshape(*places.shape[:-1], parts[0].size)
    made = made.transpose([[*blocks, *kept, *new].index(c) for c in out])
    return graph.view(whole, made, made.shape)


def _matrices(graph: Graph, weight: Node, letters: str, blocks: list[str]) -> list[Node]:
    """Return the matrix of each block of a weight; a weight without blocks is its matrix."""
    if not blocks:
        return [weight]
    sides = [c for c in letters if c not in blocks]
    places = graph.places(weight).transpose([letters.index(c) for c in [*blocks, *sides]])
    matrices = places.reshape(-1, *places.shape[len(blocks) :])
    return [graph.view(weight, one, one.shape) for one in matrices]


def contracted(recorder: Recorder, func: Any, result: Tensor, *args: Any, **kwargs: Any) -> Outcome:
    """Record linear(x, W, b), addmm(b, x, W) or baddbmm(b, x, W)."""
    if func.__name__ == "linear":
        x, weight, bias = (*args, *kwargs.values(), None)[:3]
        scale = (1, 1)
    else:
        bias, x, weight = args[:3]
        scale = (kwargs.get("beta", 1), kwargs.get("alpha", 1))
        made = product(recorder, func, result, x, weight)
        return _added(recorder, result, made, bias, scale)
    source, matrix = recorder.find(x), recorder.find(weight)
    by_row = matrix.rows and recorder.rows  # a single row may choose its weights
    if by_row or len(matrix.node.shape) != 2:
        raise UnsupportedError("its weights differ from row to row of the batch")
    letters = string.ascii_lowercase[: len(source.node.shape) - 1]
    node = contract(recorder.graph, matrix.node, source.node, ("YZ", letters + "Z", letters + "Y"))
    return _added(recorder, result, (node, source.rows, 0), bias, scale)


def _added(
    recorder: Recorder,
    result: Tensor,
    made: tuple[Node, bool, int],
    bias: Any,
    scale: tuple[Any, Any],
) -> Outcome:
    graph = recorder.graph
    whole = Tracked(result, graph.multiply(made[0], scale[1]), *made[1:])
    if bias is None:
        return whole.node, whole.rows, whole.axis
    found = [whole, recorder.find_anywhere(bias)]
    (product_, offset), rows, axis = aligned(recorder, result.dim(), found)
    return graph.add(product_, graph.multiply(offset, scale[0])), rows, axis


def product(
    recorder: Recorder, func: Any, result: Tensor, a: Any, b: Any, **kwargs: Any
) -> tuple[Node, bool, int]:
    """Record a matrix product."""
    left, right = recorder.find_anywhere(a), recorder.find_anywhere(b)
    if kwargs:
        raise UnsupportedError(f"it calls {func.__name__} with options")
    ranks = [t.tensor.dim() for t in (left, right)]
    batch = string.ascii_lowercase[: max(0, max(ranks) - 2)]
    of_left = (batch[len(batch) - max(0, ranks[0] - 2) :] + "YK") if ranks[0] > 1 else "K"
    of_right = (batch[len(batch) - max(0, ranks[1] - 2) :] + "KZ") if ranks[1] > 1 else "K"
    out = batch + ("Y" if ranks[0] > 1 else "") + ("Z" if ranks[1] > 1 else "")
    return _by_letters(recorder, [a, b], [of_left, of_right], out)


def outer(recorder: Recorder, func: Any, result: Tensor, a: Any, b: Any) -> Outcome:
    """Record all products of two vectors' elements."""
    return _by_letters(recorder, [a, b], ["y", "z"], "yz")


def kronecker(recorder: Recorder, func: Any, result: Tensor, a: Any, b: Any) -> Outcome:
    """Record the Kronecker product of two matrices of weights."""
    if any(f.rows or len(f.node.shape) != 2 for f in map(recorder.find_anywhere, (a, b))):
        raise UnsupportedError("it calls kron with other than two matrices of weights")
    node, rows, axis = _by_letters(recorder, [a, b], ["ij", "kl"], "ikjl")
    return recorder.graph.reshape(node, tuple(result.shape)), rows, axis


def inner(recorder: Recorder, func: Any, result: Tensor, a: Any, b: Any) -> Outcome:
    """Record the products of all vectors along the last axes of two tensors."""
    ranks = [recorder.find_anywhere(value).tensor.dim() for value in (a, b)]
    if 0 in ranks:
        raise UnsupportedError("it calls inner with a number")
    left = string.ascii_lowercase[: ranks[0] - 1]
    right = string.ascii_uppercase[: ranks[1] - 1]
    return _by_letters(recorder, [a, b], [left + "Z", right + "Z"], left + right)


def einsum(recorder: Recorder, func: Any, result: Tensor, equation: Any, *operands: Any) -> Outcome:
    """Record an einsum without diagonals; `...` stands for the axes that no letter names."""
    if not isinstance(equation, str):
        raise UnsupportedError("it calls einsum with an equation that is not text")
    if len(operands) == 1 and isinstance(operands[0], tuple | list):
        operands = tuple(operands[0])
    ranks = [recorder.find_anywhere(value).tensor.dim() for value in operands]
    letters, out = _letters_of(equation, ranks)
    if any(len(set(part)) != len(part) for part in letters):
        raise UnsupportedError("it calls einsum with a diagonal")
    return _by_letters(recorder, list(operands), letters, out)


def bilinear(
    recorder: Recorder, func: Any, result: Tensor, a: Any, b: Any, weight: Any, bias: Any = None
) -> Outcome:
    """Record sums over i and j of a_i W_kij b_j, plus a bias."""
    lead = string.ascii_lowercase[: recorder.find(a).tensor.dim() - 1]
    letters = [lead + "X", "ZXY", lead + "Y"]
    made = _by_letters(recorder, [a, weight, b], letters, lead + "Z")
    return _added(recorder, result, made, bias, (1, 1))


def _letters_of(equation: str, ranks: list[int]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, without dots."""
    sources, arrow, out = equation.replace(" ", "").partition("->")
    letters = sources.split(",")
    free = [c for c in string.ascii_letters if c not in equation]
    more = [
        max(0, rank - len(part.replace("...", ""))) if "..." in part else 0
        for part, rank in zip(letters, ranks, strict=True)
    ]
    dots = "".join(free[: max(more, default=0)])
    if not arrow:
        joined = sources.replace("...", "").replace(",", "")
        out = "..." * ("..." in sources)
        out += "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    letters = [
        part.replace("...", dots[len(dots) - count :])
        for part, count in zip(letters, more, strict=True)
    ]
    return letters, out.replace("...", dots)


def _by_letters(
    recorder: Recorder, operands: list[Any], letters: list[str], out: str
) -> tuple[Node, bool, int]:
    graph, count = recorder.graph, len(recorder.rows)
    found = [recorder.find_anywhere(value) for value in operands]
    pairs = list(zip(found, letters, strict=True))
    rows = [of[f.axis : f.axis + count] for f, of in pairs if f.rows]
    of_rows = rows[0] if rows else ""
    axis = out.find(of_rows)
    if len(set(rows)) > 1 or axis < 0:
        raise UnsupportedError("its rows mix: a product goes over the batch")
    inner: list[str] = []
    for f, of in pairs:
        if f.rows:
            inner.append(of[: f.axis] + of[f.axis + count :])
        else:
            if any(c in of_rows and n != 1 for c, n in zip(of, f.node.shape, strict=True)):
                raise UnsupportedError("it treats the rows of a batch differently")
            inner.append("".join(c for c in of if c not in of_rows))
    within = out[:axis] + out[axis + len(of_rows) :]
    if set("".join(inner)) & set(of_rows):
        raise UnsupportedError("its rows mix: a product goes over the batch")
    nodes = [
        f.node if f.rows or len(of) == len(kept) else graph.reshape(f.node, _without(f, of, kept))
        for (f, of), kept in zip(pairs, inner, strict=True)
    ]
    if len(nodes) == 1:
        one = graph.constant(1.0)
        return contract(graph, nodes[0], one, (inner[0], "", within)), bool(rows), axis
    node, of = nodes[0], inner[0]
    for place in range(1, len(nodes)):
        later = "".join([within, *inner[place + 1 :]])
        kept = "".join(c for c in dict.fromkeys(of + inner[place]) if c in later)
        kept = kept if place < len(found) - 1 else within
        node = contract(graph, node, nodes[place], (of, inner[place], kept))
        of = kept
    return node, bool(rows), axis


def _without(found: Tracked, of: str, kept: str) -> tuple[int, ...]:
    """Return the shape of what all rows share without the axes of one that meet the rows."""
    return tuple(n for c, n in zip(of, found.node.shape, strict=True) if c in kept)
