"""Inverses, solutions and Cholesky's factors of a matrix for each row of the batch.

Each is an operation of its own, so that a program's size does not grow with the matrix. Their
derivatives are solutions of equations again (Giles, "Collected matrix derivative results for
forward and reverse mode algorithmic differentiation", 2008).
"""

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from seqtasks.engine.graph.unsupported import UnsupportedError, check_spread

if TYPE_CHECKING:
    from seqtasks.engine.graph.build import Graph
    from seqtasks.engine.graph.node import Node
    from seqtasks.engine.graph.phases import Phases

__all__ = [
    "MOST_HELD",
    "Triangle",
    "inverse",
    "lower_factor",
    "of_inverse",
    "of_inverse_back",
    "of_lower_factor",
    "of_solved",
    "solution",
]

MOST_HELD = 2**13
"""The most numbers of a matrix and of what stands beside it: a program holds 16 columns of them."""
Triangle = Literal["general", "lower", "upper"]
"""The part of a matrix that is read; all else is zero."""
_TURNED: dict[Triangle, Triangle] = {"general": "general", "lower": "upper", "upper": "lower"}
Pairs = list[tuple["Node", "Node"]]


def inverse(graph: "Graph", a: "Node") -> "Node":
    """Return the inverse of a square matrix, the last two axes of a value."""
    _check(a.shape[-1], 4 * a.shape[-1])  # of more than 45 rows, torch's are nearly as fast
    return graph.make("inverse", (a,), a.shape)


def solution(graph: "Graph", a: "Node", b: "Node", triangle: Triangle = "general") -> "Node":
    """Return x of a x = b, for a square matrix `a` and a matrix `b` beside it."""
    size, width = a.shape[-1], b.shape[-1]
    _check(size, size + width)
    source = _beside(graph, a, b)
    made = graph.make("solved", (source,), source.shape, value=triangle)
    return _part(graph, made, size, size + width)


def lower_factor(graph: "Graph", a: "Node") -> "Node":
    """Return Cholesky's lower factor of a matrix; only its lower triangle is read."""
    _check(a.shape[-1], 4 * a.shape[-1])  # of more than 45 rows, torch's are faster
    return graph.make("lower_factor", (a,), a.shape)


def of_inverse(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return -Yᵀ g Yᵀ for an inverse Y."""
    size = node.shape[-1]
    source = _beside(graph, node, g)
    made = graph.make("inverse_back", (source,), source.shape)
    return [(node.inputs[0], _part(graph, made, size, 2 * size))]


def of_inverse_back(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return, for -Yᵀ h Yᵀ and its gradient g, -(h Yᵀ gᵀ + gᵀ Yᵀ h) for Y and -Y g Y for h."""
    (source,) = node.inputs
    size = source.shape[-2]
    y, h, g = (
        _part(graph, n, first, first + size)
        for n, first in ((source, 0), (source, size), (g, size))
    )
    turned, other = _transposed(graph, y), _transposed(graph, g)
    of_y = graph.add(
        _times(graph, _times(graph, h, turned), other),
        _times(graph, _times(graph, other, turned), h),
    )
    of_h = _times(graph, _times(graph, y, g), y)
    both = [graph.pointwise("negative", n) for n in (of_y, of_h)]
    return [(source, _beside(graph, *both))]


def of_solved(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return the gradient of a matrix and of what stands beside it."""
    (source,) = node.inputs
    size, end = source.shape[-2], source.shape[-1]
    a, x = _part(graph, source, 0, size), _part(graph, node, size, end)
    of_b = solution(graph, _transposed(graph, a), _part(graph, g, size, end), _TURNED[node.value])
    of_a = graph.pointwise("negative", _times(graph, of_b, _transposed(graph, x)))
    if node.value != "general":
        rows, columns = np.indices(of_a.shape[-2:])
        read = rows >= columns if node.value == "lower" else rows <= columns
        of_a = _where(graph, of_a, read)
    return [(source, _beside(graph, of_a, of_b))]


def of_lower_factor(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return L⁻ᵀ P L⁻¹, made symmetric: P is the lower triangle of Lᵀ g, half of its diagonal."""
    (a,) = node.inputs
    turned = _transposed(graph, node)
    product = _times(graph, turned, g)
    rows, columns = np.indices(product.shape[-2:])
    on = _where(graph, product, rows == columns)
    half = graph.add(_where(graph, product, rows > columns), graph.multiply(on, 0.5))
    left = solution(graph, turned, half, "upper")
    whole = solution(graph, turned, _transposed(graph, left), "upper")
    total = graph.add(whole, _transposed(graph, whole))
    return [(a, graph.multiply(total, 0.5))]


def _check(size: int, width: int) -> None:
    if size * width > MOST_HELD:
        raise UnsupportedError(
            f"it solves equations of more than {MOST_HELD:,} numbers for each row"
        )


def _beside(graph: "Graph", a: "Node", b: "Node") -> "Node":
    """Return a matrix with another to its right."""
    whole = graph.concatenate([graph.reshape(n, (n.size,)) for n in (a, b)])
    places = np.arange(whole.size)
    both = np.concatenate(
        [places[: a.size].reshape(a.shape), places[a.size :].reshape(b.shape)], -1
    )
    return graph.view(whole, both, both.shape)


def _part(graph: "Graph", node: "Node", first: int, end: int) -> "Node":
    places = graph.places(node)[..., first:end]
    return graph.view(node, places, places.shape)


def _transposed(graph: "Graph", node: "Node") -> "Node":
    places = graph.places(node).swapaxes(-1, -2)
    return graph.view(node, places, places.shape)


def _times(graph: "Graph", a: "Node", b: "Node") -> "Node":
    """Return the product of two matrices."""
    down, inner, across = *a.shape[-2:], b.shape[-1]
    shape = (*a.shape[:-2], down, across, inner)
    check_spread(shape, "forms too large a product for each row of the batch")
    rows = np.expand_dims(graph.places(a), -2)
    columns = np.expand_dims(graph.places(b).swapaxes(-1, -2), -3)
    spread = [
        graph.view(node, np.broadcast_to(places, shape), shape)
        for node, places in ((a, rows), (b, columns))
    ]
    return graph.sum(graph.multiply(*spread), len(shape) - 1)


def _where(graph: "Graph", node: "Node", kept: NDArray[np.bool_]) -> "Node":
    """Return a matrix with zeros elsewhere."""
    return graph.view(node, np.where(kept, graph.places(node), -1), node.shape)
