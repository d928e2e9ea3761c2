"""Products and distances of vectors, written out."""

import string
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = [
    "chained",
    "crossed",
    "crossed_last",
    "distances",
    "einsum",
    "matrix_norm",
    "outer_added",
    "powers",
    "product_added",
    "tensor_product",
    "vector_products",
]


def crossed(a: Tensor, b: Tensor, dim: int | None = None) -> Tensor:
    a, b = torch.broadcast_tensors(a, b)
    if dim is None:
        dim = next(axis for axis, size in enumerate(a.shape) if size == 3)

    def turned(x: Tensor, by: int) -> Tensor:
        return x.roll(-by, dim)

    return turned(a, 1) * turned(b, 2) - turned(a, 2) * turned(b, 1)


def crossed_last(a: Tensor, b: Tensor, *, dim: int = -1) -> Tensor:
    return crossed(a, b, dim)


def vector_products(a: Tensor, b: Tensor, *, dim: int = -1) -> Tensor:
    return (a * b).sum(dim)


def chained(*given: Any) -> Tensor:
    """Return a product of several matrices, from the left."""
    factors = given[0] if len(given) == 1 else given
    total = factors[0]
    for factor in factors[1:]:
        total = torch.matmul(total, factor)
    return total


def tensor_product(a: Tensor, b: Tensor, dims: Any = 2, out: Any = None) -> Tensor:
    """Return tensordot."""
    if isinstance(dims, Tensor):
        raise UnsupportedError("it calls tensordot with axes in a tensor")
    if isinstance(dims, int):
        left, right = [*range(a.dim() - dims, a.dim())], [*range(dims)]
    else:
        left, right = ([axis] if isinstance(axis, int) else [*axis] for axis in dims)
    letters = [chr(ord("a") + k) for k in range(a.dim() + b.dim())]
    of_a, of_b = letters[: a.dim()], letters[a.dim() :]
    for i, j in zip(left, right, strict=True):
        of_b[j] = of_a[i]
    summed = {of_a[i] for i in left}
    kept = [letter for letter in of_a + of_b if letter not in summed]
    return torch.einsum(f"{''.join(of_a)},{''.join(of_b)}->{''.join(kept)}", a, b)


def product_added(x: Tensor, matrix: Tensor, vector: Tensor, *, beta: Any = 1, alpha: Any = 1):
    """Return addmv."""
    return beta * x + alpha * (matrix @ vector)


def outer_added(x: Tensor, a: Tensor, b: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Return addr."""
    return beta * x + alpha * torch.outer(a, b)


def powers(x: Tensor, *, N: int | None = None) -> Tensor:
    """Return linalg.vander."""
    count = x.shape[-1] if N is None else N
    return x.unsqueeze(-1) ** torch.arange(count, dtype=x.dtype)


def distances(a: Tensor, b: Tensor, p: float = 2.0, compute_mode: Any = None) -> Tensor:
    """Return cdist."""
    away = a.unsqueeze(-2) - b.unsqueeze(-3)
    return torch.linalg.vector_norm(away, p, -1)


def matrix_norm(
    x: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, dtype: Any = None
) -> Tensor:
    if ord == "fro":
        return torch.linalg.vector_norm(x, 2, dim, keepdim)
    rows, columns = (axis % x.dim() for axis in dim)
    if ord in (1, -1, torch.inf, -torch.inf):
        over, then = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = x.abs().sum(over, True)
        made = sums.amax(then, True) if ord > 0 else sums.amin(then, True)
        return made if keepdim else made.squeeze((rows, columns))
    raise UnsupportedError("it takes a matrix norm other than fro, 1 and infinity")


def einsum(equation: Any, *operands: Any) -> Any:
    """Return an einsum with a letter twice in one operand, or with its axes as numbers."""
    if not isinstance(equation, str):
        return _by_numbers(equation, *operands)
    if len(operands) == 1 and isinstance(operands[0], tuple | list):
        operands = tuple(operands[0])
    sources, arrow, out = equation.replace(" ", "").partition("->")
    letters = sources.split(",")
    plain = [part.replace("...", "") for part in letters]
    if all(len(set(part)) == len(part) for part in plain):
        return NotImplemented
    if "..." in sources or not arrow:
        raise UnsupportedError("it calls einsum with a diagonal, and with dots or without a result")
    given = [_diagonal(*pair) for pair in zip(operands, letters, strict=True)]
    tensors, left = [one for one, _ in given], [of for _, of in given]
    return torch.einsum(f"{','.join(left)}->{out}", *tensors)


def _diagonal(x: Tensor, letters: str) -> tuple[Tensor, str]:
    """Return an operand of einsum in which no letter stands twice."""
    while len(set(letters)) < len(letters):
        twice = next(c for c in letters if letters.count(c) > 1)
        one = letters.index(twice)
        other = letters.index(twice, one + 1)
        x = x.diagonal(dim1=one, dim2=other)
        letters = letters[:one] + letters[one + 1 : other] + letters[other + 1 :] + twice
    return x, letters


def _by_numbers(*given: Any) -> Tensor:
    """Return an einsum whose operands are each followed by the numbers of their axes."""
    tensors, lists = list(given[0:-1:2]), list(given[1::2])
    out = given[-1] if len(given) % 2 else None

    def letters(numbers: Any) -> str:
        return "".join("..." if n is Ellipsis else string.ascii_letters[n] for n in numbers)

    arrow = "" if out is None else f"->{letters(out)}"
    return torch.einsum(",".join(map(letters, lists)) + arrow, *tensors)
